"""A verification study made up: tasks, votes of raters, and the raters' page."""

from pathlib import Path

import pandas as pd

from scripts.lib.pages.build import write_page
from scripts.lib.tables.rows import write_csv
from scripts.verification.make_annotation_page import page_data
from scripts.verification.sample_tasks import make_tasks
from scripts.verification.tasks import Task, read_tasks
from scripts.verification.votes import PAGE_COLUMNS
from tests.helpers.galleries import PAGE, PAGES, make_shots

ANNOTATE = [
    *PAGE,
    *(PAGES / f"{part}.{suffix}" for part in ("answers", "annotate") for suffix in ("css", "js")),
    PAGES / "annotate.html",
]
# One pixel.
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def make_study(path: Path, n_shots: int = 6) -> tuple[str, list[Task]]:
    """The id and the tasks of a study of made-up shots, whose table is written; the last shot has three labels."""
    shots = make_shots(n_shots, n_labels=12)
    shots.loc[n_shots - 1, ["label_4", "label_5", "score_4", "score_5"]] = [None, None, float("nan"), float("nan")]
    path.parent.mkdir(parents=True, exist_ok=True)
    make_tasks(shots).to_csv(path, index=False)
    return read_tasks(path)


def page_rows(study: str, task: Task, rater: str = "Anna", ticked=(), verdict: str = "", seconds="2.5") -> list[dict]:
    """Rows of one vote in our page's format: the ticked labels by rank, or the verdict none or unsure."""
    verdict = verdict or ("labels" if ticked else "none")
    return [
        {
            "study": study,
            "rater": rater,
            "shot_id": task.shot.shot_id,
            "label": label,
            "value": "" if verdict == "unsure" else str(int(rank in ticked)),
            "seconds": seconds,
            "verdict": verdict,
        }
        for rank, label in enumerate(task.labels, 1)
    ]


def write_votes(path: Path, rows: list[dict]) -> Path:
    """A file of our page."""
    write_csv(path, PAGE_COLUMNS, rows)
    return path


def write_annotation_page(path: Path, study: str, tasks: list[Task], pictures=None, films=None, **data) -> Path:
    """The raters' page of these tasks, with pictures of one pixel."""
    pictures = pictures or {Path(frame).stem: PICTURE for task in tasks for frame in task.frames}
    content = {"run": "made up", "folder": "made up/votes", **data}
    write_page(path, page_data(study, tasks, pictures, films or {}, **content), ANNOTATE)
    return path


def values_of(rows: list[dict]) -> pd.DataFrame:
    """Values by shot and rank, of rows of `votes.csv`."""
    return pd.DataFrame(rows).pivot(index="shot_id", columns="offered", values="value")

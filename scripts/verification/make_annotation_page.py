"""The raters' page, and the same task as a form for Mechanical Turk (paper section 4.3)."""

import os
from collections.abc import Iterable
from pathlib import Path

from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.jobs.storage import in_units
from scripts.lib.pages.build import find_pictures, inline_pictures, write_page
from scripts.lib.records.clips import Clip, clips_root, media_path, read_manifest
from scripts.verification.tasks import Task, read_tasks

# Up to this size of all frames the page includes them and is a single file, a third larger: about 400 tasks of 480
# rows a frame. Beyond it, the folder of the frames is handed out along with the page.
MAX_INLINED_BYTES = 60_000_000
TIME_DIGITS = 3


def page_data(
    study: str,
    tasks: list[Task],
    pictures: dict[str, str],
    films: dict[str, tuple[str, float]],
    run: str,
    folder: str | None,
) -> dict:
    """Data of the page; `tasks` by columns, in the order in which raters see them.

    Scores and titles are not among them, so that nobody votes by them.

    Args:
        study: the study's id.
        tasks: the shots; one without pictures is left out.
        pictures: URL of each frame by its file name without suffix.
        films: path of each clip's file relative to the page and the start of its window (s), by clip id; clips
            whose file is not there are left out.
        run: the run's name.
        folder: of the raters' files, `verification.votes`, or None.

    Returns:
        `run`, `study`, `folder`, and `tasks` with the columns id, labels and frames (lists), film (path or None),
        start and end (seconds in the film).
    """
    columns: dict[str, list] = {name: [] for name in ("id", "labels", "frames", "film", "start", "end")}
    for task in tasks:
        frames = [pictures.get(Path(frame).stem) for frame in dict.fromkeys(task.frames)]
        if None in frames:
            continue
        path, offset = films.get(task.shot.clip_id, (None, 0.0))
        times = (round(offset + time, TIME_DIGITS) for time in (task.shot.start_time, task.shot.end_time))
        row = (task.shot.shot_id, list(task.labels), frames, path, *times)
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return {"run": run, "study": study, "folder": folder, "tasks": columns}


def find_films(clips: Iterable[Clip], root: str | None, page: Path) -> dict[str, tuple[str, float]]:
    """Files of clips that are there, see `page_data`."""
    paths = {clip: media_path(clip, root) for clip in clips}
    return {
        clip.clip_id: (Path(os.path.relpath(path, page.parent)).as_posix(), clip.start_time or 0.0)
        for clip, path in paths.items()
        if path.is_file()
    }


def place_frames(folder: str, page: Path) -> dict[str, str]:
    """URLs of the frames by file name without suffix; `data:` URLs up to `MAX_INLINED_BYTES`, else relative ones."""
    size = sum(path.stat().st_size for path in Path(folder).glob("*.jpg"))
    pictures = find_pictures([folder], page)
    if size <= MAX_INLINED_BYTES:
        return inline_pictures(pictures, page)
    logger.warning("The frames have %s, too much for one file: hand out %s along with the page", in_units(size), folder)
    return pictures


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    page, config = Path(snakemake.output.page), snakemake.config
    study, tasks = read_tasks(snakemake.input.tasks)
    shown = {task.shot.clip_id for task in tasks}
    clips = [clip for clip in read_manifest(snakemake.params.manifest) if clip.clip_id in shown]
    films = find_films(clips, clips_root(config), page)
    pictures = place_frames(snakemake.input.frames, page)
    data = page_data(study, tasks, pictures, films, config["run"], snakemake.params.votes)
    write_page(page, data, snakemake.input.page)
    write_text(snakemake.output.mturk, Path(snakemake.input.mturk).read_text(encoding="utf-8"))
    if missing := len(tasks) - len(data["tasks"]["id"]):
        logger.warning("%d task(s) have no pictures, as their clips cannot be decoded now, and are left out", missing)
    return f"{len(data['tasks']['id'])} shot(s), {in_units(page.stat().st_size)}: hand out {page}"


if __name__ == "__main__":
    run_job(main, snakemake)

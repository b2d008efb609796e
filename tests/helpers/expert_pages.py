"""Questions, answers and sampled shots made up for the expert's two pages, and the pages of them."""

import csv
from pathlib import Path

import pandas as pd

from scripts.lib.pages.build import write_page
from scripts.taxonomy.make_review_page import review_data
from scripts.taxonomy.make_sample_page import sample_data
from tests.helpers.galleries import PAGE, PAGES, SHOT_CARDS

EXPERT = [PAGES / f"{part}.{suffix}" for part in ("answers", "expert") for suffix in ("css", "js")]
FILE = "config/made_up/review.csv"

LABELS = [
    "bar",
    "castle",
    "forest",
    "harbor",
    "hill",
    "kitchen",
    "market",
    "mountain",
    "pool",
    "river",
    "road",
    "war room",
]

SHEET = """\
question,label,source,suggestion,into,cosine,n_scripts,n_sluglines,reason
remove,landscape,hvu,remove,,,,,"It stands above seven other labels, such as “mountain” and “river”."
remove,property,sluglines,remove,,,14,22,It says who owns a place but not what is seen there.
merge,bazaar,hvu,merge,market,0.74,,,A bazaar is a kind of market.
merge,creek,sluglines,merge,river,0.81,21,48,Both are streams; “river” is in more screenplays.
merge,hill,sluglines,keep,mountain,0.71,33,61,"The two are close, but both are frequent."
add,motel,sluglines,add,,,58,170,"It is in 58 screenplays, and no rule took it."
add,office of the chief,sluglines,remove,,,6,9,It is rare and holds a person’s title.
remove,white house,sluglines,remove,,,9,31,It is the name of one building.
merge,pond,hvu,merge,lake side,0.76,,,A pond is a small lake.
remove,lake side,hvu,keep,,,,,Nothing speaks against it.
merge,taproom,sluglines,merge,bar,0.79,5,8,A taproom is a bar.
remove,"the ""Ritz"", lobby",sluglines,remove,,,7,7,"It has a name, a comma and ""quotes""."
"""


def make_sheet() -> list[dict[str, str]]:
    """Twelve rows of `taxonomy/review_sheet.csv`, none of them answered."""
    rows = list(csv.DictReader(SHEET.splitlines()))
    decided = ({"answer": row["suggestion"], "answer_into": row["into"], "decided_by": "suggestion"} for row in rows)
    return [
        {"rank": str(rank), **row, **answer} for rank, (row, answer) in enumerate(zip(rows, decided, strict=True), 1)
    ]


def row(label: str, decision: str, into: str = "", reason: str = "") -> dict[str, str]:
    """A row of the review file."""
    return {"label": label, "decision": decision, "into": into, "reason": reason}


def write_review_page(path: Path, sheet=None, labels=LABELS, review=(), run: str = "made up", file=FILE) -> Path:
    """The review page; without a sheet that of `make_sheet`."""
    data = review_data(make_sheet() if sheet is None else sheet, list(labels), list(review), run, file)
    write_page(path, data, [*PAGE, *EXPERT, *(PAGES / f"review.{part}" for part in ("html", "css", "js"))])
    return path


def write_sample_page(
    path: Path, shots: pd.DataFrame, pictures=None, labels=LABELS, review=(), run: str = "made up", file=FILE
) -> Path:
    """The sample page of these shots, rows of `dataset/shots.parquet`."""
    data = sample_data(shots, pictures or {}, list(labels), list(review), run, file)
    parts = [*PAGE, *SHOT_CARDS, *EXPERT, *(PAGES / f"sample.{part}" for part in ("html", "css", "js"))]
    write_page(path, data, parts)
    return path

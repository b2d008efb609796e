"""Table 5: genres of trailers, beside the paper's values (paper section 5.3.2)."""

import re
from collections.abc import Iterator, Sequence

from scripts.downstream.comparing import (
    NONE,
    QUOTED,
    SCENE_ROWS,
    TABLE_COLUMNS,
    basis,
    cell,
    of_class,
    shown,
)
from scripts.lib.evaluation.predictions import read_metrics
from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job
from scripts.lib.records.samples import read_classes
from scripts.lib.tables.comparisons import markdown_table
from scripts.lib.tables.rows import read_csv, write_csv

OWN = SCENE_ROWS["moviescope"]
OVERALL = "Overall"
# Columns of config/paper/table5.csv that are no measure.
ABOUT = ("row", "quoted_from", "videos")
# Other names of the paper's genres.
SAME = {"romance": "romantic", "sciencefiction": "scifi"}


def genre_key(name: str) -> str:
    """What the names of one genre have in common: `Sci-Fi`, `SciFi` and `science fiction` are the same."""
    letters = re.sub(r"[^a-z]", "", name.lower())
    return SAME.get(letters, letters)


def table5_rows(
    told: dict, labels: Sequence[str], printed: list[dict[str, str]], source: str, paper_file: str
) -> Iterator[dict[str, object]]:
    """The table in long form, `TABLE_COLUMNS`: the paper's rows and columns, then labels that the paper does not have.

    Args:
        told: content of `metrics.json` of the head.
        labels: its classes, in their order.
        printed: rows of `config/paper/table5.csv`.
        source, paper_file: the paths of these two.
    """
    measures = told["sets"]["test"]
    columns = [name for name in printed[0] if name not in ABOUT]
    genres = {genre_key(name): name for name in columns if name != OVERALL}
    ours = {genres.get(genre_key(label), label): of_class(measures, index) for index, label in enumerate(labels)}
    same = set(ours) == set(genres.values())
    ours[OVERALL] = measures["mAP"]
    for paper in printed:
        for name in [*columns, *(name for name in ours if name not in columns)] if paper["row"] == OWN else columns:
            found = (ours.get(name, NONE), told, source) if paper["row"] == OWN else (NONE, {}, paper_file)
            yield cell(("table5", paper["row"], name), paper.get(name, ""), {**paper, "same_classes": same}, *found)


def as_markdown(rows: list[dict[str, object]], told: dict, labels: Sequence[str]) -> str:
    """The page for people: the paper's table with a row of ours, and ours by genre.

    Args:
        rows: see `table5_rows`, as are the others.
    """
    measures = told["sets"]["test"]
    by_model: dict[str, list[dict]] = {}
    for row in rows:
        by_model.setdefault(row["row"], []).append(row)
    columns = [row["column"] for row in by_model[OWN] if row["paper"]]
    lines = []
    for model, cells in by_model.items():
        mark = " *quoted*" if cells[0]["quoted_from"] else " (paper)"
        lines.append([model + mark, *(row["paper"] for row in cells if row["paper"])])
        if model == OWN:
            lines.append([f"**{OWN} (here)**", *(row["ours"] or "–" for row in cells if row["paper"])])
    positives = {genre_key(label): str(n) for label, n in zip(labels, measures["class_positives"], strict=True)}
    detail = [
        [row["column"], positives.get(genre_key(row["column"]), ""), row["paper"] or "–", shown(row)]
        for row in by_model[OWN]
        if row["ours"] or row["column"] == OVERALL or genre_key(row["column"]) in positives
    ]
    strange = [row["column"] for row in by_model[OWN] if not row["paper"]]
    missing = [row["column"] for row in by_model[OWN] if row["paper"] and genre_key(row["column"]) not in positives]
    missing = [name for name in missing if name != OVERALL]
    parts = ["# Table 5: genres of trailers", "Average precision in %; Overall is its mean over the genres."]
    parts += [markdown_table(["model", *columns], lines), f"{basis(told, measures)} {QUOTED}"]
    if strange or missing:
        parts.append(
            f"The genres here are not the paper's, so that Overall cannot be compared. Not in the paper: "
            f"{', '.join(strange) or 'none'}. Not here: {', '.join(missing) or 'none'}."
        )
    parts += [f"## {OWN} by genre", markdown_table(["genre", "test trailers", "paper", "here"], detail)]
    return "\n\n".join(parts) + "\n"


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    (told,) = read_metrics([source.metrics]).values()
    labels = read_classes(source.labels)
    printed = read_csv(source.printed, *ABOUT, OVERALL)
    rows = list(table5_rows(told, labels, printed, source.metrics, source.printed))
    write_csv(snakemake.output.csv, TABLE_COLUMNS, rows)
    write_text(snakemake.output.md, as_markdown(rows, told, labels))


if __name__ == "__main__":
    run_job(main, snakemake)

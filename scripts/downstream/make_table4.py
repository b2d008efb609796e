"""Table 4: scenes of web videos, beside the paper's values (paper section 5.3.1)."""

from collections.abc import Iterator

from scripts.downstream.comparing import NONE, QUOTED, SCENE_ROWS, TABLE_COLUMNS, basis, cell, shown
from scripts.lib.evaluation.predictions import read_metrics
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.rows import read_csv, write_csv


def table4_rows(told: dict, printed: list[dict[str, str]], source: str, paper_file: str) -> Iterator[dict[str, object]]:
    """The table in long form, `TABLE_COLUMNS`; ours is in the row M_scene.

    Args:
        told: content of `metrics.json` of the head.
        printed: rows of `config/paper/table4.csv`.
        source: path of `metrics.json`.
        paper_file: path of the paper's values, the source of quoted rows.
    """
    measures = told["sets"]["test"]
    for paper in printed:
        own = paper["row"] == SCENE_ROWS["hvu"]
        paper = {**paper, "same_classes": measures["n_classes"] == int(paper["classes"])}
        found = (measures["mAP"], told, source) if own else (NONE, {}, paper_file)
        yield cell(("table4", paper["row"], "mAP, %"), paper["mAP"], paper, *found)


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    (told,) = read_metrics([source.metrics]).values()
    printed = read_csv(source.printed, "row", "quoted_from", "mAP", "videos", "classes")
    rows = list(table4_rows(told, printed, source.metrics, source.printed))
    write_csv(snakemake.output.csv, TABLE_COLUMNS, rows)
    write_markdown(
        snakemake.output.md,
        ["model", "mAP (paper)", "mAP (here)"],
        [[f"{row['row']}{' *quoted*' * bool(row['quoted_from'])}", row["paper"], shown(row)] for row in rows],
        f"{basis(told, told['sets']['test'])} {QUOTED} Their backbone is a 3D ResNet-18.",
    )


if __name__ == "__main__":
    run_job(main, snakemake)

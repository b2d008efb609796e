"""Table 6: features of scenes and of motion, and their late fusion, beside the paper's values (section 5.3.3)."""

from collections.abc import Iterator
from itertools import chain

from scripts.downstream.comparing import TABLE_COLUMNS, basis, cell, percent, shown
from scripts.lib.evaluation.predictions import read_metrics
from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.comparisons import markdown_table
from scripts.lib.tables.rows import read_csv, write_csv

TITLES = {"hvu": "HVU", "moviescope": "Moviescope"}
CHOSEN = "Late Fusion, weight chosen on val (ours)"
# Differences in `metrics.json` of the fusion, for people.
DIFFERENCES = {
    "scene_over_motion": "features of scenes minus features of motion",
    "equal_over_scene": "late fusion minus features of scenes",
    "chosen_over_equal": "chosen weight minus equal weights",
}


def table6_rows(
    results: dict[str, dict[str, tuple[dict, dict, str]]], printed: list[dict[str, str]]
) -> Iterator[dict[str, object]]:
    """The table in long form, `TABLE_COLUMNS`; the weight chosen on val, which the paper does not have, comes last.

    Args:
        results: by task, then by `scene`, `motion`, `equal` and `chosen`: the measures of test, the content of
            `metrics.json` that they are from, and its path.
        printed: rows of `config/paper/table6.csv`.
    """
    for task, found in results.items():
        for paper in (row for row in printed if row["task"] == task):
            measures, told, source = found[paper["result"]]
            paper = {**paper, "same_classes": measures["n_classes"] == int(paper["classes"])}
            place = ("table6", paper["row"], f"{TITLES[task]}, mAP, %")
            yield cell(place, paper["mAP"], paper, measures["mAP"], told, source)
        measures, told, source = found["chosen"]
        yield cell(("table6", CHOSEN, f"{TITLES[task]}, mAP, %"), "", {}, measures["mAP"], told, source)


def as_markdown(rows: list[dict[str, object]], results: dict[str, dict[str, tuple[dict, dict, str]]]) -> str:
    """The page for people, in the paper's form: the tasks side by side.

    Args:
        rows: see `table6_rows`, as are the results.
    """
    header, blocks, notes = [], [], []
    for task, found in results.items():
        title = TITLES[task]
        header += [title, "mAP (paper)", "mAP (here)"]
        own = [row for row in rows if row["column"].startswith(f"{title},")]
        blocks.append([[row["row"], row["paper"] or "–", shown(row)] for row in own])
        fusion = found["equal"][1]
        weight = fusion["weights"]["chosen"]
        pairs = (
            f"{text}: {percent(value['value'])} ({percent(value['low'])} to {percent(value['high'])})"
            for key, text in DIFFERENCES.items()
            if (value := fusion["differences"][key])
        )
        notes.append(
            f"{basis(found['scene'][1], found['scene'][0])} Weight of {fusion['of'][0]} chosen on val: {weight:g}. "
            f"Differences of mAP, with intervals by the same bootstrap samples for both: {'; '.join(pairs)}."
        )
    lines = [list(chain(*cells)) for cells in zip(*blocks, strict=True)]
    explained = "Late fusion is the mean of the logits of both heads, seed by seed, with equal weights as in the paper."
    parts = ["# Table 6: features of scenes and of motion", markdown_table(header, lines), explained, *notes]
    return "\n\n".join(parts) + "\n"


def read_results(scene: list[str], motion: list[str], fusion: list[str]) -> dict[str, dict]:
    """See `table6_rows`; the three lists of `metrics.json` have one path for each task, in the same order."""
    results = {}
    for paths in zip(scene, motion, fusion, strict=True):
        told = [next(iter(read_metrics([path]).values())) for path in paths]
        heads = [(one["sets"]["test"], one, path) for one, path in zip(told[:2], paths[:2], strict=True)]
        fused = {key: (told[2]["results"][key], told[2], paths[2]) for key in ("equal", "chosen")}
        results[told[2]["model"].partition("/")[0]] = {"scene": heads[0], "motion": heads[1], **fused}
    return results


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    results = read_results(source.scene, source.motion, source.fusion)
    printed = read_csv(source.printed, "task", "row", "result", "mAP", "videos", "classes")
    rows = list(table6_rows(results, printed))
    write_csv(snakemake.output.csv, TABLE_COLUMNS, rows)
    write_text(snakemake.output.md, as_markdown(rows, results))


if __name__ == "__main__":
    run_job(main, snakemake)

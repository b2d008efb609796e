"""Table 3: the models on each evaluation set, beside the paper's values (paper section 5.2)."""

from collections.abc import Iterable, Iterator

from scripts.lib.evaluation.predictions import read_metrics
from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.comparisons import COLUMNS, comparison, markdown_table
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.models.evaluation import SETS

# The set on which the paper reports.
PAPERS = "verified"
# Measure: its name, the column of the paper's value, factor, decimals.
MEASURES = {
    "mAP": ("mAP, %", "mAP", 100, 2),
    "pearson": ("Pearson", "correlation", 1, 3),
    "spearman": ("Spearman", "", 1, 3),
    "top1": ("top-1, %", "", 100, 2),
}
FURTHER = ("set", "low", "high")
BEYOND = "Beyond the paper"
NAMES = {
    "clip": ("CLIP itself, no training", "its scores of the shots"),
    "clip_linear": ("linear", "CLIP"),
    "clip_lstm": ("LSTM", "CLIP"),
}
EXPLAINED = """Higher is better in all columns; in brackets 95 % intervals, by bootstrap over shots. Models have the \
names and features that the paper prints; what they were here is in `models` of the configuration.

- **mAP**: for each place, all shots are put in the order of the model's score. Average precision is 100 if the shots \
that show the place come first, and low if they are scattered. mAP is the mean over the places that at least one shot \
shows.
- **Correlation**: of a shot's scores for all places with its labels, averaged over shots: 1 if the scores follow the \
labels perfectly, 0 if they have nothing to do with them. Pearson's takes the probabilities, Spearman's their ranks. \
The paper's text says Pearson, its table Spearman; its values stand under Pearson, because no ranking of 150 places by \
one or two labels per shot could reach them in Spearman's sense. The highest possible value is below each table.
- **Top-1**: how often the place with the highest score is one of the shot's labels."""
MISSING = "A shot cannot be used if its clip is missing or unreadable, or if no shot here is joined to a published one."
OF_CLIP = (
    "CLIP itself made the labels of the test split: there it is compared with its own answers, which says nothing "
    "about how good it is. On human-verified shots it has an advantage as well, because people judged the labels that "
    "it had offered and could add none."
)


def table3_rows(
    metrics: dict[str, dict], printed: list[dict[str, str]], sources: dict[str, str]
) -> Iterator[dict[str, object]]:
    """The table in long form: `COLUMNS` and `FURTHER`. The paper's models come first, in its order.

    On the paper's set each of its models has rows, evaluated or not; on the others, the evaluated ones.

    Args:
        metrics: content of `metrics.json` by model, see `scripts.lib.evaluation.metrics.evaluate` for its sets.
        printed: rows of `config/paper/table3.csv`.
        sources: path of `metrics.json` by model.
    """
    papers = {row["model"]: row for row in printed}
    for name in SETS:
        for model in dict.fromkeys((*papers, *metrics)):
            found = metrics.get(model, {}).get("sets", {}).get(name)
            paper = papers.get(model, {}) if name == PAPERS else {}
            if found or paper:
                for measure in MEASURES:
                    yield _cell(name, model, measure, found, paper, sources.get(model, ""))


def _cell(name: str, model: str, measure: str, found: dict | None, paper: dict, source: str) -> dict[str, object]:
    title, column, factor, decimals = MEASURES[measure]
    values = found[measure] if found else dict.fromkeys(("value", "low", "high"))
    value, low, high = ("" if values[key] is None else f"{factor * values[key]:.{decimals}f}" for key in values)
    printed = paper.get(column, "")
    comparable = found["n_samples"] == int(paper["shots"]) if printed and value else None
    if found and found.get("own_labels"):
        comparable = False
    n_used, n_expected = found["n_samples"] if found else "", paper["shots"] if printed else ""
    cell = comparison(("table3", model, f"{title}, {name}"), printed, value, source, n_used, n_expected, comparable)
    return {**cell, "set": name, "low": low, "high": high}


def as_markdown(rows: list[dict[str, object]], metrics: dict[str, dict], printed: list[dict[str, str]]) -> str:
    """The page for people: a table in the paper's form for each set.

    Args:
        rows: see `table3_rows`, as are the others.
    """
    parts = ["# Table 3: models of visual scenes", EXPLAINED]
    for name, title in SETS.items():
        own = [row for row in rows if row["set"] == name]
        measured = [content for content in metrics.values() if name in content["sets"]]
        if own:
            parts += [f"## {title[0].upper()}{title[1:]}", _block(own, printed, name == PAPERS), _note(measured, name)]
    if trained := [content for content in metrics.values() if "train" in content["n_used"]]:
        used = (f"{_share(trained, split)} of the split {split}" for split in ("train", "val"))
        parts.append(f"The models were trained on {' and chosen by '.join(used)}. {MISSING}")
    if "clip" in metrics:
        parts.append(OF_CLIP)
    return "\n\n".join(parts) + "\n"


def _block(rows: list[dict[str, object]], printed: list[dict[str, str]], with_paper: bool) -> str:
    """The table of one set, with the paper's headings of groups."""
    names = {row["model"]: (row["group"], row["row"], row["features"]) for row in printed}
    header, lines, last = ["model", "features"], [], None
    for title, column, *_ in MEASURES.values():
        header += [f"{title} (paper)", f"{title} (here)"] if column and with_paper else [title]
    by_model: dict[str, list] = {}
    for row in rows:
        by_model.setdefault(row["row"], []).append(row)
    for model, cells in by_model.items():
        group, *name = names.get(model, (BEYOND, *NAMES.get(model, (model, ""))))
        if group != last:
            lines.append([f"**{group}**", *[""] * (len(header) - 1)])
            last = group
        line = list(name)
        for row, (_, column, *_) in zip(cells, MEASURES.values(), strict=True):
            interval = f" ({row['low']}–{row['high']})" if row["low"] else ""
            line += [row["paper"]] if column and with_paper else []
            line.append(f"{row['ours']}{interval}" or "–")
        lines.append(line)
    return markdown_table(header, lines)


def _span(numbers: Iterable[float | None], factor: float = 1, decimals: int = 0) -> str:
    """The smallest and the largest number, or the one that they all are."""
    texts = [f"{factor * number:.{decimals}f}" for number in numbers if number is not None]
    return " to ".join(dict.fromkeys([min(texts, key=float), max(texts, key=float)])) if texts else "none"


def _share(metrics: list[dict], name: str) -> str:
    """How many shots of a set the models could use, of how many."""
    used, expected = (_span(content[key][name] for content in metrics) for key in ("n_used", "n_expected"))
    return f"{used} of {expected} shots"


def _note(measured: list[dict], name: str) -> str:
    """What the numbers of a set rest on."""
    if not measured:
        return "No model of this run has been evaluated on such shots."

    def span(key: str, factor: float = 1, decimals: int = 0) -> str:
        return _span((content["sets"][name][key] for content in measured), factor, decimals)

    return (
        f"{_share(measured, name)}, which show {span('n_classes_with_positives')} of {span('n_classes')} places. "
        f"Random scores would reach an mAP of {span('random_mAP', 100, 2)}. The highest possible Spearman correlation "
        f"is {span('best_spearman', 1, 3)}."
    )


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    metrics = read_metrics(snakemake.input.metrics)
    printed = read_csv(snakemake.input.printed, "model", "group", "row", "features", "mAP", "correlation", "shots")
    sources = dict(zip(metrics, snakemake.input.metrics, strict=True))
    rows = list(table3_rows(metrics, printed, sources))
    write_csv(snakemake.output.csv, (*COLUMNS, *FURTHER), rows)
    write_text(snakemake.output.md, as_markdown(rows, metrics, printed))


if __name__ == "__main__":
    run_job(main, snakemake)

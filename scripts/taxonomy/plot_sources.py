"""Fig. 2: sources of the labels, with examples, and the shares beside the paper's."""

from textwrap import fill

from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, on_colour, save_figure
from scripts.lib.tables.comparisons import comparison, write_comparisons
from scripts.lib.tables.rows import read_csv
from scripts.taxonomy.merging import COMMON, HUMAN, HVU, SLUGLINES

NAMES = {COMMON: "Sluglines and HVU", SLUGLINES: "Movie sluglines", HVU: "HVU", HUMAN: "Human expert"}
COLOURS = {COMMON: "#4477aa", SLUGLINES: "#ee9944", HVU: "#44aa88", HUMAN: "#bb5577"}
EXAMPLES = 7


def shares(labels: list[dict[str, str]]) -> dict[str, float]:
    """Percentage of the labels by source, in the order of `NAMES`."""
    counts = {source: sum(row["source"] == source for row in labels) for source in NAMES}
    return {source: 100 * count / len(labels) for source, count in counts.items()}


def plot_sources(labels: list[dict[str, str]]) -> Figure:
    """A pie chart of the sources with examples: labels with most merged labels first.

    Args:
        labels: `taxonomy/taxonomy.csv`.
    """
    found = {source: share for source, share in shares(labels).items() if share}
    figure, (pie, boxes) = new_figure(9.5, 4.2, ncols=2, width_ratios=(1, 1.35))
    colours = [COLOURS[source] for source in found]
    _, _, percentages = pie.pie(
        list(found.values()),
        labels=[NAMES[source] for source in found],
        colors=colours,
        autopct="%.0f%%",
        startangle=90,
        counterclock=False,
        wedgeprops={"edgecolor": "white"},
    )
    for text, colour in zip(percentages, colours, strict=True):
        text.set(color=on_colour(colour), weight="bold")
    boxes.set_axis_off()
    boxes.set(xlim=(0, 1), ylim=(len(NAMES), 0))
    for place, source in enumerate(found):
        names = [row["label"] for row in sorted(labels, key=_n_merged) if row["source"] == source]
        # With a no-break space the dots do not start a line.
        listed = ", ".join(names[:EXAMPLES]) + ("\u00a0…" if len(names) > EXAMPLES else "")
        title = f"{NAMES[source]}: {len(names)} label(s)"
        boxes.text(0, place + 0.1, title, weight="bold", color=COLOURS[source], va="top")
        boxes.text(0, place + 0.34, fill(listed, 58), va="top")
    figure.suptitle(f"Sources of the {len(labels)} labels", x=0.02, ha="left")
    return figure


def _n_merged(row: dict[str, str]) -> tuple[int, str]:
    """Sort key: number of merged labels, descending, then name."""
    return -len(list(filter(None, row["merged_from"].split("|")))), row["label"]


def share_rows(labels: list[dict[str, str]], printed: list[dict[str, str]], source: str) -> list[dict]:
    """The shares in long form, beside the paper's if it prints one."""
    rows, found = [], shares(labels)
    for line in printed:
        cell, ours = ("fig2", NAMES[line["source"]], "share of the labels (%)"), f"{found[line['source']]:.0f}"
        same = len(labels) == 179 if line["share"] else None
        rows.append(comparison(cell, line["share"], ours, source, len(labels), 179, same))
    return rows


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    labels = read_csv(snakemake.input.taxonomy, "label", "source", "merged_from")
    save_figure(plot_sources(labels), snakemake.output.figures)
    printed = read_csv(snakemake.input.printed)
    write_comparisons(snakemake.output.csv, share_rows(labels, printed, snakemake.input.taxonomy))


if __name__ == "__main__":
    run_job(main, snakemake)

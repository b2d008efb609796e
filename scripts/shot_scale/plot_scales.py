"""Fig. 6: scales of the shots for which raters accepted no label, beside those with an accepted one."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.samples import SEPARATOR
from scripts.lib.records.scales import SCALES
from scripts.lib.tables.comparisons import comparison, write_comparisons
from scripts.lib.tables.frames import read_frame
from scripts.lib.tables.rows import read_csv

GROUPS = ("discarded", "accepted")
COLOURS = {"discarded": "#b5483a", "accepted": "#b9c4cf"}


def scale_counts(predictions: pd.DataFrame, groups: dict[str, Sequence[str]]) -> pd.DataFrame:
    """Shots of each scale (rows, all of `SCALES`) in each group (columns).

    Args:
        predictions: shot_id, scale.
        groups: shot ids of each group.
    """
    scales = predictions.set_index("shot_id")["scale"]
    counts = {name: scales.reindex(shot_ids).value_counts() for name, shot_ids in groups.items()}
    return pd.DataFrame(counts).reindex(list(SCALES)).fillna(0).astype(int)


def compare_scales(counts: pd.DataFrame, printed: dict[str, str], source: str) -> list[dict[str, object]]:
    """Shares (%) of the scales, and of those that the paper takes together, beside its value.

    Args:
        counts: see `scale_counts`.
        printed: `scales` that the paper takes together, their share among its discarded `shots`.
    """
    together = printed["scales"].split(SEPARATOR)
    rows = []
    for group in counts:
        total = counts[group].sum()
        for name, scales in {**{scale: [scale] for scale in SCALES}, " or ".join(together): together}.items():
            is_printed = scales == together and group == "discarded"
            rows.append(
                comparison(
                    ("fig6", name, f"share of the {group} shots, %"),
                    printed["share"] if is_printed else "",
                    f"{100 * counts.loc[scales, group].sum() / total:.1f}" if total else "",
                    source,
                    total,
                    printed["shots"] if is_printed else "",
                    str(total) == printed["shots"] if is_printed else None,
                )
            )
    return rows


def plot_scales(counts: pd.DataFrame) -> Figure:
    """Bars of the shares of the scales in each group.

    Args:
        counts: see `scale_counts`.
    """
    figure, ax = new_figure(5.6, 2.6)
    width = 0.8 / len(counts.columns)
    for place, group in enumerate(counts):
        total = counts[group].sum()
        shares = 100 * counts[group] / max(1, total)
        at = [number + (place - (len(counts.columns) - 1) / 2) * width for number in range(len(SCALES))]
        bars = ax.bar(at, shares, width, color=COLOURS[group], label=f"{group} ({total} shots)")
        ax.bar_label(bars, fmt="%.0f", size=7)
    ax.set_xticks(range(len(SCALES)), [f"{scale}\n{name}" for scale, name in SCALES.items()], size=8)
    ax.set_ylabel("share of the shots, %")
    ax.legend(frameon=False)
    return figure


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    predictions = read_frame(snakemake.input.predictions, ["shot_id", "scale"])
    groups = {name: read_frame(snakemake.input[name], ["shot_id"])["shot_id"] for name in GROUPS}
    counts = scale_counts(predictions, groups)
    (printed,) = read_csv(snakemake.input.printed, "scales", "share", "shots")
    write_comparisons(snakemake.output.csv, compare_scales(counts, printed, snakemake.input.predictions))
    save_figure(plot_scales(counts), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)

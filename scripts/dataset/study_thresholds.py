"""Effect of other thresholds of the top-1 score."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.dataset.selection import chosen_labels, read_candidates, select_labels
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import new_figure, save_figure
from scripts.lib.records.truth import match_truth
from scripts.lib.records.votes import accepted_labels, load_votes
from scripts.lib.tables.frames import write_frame

COLUMNS = (
    "threshold",
    "kept_shots",
    "kept_share",
    "labels",
    "multi_label_share",
    "precision",
    "n_judged",
    "precision_verified",
    "n_verified",
)
STEPS = 20


def threshold_grid(scores: np.ndarray, own: float) -> np.ndarray:
    """Thresholds to study, (K,) float32: twentieths for probabilities, else equal steps over the range of the scores.

    Args:
        scores: (N,).
        own: the run's threshold, which is one of them.
    """
    low, high = float(np.nanmin(scores)), float(np.nanmax(scores))
    spread = np.linspace(low, high, STEPS) if low < 0 or high > 1 or high - low < 0.5 else np.arange(STEPS) / STEPS
    return np.unique(np.append(spread, own).astype(np.float32))


def study_thresholds(
    label_index: np.ndarray,
    scores: np.ndarray,
    renamed: np.ndarray,
    settings: dict,
    truth: np.ndarray | None,
    verified: pd.DataFrame,
    thresholds: np.ndarray,
) -> pd.DataFrame:
    """`COLUMNS`, one row per threshold, with the run's other settings.

    Args:
        label_index: (N, 5) label indices of the candidates, see `best_labels`.
        scores: (N, 5).
        renamed: (L,), see `renamed_labels`.
        settings: rank_threshold, top_k, min_samples.
        truth: (N,) true label index of each shot, -1 if unknown; None without truth. Precision is the
            share of kept shots with a known label whose top-1 label is correct.
        verified: shots that raters judged, see `judged_shots`. They are no candidates; their precision is the share
            of those at or above the threshold whose top-1 label the majority accepts.
        thresholds: of the top-1 score.
    """
    rows = []
    for threshold in thresholds:
        chosen = chosen_labels(scores, threshold, settings["rank_threshold"], settings["top_k"])
        long = select_labels(label_index, scores, chosen, renamed, settings["min_samples"])
        best = long[long["rank"] == 0]
        judged = best if truth is None else best[truth[best["shot"]] >= 0]
        known = truth is not None and len(judged)
        right = truth[judged["shot"]] == judged["label_index"] if known else None
        n_kept = len(best)
        accepted = verified.loc[verified["score"] >= threshold, "accepted"]
        rows.append(
            (
                float(f"{threshold:.6g}"),
                n_kept,
                round(n_kept / len(scores), 5),
                long["label_index"].nunique(),
                round(float((long.groupby("shot").size() > 1).mean()), 5) if n_kept else "",
                round(float(right.mean()), 5) if known else "",
                len(judged) if truth is not None else 0,
                round(float(accepted.mean()), 5) if len(accepted) else "",
                len(accepted),
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def plot_thresholds(table: pd.DataFrame, own: float) -> Figure:
    """Shares by threshold, below them the number of labels; the run's threshold is marked."""
    figure, (shares, labels) = new_figure(7, 4.6, nrows=2, sharex=True, gridspec_kw={"height_ratios": [3, 1.3]})
    curves = {
        "kept_share": "shots kept",
        "multi_label_share": "of these, multi-label",
        "precision": "of these, right",
        "precision_verified": "of the raters' shots, accepted",
    }
    for column, name in curves.items():
        values = pd.to_numeric(table[column], errors="coerce")
        if values.notna().any():
            shares.plot(table["threshold"], values, marker="o", markersize=3, label=name)
    shares.set_ylim(-0.02, 1.02)
    shares.set_ylabel("share")
    labels.plot(table["threshold"], table["labels"], marker="o", markersize=3, color="#555555")
    labels.set_ylim(0, 1.1 * max(1, table["labels"].max()))
    labels.set_ylabel("labels covered")
    labels.set_xlabel("threshold of the top-1 score")
    for ax in (shares, labels):
        ax.axvline(own, color="black", linewidth=0.8, linestyle=":")
        ax.grid(color="#eeeeee")
    shares.annotate(f"this run: {own:.3g}", (own, 1.0), xytext=(4, 0), textcoords="offset points", size=7, va="top")
    shares.legend(fontsize=8, loc="best")
    return figure


def true_label_index(shots: pd.DataFrame, truth_csv: str, labels: list[str]) -> np.ndarray:
    """Index of the rendered label of each shot of the demo, (N,)."""
    matched = match_truth(shots, pd.read_csv(truth_csv))
    index = {label: number for number, label in enumerate(labels)}
    return matched["label"].map(index).fillna(-1).to_numpy(int)


def judged_shots(tasks: Sequence[str], votes: Sequence[str]) -> pd.DataFrame:
    """Shots of the verification study that a rater could judge: `score` of the top-1 label, and if it is `accepted`.

    Args:
        tasks, votes: the tables of the run's study, or nothing without one.
    """
    studies = [load_votes(*tables) for tables in zip(tasks, votes, strict=True)]
    shots = [
        pd.DataFrame(
            {
                "score": study.tasks["score_1"].astype(np.float32),
                "accepted": accepted_labels(study.marks)[:, 0],
            }
        )[(study.marks >= 0).any(axis=(1, 2))]
        for study in studies
    ]
    return pd.concat(shots) if shots else pd.DataFrame({"score": [], "accepted": []})


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source, settings = snakemake.input, snakemake.params.settings
    found = read_candidates(source, snakemake.params.manifest, settings)
    truth = true_label_index(found.shots, source.truth[0], found.labels) if source.truth else None
    grid = threshold_grid(found.scores[:, 0], found.threshold)
    verified = judged_shots(source.tasks, source.votes)
    table = study_thresholds(found.label_index, found.scores, found.renamed, settings, truth, verified, grid)
    write_frame(table, snakemake.output.csv)
    save_figure(plot_thresholds(table, found.threshold), snakemake.output.figures)


if __name__ == "__main__":
    run_job(main, snakemake)

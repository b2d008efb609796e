"""Several taggers on the same shots: how often each is right, above which score, at what cost, and which agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.lib.evaluation.metrics import evaluate
from scripts.lib.files.hdf5 import CLIPS, open_h5, read_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.figures import COLOURS, MARKERS, draw_matrix, new_figure, save_figure
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.records.samples import SEPARATOR, target_matrix
from scripts.lib.records.shots import shot_id
from scripts.lib.records.truth import match_truth
from scripts.lib.records.votes import OFFERED, accepted_labels, load_votes
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import write_csv
from scripts.lib.tables.times import wall_times

COLUMNS = ("tagger", "measure", "value", "low", "high", "n", "reference")
# Ours: what share of the shots at or above the calibrated threshold must be right.
PRECISION = 0.9
BEST = 5
TOP1, TOP5, MAP = "top-1", f"top-{BEST}", "mAP"
THRESHOLD, KEPT = f"threshold for {100 * PRECISION:.0f} % right", "share kept by it"
CPU, ELAPSED = "CPU seconds per 1,000 frames", "seconds per 1,000 frames"
SAME = "same top-1 as"
TRUTH, VOTES = "truth", "votes"
NOTES = {
    TRUTH: "Compared with the simulated truth.",
    VOTES: (
        "Compared with the labels that the majority of the raters accepts. Raters see the labels of the first tagger "
        "only: another tagger's label that they were not offered counts as wrong, so this favours the first."
    ),
    None: "The run has neither a truth nor votes to compare with.",
}


@dataclass(frozen=True)
class Reference:
    """What is right for M shots.

    Attributes:
        name: `truth` or `votes`.
        shot_ids: of the M shots.
        right: (M, L) bool, the right labels of each; a shot may have none.
    """

    name: str
    shot_ids: list[str]
    right: np.ndarray


@dataclass(frozen=True)
class Scores:
    """What a tagger says of the N shots of a run, of which M can be compared with a reference.

    Attributes:
        best: (N,) the best label of each shot; -1 for a shot that the tagger has not scored.
        judged: (M, L) the scores of those shots.
        frames: number of embedded frames by shard.
    """

    best: np.ndarray
    judged: np.ndarray
    frames: dict[str, int]


def by_truth(shots: pd.DataFrame, truth: pd.DataFrame, labels: Sequence[str]) -> Reference:
    """The rendered label of every shot, see `match_truth`."""
    return Reference(TRUTH, list(shots["shot_id"]), target_matrix(match_truth(shots, truth)["label"], labels))


def by_votes(tasks: str | Path, votes: str | Path, labels: Sequence[str]) -> Reference:
    """The accepted labels of the shots that a rater could judge, see `accepted_labels`."""
    study = load_votes(tasks, votes)
    judged = (study.marks >= 0).any(axis=(1, 2))
    offered = study.tasks[OFFERED].to_numpy(object)[judged]
    accepted = accepted_labels(study.marks)[judged]
    texts = [SEPARATOR.join(names[own]) for names, own in zip(offered, accepted, strict=True)]
    return Reference(VOTES, list(study.tasks["shot_id"][judged]), target_matrix(texts, labels))


def read_scores(shards: Sequence[tuple[str, str]], shot_ids: Sequence[str], judged: Sequence[str]) -> Scores:
    """The scores of a tagger.

    Args:
        shards: its files of scores, with their fingerprints.
        shot_ids, judged: of the N shots of the run, and of M of them.
    """
    place, row_of = pd.Index(shot_ids), pd.Index(judged)
    best, scores, frames = np.full(len(shot_ids), -1), None, {}
    for path, fingerprint in shards:
        with open_h5(path, fingerprint) as file:
            if scores is None:
                scores = np.full((len(judged), len(file["labels"])), np.nan, np.float32)
            for clip_id, group in file[CLIPS].items():
                ids = [shot_id(clip_id, number) for number in group["shot_numbers"][:].tolist()]
                values, at, row = group["shot_scores"][:], place.get_indexer(ids), row_of.get_indexer(ids)
                best[at[at >= 0]] = values[at >= 0].argmax(axis=1)
                scores[row[row >= 0]] = values[row >= 0]
            frames[Path(path).stem] = sum(len(group["frame"]) for group in file[CLIPS].values())
    return Scores(best, scores, frames)


def calibrate(scores: np.ndarray, right: np.ndarray, precision: float) -> tuple[float | None, float]:
    """The lowest score such that of the shots at or above it this share is right, and the share of shots it keeps.

    None, and 0, if there is no such score.

    Args:
        scores: (M,) of the best label of each shot.
        right: (M,) bool, whether it is right.
    """
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    share = right[order].cumsum() / np.arange(1, len(order) + 1)
    # A threshold keeps all shots of a score, or none.
    last_of_score = np.append(ordered[1:] != ordered[:-1], True)
    enough = np.flatnonzero(last_of_score & (share >= precision))
    return (float(ordered[enough[-1]]), float((enough[-1] + 1) / len(order))) if len(enough) else (None, 0.0)


def cost_of(folder: str | Path, encoder: str, frames: Mapping[str, int]) -> tuple[float, float, int] | None:
    """Processor seconds and seconds of embedding per 1,000 frames, and the number of frames that this rests on.

    None if no job of the encoder was measured. A shard counts if its job, or the jobs of its windows, were.

    Args:
        folder: the run's `benchmarks/`.
        frames: embedded frames by shard.
    """
    times = {**wall_times(Path(folder, "embed_window", encoder)), **wall_times(Path(folder, "embed_frames", encoder))}
    measured = [times[shard] for shard in frames if shard in times]
    n = sum(count for shard, count in frames.items() if shard in times)
    cpu, elapsed = (sum(entry[name] for entry in measured) for name in ("cpu_seconds", "seconds"))
    return (1000 * cpu / n, 1000 * elapsed / n, n) if n and cpu else None


def rows_of(
    scores: Mapping[str, Scores], reference: Reference | None, costs: Mapping[str, tuple | None], bootstrap: dict
) -> list[dict]:
    """Rows with `COLUMNS`, tagger by tagger, of the shots that all of them have scored.

    Args:
        scores: by tagger.
        reference: of their `judged` shots.
        costs: by tagger, see `cost_of`.
        bootstrap: `seed` and `samples` of the intervals, see `evaluate`.

    Raises:
        UserError: there is no such shot.
    """
    known = np.all([found.best >= 0 for found in scores.values()], axis=0)
    if not known.any():
        raise UserError(f"no shot has scores of all of {', '.join(scores)}; score again (add --forcerun score_shots)")
    rows = []
    for tagger, found in scores.items():
        if reference:
            rows += _measured(tagger, found, reference, bootstrap)
        cpu, elapsed, n = costs[tagger] or (None, None, 0)
        rows += [_row(tagger, CPU, n, cpu), _row(tagger, ELAPSED, n, elapsed)]
        for other in scores:
            if other != tagger:
                same = (found.best == scores[other].best)[known]
                rows.append(_row(tagger, f"{SAME} {other}", len(same), same.mean()))
    return rows


def _measured(tagger: str, found: Scores, reference: Reference, bootstrap: dict) -> list[dict]:
    """The rows that need a reference."""
    n, name, right = len(reference.shot_ids), reference.name, reference.right
    # Only Pearson's correlation, which is not used here, would need logits.
    measured = evaluate(found.judged, right, reference.shot_ids, **bootstrap)
    order = np.argsort(-found.judged, axis=1, kind="stable")
    hits = np.take_along_axis(right, order, axis=1)
    threshold, kept = calibrate(found.judged.max(axis=1), hits[:, 0], PRECISION)
    return [
        _row(tagger, TOP1, n, **measured["top1"], reference=name),
        _row(tagger, TOP5, n, hits[:, :BEST].any(axis=1).mean(), reference=name),
        _row(tagger, MAP, n, **measured["mAP"], reference=name),
        _row(tagger, THRESHOLD, n, threshold, reference=name),
        _row(tagger, KEPT, n, kept, reference=name),
    ]


def _row(tagger: str, measure: str, n: int, value: float | None, low=None, high=None, reference="") -> dict:
    numbers = (None if number is None else float(f"{number:.5g}") for number in (value, low, high))
    return dict(zip(COLUMNS, (tagger, measure, *numbers, n, reference), strict=True))


def of_all(scores: Mapping[str, Scores], reference: Reference) -> tuple[dict[str, Scores], Reference]:
    """The same, but of a reference only the shots that all taggers have scored."""
    known = np.all([np.isfinite(found.judged).all(axis=1) for found in scores.values()], axis=0)
    ids = [name for name, own in zip(reference.shot_ids, known, strict=True) if own]
    judged = {tagger: replace(found, judged=found.judged[known]) for tagger, found in scores.items()}
    return judged, Reference(reference.name, ids, reference.right[known])


def plot_taggers(rows: list[dict], scores: Mapping[str, Scores], reference: Reference | None) -> Figure:
    """With a reference the measures, and the share right by share kept; else the agreement of each two taggers.

    Args:
        rows: see `rows_of`.
        scores, reference: as there.
    """
    if not reference:
        figure, ax = new_figure(2 + 0.8 * len(scores), 1.6 + 0.8 * len(scores))
        _draw_agreement(ax, scores)
        return figure
    figure, (measures, curves) = new_figure(9, 3.4, ncols=2)
    styles = {
        tagger: {"color": colour, "marker": marker}
        for tagger, colour, marker in zip(scores, cycle(COLOURS), cycle(MARKERS), strict=False)
    }
    found = {(row["tagger"], row["measure"]): row for row in rows}
    _draw_measures(measures, found, styles)
    measures.set_xlabel(f"on {len(reference.shot_ids):,} shots")
    for tagger, style in styles.items():
        judged = scores[tagger].judged
        order = np.argsort(-judged.max(axis=1), kind="stable")
        right = reference.right[np.arange(len(judged)), judged.argmax(axis=1)][order]
        kept = np.arange(1, len(right) + 1) / len(right)
        # The first few shots would only show noise.
        first = min(len(right) - 1, max(9, len(right) // 50))
        curves.plot(kept[first:], (right.cumsum() / (kept * len(right)))[first:], color=style["color"])
        if (threshold := found[tagger, THRESHOLD]["value"]) is not None:
            told = {"label": f"score {threshold:.3g} or more", "linestyle": "none", "fillstyle": "none", **style}
            curves.plot(found[tagger, KEPT]["value"], PRECISION, markersize=8, **told)
            curves.legend(fontsize=8, loc="lower left", frameon=False)
    curves.axhline(PRECISION, color="black", linewidth=0.8, linestyle=":")
    curves.set_xlim(0, 1.02)
    curves.set_xlabel("share of the shots kept, highest scores first")
    curves.set_ylabel("share of these that are right")
    return figure


def _draw_measures(ax: Axes, found: Mapping[tuple[str, str], dict], styles: Mapping[str, dict]) -> None:
    step = min(0.3, 0.75 / len(styles))
    for place, (tagger, style) in enumerate(styles.items()):
        for level, name in enumerate((TOP1, TOP5, MAP)):
            row, at = found[tagger, name], level + step * (place - (len(styles) - 1) / 2)
            if row["value"] is None:
                continue
            if row["low"] is not None:
                ax.hlines(at, row["low"], row["high"], color=style["color"])
            told = {"label": tagger if name == TOP1 else None, "linestyle": "none", **style}
            ax.plot(row["value"], at, markersize=5, **told)
            text = {"textcoords": "offset points", "size": 7, "ha": "center"}
            ax.annotate(f"{row['value']:.3f}", (row["value"], at), xytext=(0, 4), **text)
    ax.set_yticks(range(3), (TOP1, TOP5, MAP))
    ax.set_ylim(2.6, -0.6)
    ax.grid(axis="x", color="#eeeeee")
    ax.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)


def _draw_agreement(ax: Axes, scores: Mapping[str, Scores]) -> None:
    best = np.stack([found.best for found in scores.values()])
    best = best[:, (best >= 0).all(axis=0)]
    same = (best[:, None] == best[None]).mean(axis=2)
    draw_matrix(ax, same, np.round(100 * same).astype(int))
    ax.set_xticks(range(len(scores)), list(scores), rotation=20, ha="right")
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set_title(f"same top-1 label, % of {best.shape[1]:,} shots", size=9, loc="left")


def as_table(rows: list[dict], taggers: Mapping[str, Mapping]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the Markdown table: a row per tagger, a column per measure.

    Args:
        rows: see `rows_of`.
        taggers: their settings in the configuration.
    """
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    cells = {(row["tagger"], row["measure"]): _shown(row) for row in rows}
    told = {
        tagger: f"{settings['encoder']}, {settings['score']}, {len(settings['prompts'])} prompt(s)"
        for tagger, settings in taggers.items()
    }
    return ["tagger", "encoder, score, prompts", *measures], [
        [tagger, told[tagger], *(cells.get((tagger, measure), "") for measure in measures)] for tagger in taggers
    ]


def _shown(row: dict) -> str:
    if row["value"] is None:
        return ""
    interval = "" if row["low"] is None else f" ({row['low']:.3f}–{row['high']:.3f})"
    return f"{row['value']:.3g}{interval}" if row["measure"] in (CPU, ELAPSED) else f"{row['value']:.3f}{interval}"


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    shots = read_parquet(source.shots, columns=["shot_id", "clip_id", "start_frame", "end_frame"])
    fingerprints = shard_fingerprints(params.manifest, snakemake.config)
    # All shards of the first tagger, then those of the next.
    files = [source.scores[at : at + len(fingerprints)] for at in range(0, len(source.scores), len(fingerprints))]
    with open_h5(files[0][0], fingerprints[0]) as first:
        labels = read_strings(first["labels"])
    reference = None
    if source.truth:
        reference = by_truth(shots, pd.read_csv(source.truth[0]), labels)
    elif source.votes:
        reference = by_votes(source.tasks[0], source.votes[0], labels)
    if reference and not reference.shot_ids:
        reference = None
    scores, costs = {}, {}
    for (tagger, settings), paths in zip(params.taggers.items(), files, strict=True):
        shards = list(zip(paths, fingerprints, strict=True))
        scores[tagger] = read_scores(shards, list(shots["shot_id"]), reference.shot_ids if reference else [])
        costs[tagger] = cost_of(params.benchmarks, settings["encoder"], scores[tagger].frames)
    if reference:
        scores, reference = of_all(scores, reference)
    rows = rows_of(scores, reference, costs, params.bootstrap)
    write_csv(snakemake.output.csv, COLUMNS, rows)
    note = f"{NOTES[reference and reference.name]} Each shot by itself, without `tagging.context`."
    write_markdown(snakemake.output.md, *as_table(rows, params.taggers), note)
    save_figure(plot_taggers(rows, scores, reference), snakemake.output.figures)
    compared = f"with {reference.name} on {len(reference.shot_ids)} shot(s)" if reference else "with each other"
    return f"{len(scores)} taggers compared {compared}"


if __name__ == "__main__":
    run_job(main, snakemake)

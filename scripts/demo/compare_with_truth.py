"""Agreement of the demo's labels, attributes and cuts with the truth, beside baselines."""

import warnings
from collections.abc import Sequence
from functools import partial

import h5py
import numpy as np
import pandas as pd
from PIL import Image
from sklearn.neighbors import NearestCentroid

from scripts.demo.studio.sets import light_of, setting_of
from scripts.lib.files.atomic import write_text
from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.log import run_job
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media.sampling import is_evenly_spread
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip, clips_root, read_manifest
from scripts.lib.records.groups import read_groups
from scripts.lib.records.truth import match_truth
from scripts.lib.tables.comparisons import markdown_table
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import write_csv
from scripts.tagging.context import in_context

COLUMNS = ("method", "subset", "metric", "value", "n")
SCALES = ("LS", "FS", "MS", "CS", "ECS")
BINS = 8
FRAMES_PER_SHOT = 4
SHUFFLES = 50
# The paper's thresholds (section 5.1), independent of this run's.
PAPER_TOP1, PAPER_OTHERS = 0.4, 0.1
# A fade has no exact frame: a cut within this many frames counts.
FADE_FRAMES = 8
METHODS = {
    "clip": "CLIP",
    "colour": "nearest centroid of colour histograms",
    "shuffled": "CLIP with shuffled labels",
    "context": "CLIP in the context of the clip",
    "dealt": "the same, shots dealt to clips at random",
    "setting": "setting: inside or outside",
    "light": "light: day or night",
    "group": "setting, by the group of the top-1 label",
}
# As in config/tag.yaml.
CONTEXT = {"prior_shots": 4, "neighbours": 20}


def agreement(scores: np.ndarray, labels: list[str], truth: pd.DataFrame, method: str) -> list[dict]:
    """top1 and top5 over all shots and by shot scale.

    Args:
        scores: (N, L), the higher the better.
        labels: L names.
        truth: columns label and scale, N rows.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    named = np.array(labels, object)[order]
    right = named == truth["label"].to_numpy(object)[:, None]
    rows = []
    for subset in ("all", *SCALES):
        chosen = np.full(len(truth), True) if subset == "all" else (truth["scale"] == subset).to_numpy()
        for metric, k in (("top1", 1), ("top5", 5)):
            hits = right[chosen, :k].any(axis=1)
            rows.append(_row(method, subset, metric, hits.mean() if len(hits) else float("nan"), len(hits)))
    return rows


def shuffled_agreement(scores: np.ndarray, labels: list[str], truth: pd.DataFrame, seed: int) -> list[dict]:
    """The same with shuffled labels, mean over `SHUFFLES` times: the chance level."""
    random = np.random.default_rng(seed)
    runs = [agreement(scores, list(random.permutation(labels)), truth, "shuffled") for _ in range(SHUFFLES)]
    return [
        {**rows[0], "value": round(float(np.mean([row["value"] for row in rows])), 4)}
        for rows in zip(*runs, strict=True)
    ]


def scores_in_context(scores: np.ndarray, clip_ids: Sequence[str]) -> np.ndarray:
    """Scores (N, L) of shots in the context of their clips; those of a clip follow each other."""
    ends = np.flatnonzero(np.array(clip_ids[1:]) != np.array(clip_ids[:-1])) + 1
    return np.concatenate([in_context(part, **CONTEXT) for part in np.split(scores, ends)])


def context_rows(
    scores: np.ndarray, clip_ids: Sequence[str], labels: list[str], truth: pd.DataFrame, seed: int
) -> list[dict]:
    """Agreement in context, and in the wrong one: the same shots dealt to the clips at random."""
    dealt = np.random.default_rng(seed).permutation(len(scores))
    elsewhere = np.empty_like(scores)
    elsewhere[dealt] = scores_in_context(scores[dealt], clip_ids)
    return [
        *agreement(scores_in_context(scores, clip_ids), labels, truth, "context"),
        *agreement(elsewhere, labels, truth, "dealt"),
    ]


def threshold_rows(
    scores: np.ndarray, labels: list[str], truth: pd.DataFrame, top1: float, others: float
) -> list[dict]:
    """Effect of the paper's thresholds: share kept, top-1 accuracy, multi-label share (ranks 2 to 5)."""
    ordered = -np.sort(-scores, axis=1)
    right = np.array(labels, object)[scores.argmax(axis=1)] == truth["label"].to_numpy(object)
    kept = ordered[:, 0] >= top1
    multi = (ordered[kept, 1:5] > others).any(axis=1)
    rows = [
        _row("clip", "all", f"share with top-1 score of {top1:g} or more", kept.mean(), len(kept)),
        _row("clip", "kept", "top1", right[kept].mean() if kept.any() else float("nan"), int(kept.sum())),
        _row("clip", "dropped", "top1", right[~kept].mean() if (~kept).any() else float("nan"), int((~kept).sum())),
        _row(
            "clip",
            "kept",
            f"multi-label share, ranks 2-5 above {others:g}",
            multi.mean() if len(multi) else 0.0,
            len(multi),
        ),
    ]
    return rows


def attribute_rows(said: Sequence[str], true: Sequence[str], scales: Sequence[str], method: str) -> list[dict]:
    """Accuracy of what is said of N shots, of all and by shot scale, and the share of the most frequent true value."""
    said, true, scales = (np.array(column, object) for column in (said, true, scales))
    chosen = {"all": np.full(len(said), True), **{scale: scales == scale for scale in SCALES}}
    rows = [
        _row(method, subset, "accuracy", (said == true)[rows].mean() if rows.any() else float("nan"), int(rows.sum()))
        for subset, rows in chosen.items()
    ]
    _, counts = np.unique(true.astype(str), return_counts=True)
    return [*rows, _row(method, "all", "share of the majority", counts.max(initial=0) / max(1, len(true)), len(true))]


def setting_rows(shots: pd.DataFrame, truth: pd.DataFrame, groups: dict[str, str]) -> list[dict]:
    """Accuracy of the attributes, and of the groups of top-1 labels, of the shots whose label has inside or outside.

    Args:
        shots: label_1, setting and light of N shots.
        truth: label, scale and light of the studio, N rows.
        groups: see `read_groups`.
    """
    settings, lights = truth["label"].map(setting_of), truth["light"].map(light_of)
    said = shots["label_1"].map(groups)
    told = said.isin(["inside", "outside"])
    return [
        *attribute_rows(shots["setting"], settings, truth["scale"], "setting"),
        *attribute_rows(said[told], settings[told], truth["scale"][told], "group"),
        _row("group", "all", "share of the shots with a group of inside or outside", told.mean(), len(told)),
        *attribute_rows(shots["light"], lights, truth["scale"], "light"),
    ]


def cut_rows(shots: pd.DataFrame, truth: pd.DataFrame) -> list[dict]:
    """Recall of hard cuts and of fades, and precision of detected cuts, on exact frames.

    A detected cut near a fade is left out of precision, unless it is on a hard cut.
    """
    found = _cuts(shots)
    hard, fades = (_cuts(truth[truth["transition"] == kind], first=True) for kind in ("cut", "fade"))
    around = range(-FADE_FRAMES, FADE_FRAMES + 1)
    near_fade = {(clip, frame + shift) for clip, frame in fades for shift in around}
    judged = (found - near_fade) | (found & hard)
    found_fades = {(clip, frame) for clip, frame in fades if any((clip, frame + shift) in found for shift in around)}
    return [
        _row("content detector", "hard cuts", "recall", len(found & hard) / len(hard), len(hard)),
        _row(
            "content detector",
            "detected cuts",
            "precision (fades left out)",
            len(found & hard) / max(1, len(judged)),
            len(judged),
        ),
        _row(
            "content detector",
            "fades",
            f"recall (within {FADE_FRAMES} frames)",
            len(found_fades) / max(1, len(fades)),
            len(fades),
        ),
    ]


def _cuts(rows: pd.DataFrame, first: bool = False) -> set[tuple[str, int]]:
    starts = rows if first else rows[rows["start_frame"] > 0]
    return set(zip(starts["clip_id"], starts["start_frame"], strict=True))


def histogram(pictures: np.ndarray) -> np.ndarray:
    """Joint colour histogram of images, (N, h, w, 3) uint8 to (BINS ** 3,), summing to 1."""
    cells = (pictures.reshape(-1, 3).astype(np.int64) * BINS // 256) @ (BINS * BINS, BINS, 1)
    return np.bincount(cells, minlength=BINS**3) / len(cells)


def colour_scores(stills: h5py.File, labels: list[str], shots: np.ndarray) -> np.ndarray:
    """Negative distance of each shot's histogram, (N, BINS ** 3), to the centroid of each label's stills."""
    pictures = [(label, picture) for label in labels for picture in stills[label][:]]
    side = pictures[0][1].shape[0]
    left = (pictures[0][1].shape[1] - side) // 2
    histograms = [histogram(picture[None, :, left : left + side]) for _, picture in pictures]
    with warnings.catch_warnings():
        # Most colours occur in no picture: their deviation, which nothing here uses, is zero.
        warnings.simplefilter("ignore", UserWarning)
        model = NearestCentroid().fit(histograms, [label for label, _ in pictures])
    order = [list(model.classes_).index(label) for label in labels]
    return -np.linalg.norm(shots[:, None] - model.centroids_[order][None], axis=2)


def shot_histograms(numbered: tuple[Clip, pd.DataFrame], root: str | None, side: int) -> np.ndarray:
    """One histogram per shot of a clip, from a few frames cropped as for the model: (N, BINS ** 3)."""
    clip, rows = numbered
    shots = list(zip(rows["start_frame"], rows["end_frame"], strict=True))
    chosen: list[list[np.ndarray]] = [[] for _ in shots]
    at = 0
    with Video(clip, root) as video:
        for frame in video:
            while at + 1 < len(shots) and frame.index >= shots[at][1]:
                at += 1
            start, end = shots[at]
            if start <= frame.index < end and is_evenly_spread(frame.index - start, end - start, FRAMES_PER_SHOT):
                picture = Image.fromarray(frame.rgb())
                wide = picture.resize((round(picture.width * side / picture.height), side), Image.Resampling.BICUBIC)
                left = (wide.width - side) // 2
                chosen[at].append(np.asarray(wide)[:, left : left + side])
    return np.stack([histogram(np.stack(pictures)) for pictures in chosen])


def _row(method: str, subset: str, metric: str, value: float, n: int) -> dict:
    return {
        "method": METHODS.get(method, method),
        "subset": subset,
        "metric": metric,
        "value": round(float(value), 4),
        "n": n,
    }


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    shots, truth = read_parquet(snakemake.input.shots), pd.read_csv(snakemake.input.truth)
    with open_h5(snakemake.input.scores) as file:
        labels, scores = read_strings(file["labels"]), file["scores"][:]
    matched = match_truth(shots, truth)
    clips = {clip.clip_id: clip for clip in read_manifest(snakemake.params.manifest)}
    work = [(clips[clip_id], rows) for clip_id, rows in shots.groupby("clip_id", sort=False)]
    with open_h5(snakemake.input.stills) as stills:
        side = stills[labels[0]].shape[1]
        measure = partial(shot_histograms, root=clips_root(snakemake.config), side=side)
        histograms = np.concatenate(list(map_in_threads(measure, work, snakemake.threads)))
        colour = colour_scores(stills, labels, histograms)
    rows = [
        *agreement(scores, labels, matched, "clip"),
        *agreement(colour, labels, matched, "colour"),
        *shuffled_agreement(scores, labels, matched, snakemake.params.seed),
        *context_rows(scores, list(shots["clip_id"]), labels, matched, snakemake.params.seed),
        *threshold_rows(scores, labels, matched, PAPER_TOP1, PAPER_OTHERS),
        *setting_rows(shots, matched, read_groups(snakemake.input.groups)),
        *cut_rows(shots, truth),
    ]
    write_csv(snakemake.output.csv, COLUMNS, rows)
    write_text(snakemake.output.md, as_markdown(rows))


def as_markdown(rows: list[dict]) -> str:
    """The Markdown tables: methods by shot scale, attributes by shot scale, then the other metrics."""
    table = pd.DataFrame(rows)
    scales = table[table["metric"].isin(["top1", "top5"]) & table["subset"].isin(["all", *SCALES])]
    by_method = [
        [method, metric, *(f"{part.set_index('subset')['value'][subset]:.3f}" for subset in ("all", *SCALES))]
        for (method, metric), part in scales.groupby(["method", "metric"], sort=False)
    ]
    accuracies = table[table["metric"] == "accuracy"]
    majority = table[table["metric"] == "share of the majority"]
    by_attribute = [
        [
            method,
            *(f"{part.set_index('subset')['value'][subset]:.3f}" for subset in ("all", *SCALES)),
            f"{majority.set_index('method')['value'][method]:.3f}",
            str(part["n"].max()),
        ]
        for method, part in accuracies.groupby("method", sort=False)
    ]
    told = [*scales.index, *accuracies.index, *majority.index]
    others = [
        [row.method, row.subset, row.metric, f"{row.value:.3f}", str(row.n)] for row in table.drop(told).itertuples()
    ]
    parts = (
        "Agreement of each shot's label with the set that was rendered (simulated truth), "
        f"{scales['n'].max()} detected shots.",
        markdown_table(["method", "metric", "all", *SCALES], by_method),
        markdown_table(["accuracy of", "all", *SCALES, "share of the majority", "n"], by_attribute),
        markdown_table(["of", "subset", "metric", "value", "n"], others),
    )
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    run_job(main, snakemake)

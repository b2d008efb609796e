"""How many frames of a shot its label needs: labels from fewer of the stored frames beside those from all of them."""

from collections.abc import Iterator, Sequence

import h5py
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.lib.files.hdf5 import CLIPS, open_h5, read_attribute
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.media.sampling import FrameSampler, read_sampling
from scripts.lib.pages.figures import COLOURS, PLAIN, STRONG, new_figure, save_figure
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.records.shots import Shot
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import read_parquet, write_frame
from scripts.tagging.scores import SCORES, shot_sums

COLUMNS = ("setting", "frames_per_shot", "agreement", "shots", "cheapest")
# Ours: what share of the labels a setting must keep.
KEEP = 0.99
# Whole clips up to about so many shots, spread over the run: enough for the third decimal of a share near 0.99.
MOST_SHOTS = 10_000
RATES = (12, 8, 6, 5, 4, 3, 2, 1, 0.5, 0.25)
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)


def cheaper_settings(stored: str) -> list[str]:
    """Settings of an encoder's `frames` that take fewer frames than the stored ones, and only such.

    A rate takes only stored frames if the stored one is a multiple of it.

    Args:
        stored: `all`, `n fps` or `k per shot`.
    """
    number, unit = read_sampling(stored)
    rates = [rate for rate in RATES if unit == "all" or (unit == "fps" and number > rate and number % rate == 0)]
    counts = [count for count in COUNTS if unit != "per shot" or count < number]
    return [f"{rate:g} fps" for rate in rates] + [f"{count} per shot" for count in counts]


def sampled(times: np.ndarray, numbers: np.ndarray, setting: str) -> np.ndarray:
    """Which of a clip's stored frames a setting takes, (T,) bool; `k per shot` spreads them over the stored ones.

    Args:
        times: (T,) seconds from the clip's first frame; the first frame of each shot is stored.
        numbers: (T,) the shot of each frame.
    """
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    ends = np.append(starts[1:], len(numbers))[: len(starts)]
    shots = [
        Shot("", int(numbers[start]), int(start), int(end), float(times[start]), float(times[end - 1]))
        for start, end in zip(starts, ends, strict=True)
    ]
    sampler = FrameSampler(shots, setting)
    return np.array([sampler.shot_of(row, time) is not None for row, time in enumerate(times.tolist())], bool)


def count_clip(scores: np.ndarray, times: np.ndarray, numbers: np.ndarray, settings: Sequence[str]) -> np.ndarray:
    """Of a clip's shots by setting: frames taken, and shots with the label of all frames; (settings, 2).

    Args:
        scores: (T, L) of the stored frames.
        times, numbers: see `sampled`.
    """
    shots, rows = np.unique(numbers, return_inverse=True)
    best = shot_sums(scores, rows, len(shots)).argmax(axis=1)
    counts = []
    for setting in settings:
        kept = sampled(times, numbers, setting)
        frames = np.bincount(rows[kept], minlength=len(shots))[:, None]
        means = shot_sums(scores[kept], rows[kept], len(shots)) / frames
        counts.append((kept.sum(), (means.argmax(axis=1) == best).sum()))
    return np.array(counts, int).reshape(len(settings), 2)


def budget_table(counts: np.ndarray, settings: Sequence[str], stored: str, n_frames: int, n_shots: int) -> pd.DataFrame:
    """`COLUMNS`: all stored frames, then each setting, those with the most frames first.

    Args:
        counts: sums of `count_clip`, (settings, 2).
        stored: the encoder's own setting.
        n_frames, n_shots: stored frames, and shots, of the clips.
    """
    rows = [(stored, n_frames, n_shots), *((name, *pair) for name, pair in zip(settings, counts.tolist(), strict=True))]
    table = pd.DataFrame(rows, columns=["setting", "frames", "same"])
    table["frames_per_shot"], table["agreement"] = table["frames"] / n_shots, table["same"] / n_shots
    table["shots"] = n_shots
    cheapest = table.loc[table["agreement"] >= KEEP, "frames_per_shot"].idxmin()
    table["cheapest"] = np.where(table.index == cheapest, "yes", "")
    table = table.sort_values("frames_per_shot", ascending=False, kind="stable")
    return table[list(COLUMNS)].round({"frames_per_shot": 3, "agreement": 5})


def plot_budget(table: pd.DataFrame) -> Figure:
    """Agreement by frames per shot; rates and numbers per shot apart, the cheapest setting marked.

    Args:
        table: see `budget_table`.
    """
    figure, ax = new_figure(6.4, 3.6)
    per_shot = table["setting"].str.endswith("per shot")
    for chosen, marker, colour, name in (
        (~per_shot, "o", PLAIN, "frames a second"),
        (per_shot, "s", COLOURS[1], "frames a shot"),
    ):
        if chosen.any():
            x, y = table.loc[chosen, "frames_per_shot"], table.loc[chosen, "agreement"]
            ax.plot(x, y, marker=marker, color=colour, markersize=4, label=name)
    small = {"textcoords": "offset points", "size": 7, "ha": "center"}
    for row, below in zip(table.itertuples(), per_shot, strict=True):
        place = (row.frames_per_shot, row.agreement)
        ax.annotate(row.setting.removesuffix(" per shot"), place, xytext=(0, -10 if below else 5), **small)
    best = table[table["cheapest"] == "yes"].iloc[0]
    ax.plot(best["frames_per_shot"], best["agreement"], "o", markersize=11, color=STRONG, fillstyle="none")
    ax.axhline(KEEP, color="black", linewidth=0.8, linestyle=":")
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(lambda frames, _: f"{frames:g}")
    ax.margins(y=0.1)
    ax.set_xlabel("frames per shot, mean")
    ax.set_ylabel("shots with the label of all stored frames")
    ax.legend(fontsize=8, loc="lower right", frameon=False)
    ax.set_title(f"{best['setting']} keeps {100 * KEEP:.0f} % of {best['shots']:,} labels", loc="left", size=10)
    return figure


def chosen_clips(clip_ids: Sequence[str], most: int) -> set[str]:
    """Clips spread evenly over the run, with about `most` shots together; all if it has fewer.

    Args:
        clip_ids: the clip of each shot.
    """
    return set(list(dict.fromkeys(clip_ids))[:: max(1, -(-len(clip_ids) // most))])


def read_clips(shards: Sequence[tuple[str, str]], chosen: set[str]) -> Iterator[h5py.Group]:
    """The chosen clips' groups of embeddings, each to be read before the next.

    Args:
        shards: files of embeddings with their fingerprints.
    """
    for path, fingerprint in shards:
        with open_h5(path, fingerprint) as file:
            yield from (group for clip_id, group in file[CLIPS].items() if clip_id in chosen)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params = snakemake.input, snakemake.params
    shards = list(zip(source.embeddings, shard_fingerprints(params.manifest, snakemake.config), strict=True))
    chosen = chosen_clips(list(read_parquet(source.shots, columns=["clip_id"])["clip_id"]), MOST_SHOTS)
    with open_h5(source.labels) as file:
        labels, learnt, bias = file["embeddings"][:], float(file.attrs["logit_scale"]), float(file.attrs["logit_bias"])
    scale = learnt if params.logit_scale == "model" else float(params.logit_scale)
    with open_h5(*shards[0]) as first:
        stored = read_attribute(first, "frames")
    settings = cheaper_settings(stored)
    counts, n_frames, n_shots = np.zeros((len(settings), 2), int), 0, 0
    with progress(len(chosen), "clip", "Trying fewer frames") as bar:
        for clip in read_clips(shards, chosen):
            times, numbers = clip["time"][:], clip["shot"][:]
            # As in `score_shots`, and not its matrix S, whose half precision would make ties of low probabilities.
            scores = SCORES[params.score](clip["features"][:], labels, scale, bias)
            counts += count_clip(scores, times, numbers, settings)
            n_frames, n_shots = n_frames + len(times), n_shots + len(np.unique(numbers))
            bar.update()
    table = budget_table(counts, settings, stored, n_frames, n_shots)
    write_frame(table, snakemake.output.csv)
    shown = [
        [row.setting, f"{row.frames_per_shot:.2f}", f"{row.agreement:.4f}", f"{row.shots}", row.cheapest]
        for row in table.itertuples(index=False)
    ]
    note = (
        f"Labels of shots by themselves, from fewer of the stored frames ({stored}). The cheapest setting keeps at "
        f"least {100 * KEEP:.0f} % of those from all of them."
    )
    write_markdown(snakemake.output.md, list(COLUMNS), shown, note)
    save_figure(plot_budget(table), snakemake.output.figures)
    best = table[table["cheapest"] == "yes"].iloc[0]
    kept = f"{100 * best['agreement']:.1f} % of the labels"
    return f"{best['setting']}, {best['frames_per_shot']:.1f} frames a shot, keeps {kept}"


if __name__ == "__main__":
    run_job(main, snakemake)

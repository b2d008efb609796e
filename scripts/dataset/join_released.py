"""The published samples, joined to the shots that this run detected in the same clips."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import Clip, read_manifest, shard_fingerprints
from scripts.lib.records.failures import refused_clips, undecodable_clips
from scripts.lib.records.labels import read_labels
from scripts.lib.records.release_json import read_clips
from scripts.lib.records.samples import FACTS, SPLITS, read_classes, read_samples, write_dataset
from scripts.lib.records.shots import Shot, read_shots, scene_number, shot_id
from scripts.lib.records.videos import find_hosts, parse_window, video_of
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.frames import read_frame, write_frame

# Above one half a shot has one counterpart at most, because the shots of a cut do not overlap. Ours.
LEAST_IOU = 0.5
COLUMNS = ("split", "published_id", "clip_id", "shot_id", "iou", "n_shots", "n_named", "reason")
# Why a sample is not joined. Details follow after a colon.
NO_CLIP = "the video is not among the clips"
UNREADABLE = "the clip is missing or could not be read"
NO_NUMBER = "the clip has fewer shots here"
NO_TIMES = "the file of times does not have the shot"
NO_OVERLAP = f"no shot overlaps by more than {LEAST_IOU}"
TWICE = "another sample is joined to the shot"
REASONS = (NO_CLIP, UNREADABLE, NO_NUMBER, NO_TIMES, NO_OVERLAP, TWICE)

Times = Mapping[str, tuple[float, float]]


def own_clips(named: Iterable[str], clips: Sequence[Clip]) -> dict[str, str]:
    """The clip of this run for each published one: that of the same name, or the one that shows the whole video."""
    named, known = list(named), {clip.clip_id for clip in clips}
    hosts = find_hosts(clips, named)
    found = {
        name: name if name in known else None if parse_window(name) else hosts.get(video_of(name)) for name in named
    }
    return {name: clip_id for name, clip_id in found.items() if clip_id}


def best_overlap(shots: Iterable[Shot], start: float, end: float) -> tuple[Shot, float]:
    """The shot with the largest intersection over union with an interval in seconds, and that value."""

    def iou(shot: Shot) -> float:
        shared = min(end, shot.end_time) - max(start, shot.start_time)
        return max(0.0, shared) / (max(end, shot.end_time) - min(start, shot.start_time))

    return max(((shot, iou(shot)) for shot in shots), key=lambda found: found[1])


def counterpart(name: str, shots: Sequence[Shot], times: Times | None) -> tuple[Shot | None, float | None, str]:
    """A published shot's counterpart among the shots of its clip, their intersection over union, and why not.

    Args:
        name: `<clip>-Scene-<NNN>`.
        times: seconds of the published shots by name; None to join by number.
    """
    if times is None:
        found = next((shot for shot in shots if shot.number == scene_number(name)), None)
        return found, None, "" if found else f"{NO_NUMBER}: {len(shots)}"
    if name not in times:
        return None, None, NO_TIMES
    shot, iou = best_overlap(shots, *times[name])
    return (shot, iou, "") if iou > LEAST_IOU else (None, iou, NO_OVERLAP)


def join_samples(
    samples: pd.DataFrame,
    clips: Mapping[str, str],
    shots: Mapping[str, Sequence[Shot]],
    failures: Mapping[str, str],
    times: Times | None = None,
) -> pd.DataFrame:
    """`COLUMNS`, one row per sample in their order: its shot here, or none and the reason.

    Without times, shots are joined by their number, which is right only where the clip is cut as the authors' was:
    `n_shots` (of the clip, here) and `n_named` (the highest published number) help to recognise where it is not.

    Args:
        samples: the published ones: shot_id, clip_id, split.
        clips: see `own_clips`.
        shots: of the clips of this run that could be read, by clip.
        failures: why the others could not.
        times: see `counterpart`.
    """
    n_named = samples["shot_id"].map(scene_number).groupby(samples["clip_id"]).max()
    rows, taken = [], set()
    for split, name, published_clip in samples[["split", "shot_id", "clip_id"]].itertuples(index=False):
        clip_id = clips.get(published_clip, "")
        own = shots.get(clip_id, ())
        found, iou = None, None
        if not clip_id:
            reason = NO_CLIP
        elif not own:
            reason = f"{UNREADABLE}: {failures.get(clip_id, 'it has no shot')}"
        else:
            found, iou, reason = counterpart(name, own, times)
            if found and found.shot_id in taken:
                found, reason = None, f"{TWICE}: {found.shot_id}"
        taken |= {found.shot_id} if found else set()
        joined = found.shot_id if found else ""
        told = "" if iou is None else f"{iou:.3f}"
        rows.append((split, name, clip_id, joined, told, len(own) or "", n_named[published_clip], reason))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def count_joined(joins: pd.DataFrame) -> pd.DataFrame:
    """How many samples are joined, and why others are not: part (a split, all), outcome, shots, share."""
    kinds, rows = joins["reason"].str.partition(": ")[0], []
    reasons = [reason for reason in REASONS if reason in set(kinds)]
    for part in (*SPLITS, "all"):
        chosen = kinds if part == "all" else kinds[joins["split"] == part]
        outcomes = {"published": len(chosen), "joined": int((chosen == "").sum())}
        outcomes |= {f"not joined: {reason}": int((chosen == reason).sum()) for reason in reasons}
        rows += [(part, name, count, f"{count / max(1, len(chosen)):.4f}") for name, count in outcomes.items()]
    return pd.DataFrame(rows, columns=["part", "outcome", "shots", "share"])


def read_times(path: str | Path, labels: list[str], wanted: set[str]) -> dict[str, tuple[float, float]]:
    """Seconds of the wanted shots of a release JSON, by name; see `read_clips` for the errors."""
    found = {}
    for clip_id, clip_shots in read_clips(path, labels):
        for number, _, _, start, end, *_ in clip_shots:
            if (name := shot_id(clip_id, number)) in wanted:
                found[name] = start, end
    return found


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, made, manifest = snakemake.input, snakemake.output, snakemake.params.manifest
    fingerprints = shard_fingerprints(manifest, snakemake.config)
    samples, clips = read_samples(source.samples), read_manifest(manifest)
    times, shots = None, {}
    if source.times:
        times = read_times(source.times, read_labels(source.taxonomy), set(samples["shot_id"]))
    for path, fingerprint in zip(source.shots, fingerprints, strict=True):
        shots |= read_shots(path, fingerprint)
    failures = undecodable_clips(source.clips, fingerprints) | refused_clips(source.downloads, fingerprints)
    joins = join_samples(samples, own_clips(samples["clip_id"].unique(), clips), shots, failures, times)
    joined = joins["shot_id"] != ""
    if not joined.any():
        raise UserError(
            f"none of the {len(samples)} published samples is joined to a shot of this run; first of all: "
            f"{joins['reason'].value_counts().index[0]}. Are the clips those of Condensed Movies, below clips.root?"
        )
    table = count_joined(joins)
    write_dataset(
        samples.assign(shot_id=joins["shot_id"], clip_id=joins["clip_id"])[joined],
        read_classes(source.labels),
        read_frame(source.movies, ["movie_id", *FACTS]),
        made,
    )
    write_frame(joins, made.joins)
    write_frame(table, made.csv)
    write_markdown(
        made.md,
        list(table.columns),
        table.astype(str).to_numpy().tolist(),
        f"Joined by time: the shot with the largest intersection over union, above {LEAST_IOU}."
        if source.times
        else "Joined by clip and number. This does not prove that the shot is the same: a clip may be cut differently.",
    )
    return f"{joined.sum()} of {len(joins)} sample(s) are joined"


if __name__ == "__main__":
    run_job(main, snakemake)

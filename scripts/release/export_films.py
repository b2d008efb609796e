"""The scenes and shots of each film, for ELAN, players, editing programs and spreadsheets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.files.atomic import atomic_folder
from scripts.lib.jobs.errors import UserError, bullet_list, did_you_mean
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.media.video import UnreadableClip, Video
from scripts.lib.records.clips import Clip, clips_root, media_path, read_manifest, shard_fingerprints
from scripts.lib.records.labels import read_labels
from scripts.lib.records.timecodes import clock, file_frames, find_smpte_rate, smpte
from scripts.lib.tables.frames import read_frame, read_parquet
from scripts.lib.tables.rows import write_csv
from scripts.lib.tables.shards import read_shard_csv
from scripts.release.film_files import MILLISECONDS, Entry, write_eaf, write_edl, write_otio, write_vtt

FILMS = "film title year stem path fps smpte_rate reason n_scenes n_shots".split()
NUMBERS = {
    **dict.fromkeys("scene_number n_shots n_bridged first_shot last_shot start_frame end_frame".split(), int),
    **dict.fromkeys("score start_time end_time".split(), float),
}
# Where scenes and shots are in their files; the last four as numbers, for the other files.
PLACED = "path offset file_start file_end smpte_start smpte_end".split()
COUNTED = "start end first last".split()


@dataclass(frozen=True)
class Medium:
    """Clips of one film that are one file, or windows of it that do not overlap.

    Attributes:
        clips: in the order of time.
        offsets: seconds from the file's first frame to each clip's.
    """

    clips: list[Clip]
    offsets: list[float]

    @property
    def stem(self) -> str:
        """Name of the exported files, without suffix: the first clip's, which no other medium has."""
        return self.clips[0].clip_id


def find_offset(clip: Clip, root: str | None) -> float:
    """Seconds from a file's first frame to the first frame of a clip; a window begins at the next frame.

    Raises:
        UserError: the file of a window cannot be read.
    """
    if not clip.start_time:
        return 0.0
    stamps = []
    for part in (replace(clip, start_time=None, end_time=None), clip):
        try:
            with Video(part, root) as video:
                stamps.append(next(iter(video)).picture.time)
        except UnreadableClip as reason:
            raise UserError(f"cannot tell when the window {clip.clip_id} of {clip.path} begins: {reason}") from reason
    return clip.start_time if None in stamps else stamps[1] - stamps[0]


def group_media(clips: Iterable[Clip], offsets: Mapping[str, float], lasts: Mapping[str, float]) -> list[Medium]:
    """The media of a run.

    Args:
        clips: those that are exported.
        offsets, lasts: by clip id, seconds of its first frame in the file, and from there to its last.
    """
    media: dict[tuple[str, str], list[Medium]] = {}
    for clip in sorted(clips, key=lambda clip: offsets[clip.clip_id]):
        known = media.setdefault((clip.movie_id, clip.path), [])
        start = offsets[clip.clip_id]
        for medium in known:
            if medium.offsets[-1] + lasts[medium.clips[-1].clip_id] < start:
                break
        else:
            medium = Medium([], [])
            known.append(medium)
        medium.clips.append(clip)
        medium.offsets.append(start)
    return [medium for known in media.values() for medium in known]


def choose_scenes(
    shots: pd.DataFrame, scenes: pd.DataFrame, labels: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The shots with the number of their scene, and the scenes: all, or those with one of `labels`."""
    chosen = scenes[scenes["label"].isin(labels)] if labels else scenes
    numbers = {
        (scene.clip_id, shot): scene.scene_number
        for scene in chosen.itertuples()
        for shot in range(scene.first_shot, scene.last_shot + 1)
    }
    keys = zip(shots["clip_id"], shots["shot"], strict=True)
    shots = shots.assign(scene_number=pd.array([numbers.get(key) for key in keys], "Int64"))
    return (shots[shots["scene_number"].notna()] if labels else shots), chosen


def place(rows: pd.DataFrame, path: Path, rate: str) -> pd.DataFrame:
    """Scenes or shots of a medium with `PLACED` and `COUNTED` (see `Entry`).

    Args:
        rows: with `offset`.
        path, rate: of the medium; the rate is a name in `SMPTE_RATES`, or empty.
    """
    placed = rows.assign(path=str(path), start=0, end=0, first=0, last=0)
    for edge, frame in (("start", "first"), ("end", "last")):
        seconds = rows["offset"] + rows[f"{edge}_time"]
        placed[edge] = (seconds * MILLISECONDS).round().astype(int)
        placed[f"file_{edge}"] = list(map(clock, seconds))
        if rate:
            placed[frame] = file_frames(rows["offset"], rows[f"{edge}_frame"], rate)
        placed[f"smpte_{edge}"] = [smpte(index, rate) if rate else "" for index in placed[frame].tolist()]
    return placed


def entries_of(rows: pd.DataFrame, column: str) -> list[Entry]:
    """The values of a column as entries of a tier; a row without one is left out."""
    told = rows[rows[column].notna()]
    # How long a clip's last frame lasts is an estimate, and may exceed the start of the next window.
    for start, end in (("start", "end"), ("first", "last")):
        told = told.assign(**{end: np.fmin(told[end], told[start].shift(-1)).astype(int)})
    told = told.assign(end=np.maximum(told["end"], told["start"] + 1))
    return [Entry(*values) for values in zip(*(told[name].tolist() for name in (column, *COUNTED)), strict=True)]


def export_medium(
    folder: Path, stem: str, scenes: pd.DataFrame, shots: pd.DataFrame, attributes: Sequence[str], rate: str
) -> None:
    """The files of a medium; an EDL only at a SMPTE rate.

    Args:
        scenes, shots: see `place`.
        attributes: columns of `shots` that become tiers after those of scenes and labels.
        rate: see `place`.
    """
    tiers = {"scene": entries_of(scenes, "label"), "shot": entries_of(shots, "label_1")}
    tiers |= {name: entries_of(shots, name) for name in attributes}
    media = Path(shots["path"].iloc[0])
    write_vtt(folder / f"{stem}.vtt", tiers)
    write_eaf(folder / f"{stem}.eaf", tiers, media)
    write_otio(folder / f"{stem}.otio", tiers, media, rate)
    if rate and tiers["scene"]:
        write_edl(folder / f"{stem}.edl", tiers, media, rate)


def read_infos(paths: Sequence[str], fingerprints: Sequence[str]) -> pd.DataFrame:
    """fps, duration and vfr of the usable clips, by clip id; from the shards' tables of clips."""
    rows = [row for shard in zip(paths, fingerprints, strict=True) for row in read_shard_csv(*shard)]
    infos = pd.DataFrame([row for row in rows if row["status"] == "ok"]).set_index("clip_id")
    return infos.astype({"fps": float, "duration": float}).assign(vfr=infos["vfr"] == "True")


def check_labels(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise UserError if `export.labels` has a label that the run does not know."""
    if problems := [f"{label!r}: {did_you_mean(label, known)}" for label in wanted if label not in known]:
        raise UserError(
            f"export.labels has {len(problems)} label(s) that this run does not have:\n{bullet_list(problems)}"
        )


def write_table(path: Path, parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> None:
    """Rows of all media as CSV; file names may not be UTF-8."""
    rows = []
    for part in parts:
        shown = part[columns]
        rows += shown.astype(object).where(shown.notna(), None).to_dict("records")
    write_csv(path, columns, rows)


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, manifest, root = snakemake.input, snakemake.params.manifest, clips_root(snakemake.config)
    check_labels(snakemake.params.labels, read_labels(source.labels))
    infos = read_infos(source.clips, shard_fingerprints(manifest, snakemake.config))
    shots = read_parquet(source.shots)
    attributes = []
    if source.scales:
        scales = read_frame(source.scales[0], ["shot_id", "scale"]).set_index("shot_id")["scale"]
        shots, attributes = shots.assign(scale=shots["shot_id"].map(scales)), ["scale"]
    scenes = read_frame(source.scenes, NUMBERS).astype(NUMBERS)
    columns = {"scenes": [*scenes, *PLACED], "shots": [*shots, "scene_number", *PLACED]}
    shots, scenes = choose_scenes(shots, scenes, snakemake.params.labels)
    shown = set(shots["clip_id"])
    clips = [clip for clip in read_manifest(manifest) if clip.clip_id in shown]
    offsets = {clip.clip_id: find_offset(clip, root) for clip in clips}
    shots, scenes = (rows.assign(offset=rows["clip_id"].map(offsets).astype(float)) for rows in (shots, scenes))
    rows_of = {"scenes": scenes.groupby("clip_id").indices, "shots": shots.groupby("clip_id").indices}
    films, tables = [], {"scenes": [], "shots": []}
    with atomic_folder(snakemake.output[0]) as folder:
        for medium in group_media(clips, offsets, infos["duration"] - 1 / infos["fps"]):
            first, info = medium.clips[0], infos.loc[medium.stem]
            inside = [clip.clip_id for clip in medium.clips]
            own = {
                name: rows.iloc[[row for clip_id in inside for row in rows_of[name].get(clip_id, ())]]
                for name, rows in (("scenes", scenes), ("shots", shots))
            }
            tried = (own["shots"][name].to_numpy() for name in ("offset", "start_frame", "start_time"))
            rate, reason = find_smpte_rate(info["fps"], infos.loc[inside, "vfr"].any(), *tried)
            path = media_path(first, root)
            own = {name: place(rows, path, rate).sort_values("start") for name, rows in own.items()}
            export_medium(folder, medium.stem, own["scenes"], own["shots"], attributes, rate)
            if own["scenes"].empty:
                reason = reason or "it has no scene"
            if reason:
                logger.info("%s: no EDL: %s", medium.stem, reason)
            counts = {f"n_{name}": len(rows) for name, rows in own.items()}
            about = (first.movie_id or first.clip_id, first.title, first.year, medium.stem, str(path), info["fps"])
            films.append(dict(zip(FILMS, (*about, rate, reason, *counts.values()), strict=True)))
            for name, rows in own.items():
                tables[name].append(rows)
        write_csv(folder / "films.csv", FILMS, films)
        for name, parts in tables.items():
            write_table(folder / f"{name}.csv", parts, columns[name])
    n_refused = sum(film["reason"] != "" for film in films)
    return f"{len(scenes)} scene(s) and {len(shots)} shot(s) of {len(films)} file(s), {n_refused} without EDL"


if __name__ == "__main__":
    run_job(main, snakemake)

"""Clip caches of a shard, made by the job itself."""

from pathlib import Path
from types import SimpleNamespace

from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.records.clips import Clip, fingerprint, write_manifest
from scripts.lib.records.shots import Shot, write_shots
from scripts.lib.tables.rows import write_csv
from scripts.lib.tables.shards import write_shard_csv
from scripts.models import cache_clips


def make_cache(folder: Path, shots: dict[Clip, list[Shot]], needed: list[str], threads: int = 1, **settings) -> Path:
    """The cache of a shard with these shots; the end of a clip's last shot is its number of frames."""
    clips, mark = list(shots), fingerprint(list(shots))
    write_manifest(clips, folder / "manifest.csv")
    rows = [{"clip_id": clip.clip_id, "status": "ok", "n_frames": shots[clip][-1].end_frame} for clip in clips]
    write_shard_csv(folder / "clips.csv", rows[0], rows, mark)
    write_shots(folder / "shots.csv", [shot for of_clip in shots.values() for shot in of_clip], mark)
    write_csv(folder / "needed.csv", ["shot_id", "labels"], [{"shot_id": shot, "labels": "bar"} for shot in needed])
    path = folder / "cache.h5"
    cache_clips.main(
        SimpleNamespace(
            input=SimpleNamespace(
                clips=folder / "clips.csv", shots=folder / "shots.csv", needed=[folder / "needed.csv"]
            ),
            output=[path],
            params=SimpleNamespace(
                clips=mark,
                manifest=folder / "manifest.csv",
                settings={"frames": 32, "short_side": 256, "quality": 90} | settings,
            ),
            wildcards=SimpleNamespace(shard="00000"),
            config={"clips": {"shard_size": len(clips), "shard_minutes": 30, "root": None, "folder": None}},
            threads=threads,
        )
    )
    return path


def open_cache(path: Path, shots: dict[Clip, list[Shot]]) -> ClipCache:
    """The reader of `make_cache`'s file."""
    return ClipCache([path], [fingerprint(list(shots))])


def cut(clip: Clip, *ends: int, fps: float = 24.0) -> list[Shot]:
    """Shots of a clip from its first frame on, by the frames at which they end."""
    borders = [0, *ends]
    return [
        Shot(clip.clip_id, number, start, end, start / fps, end / fps)
        for number, (start, end) in enumerate(zip(borders, ends, strict=False), start=1)
    ]

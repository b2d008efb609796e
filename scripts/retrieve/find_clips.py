"""Find the clips of a shard, or download them from YouTube with yt-dlp; one status and reason per clip."""

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.lib.files.atomic import atomic_path, write_text
from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, progress, run_job
from scripts.lib.media.video import UnreadableClip, copy_pictures
from scripts.lib.records.clips import Clip, existing_root, media_path, shard_clips
from scripts.lib.records.failures import MISSING
from scripts.lib.tables.shards import write_shard_csv
from scripts.retrieve.youtube import UNKNOWN, Refusal, classify, plain, watch_url

COLUMNS = ("clip_id", "video_id", "status", "reason")
VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{6,16}")
# As in the release.
MAX_HEIGHT = 360
# Seconds between two videos: YouTube lets a guest have about 300 an hour.
PAUSE = (5, 10)
PARTS = ".parts"


class VideoRefused(Exception):
    """A video cannot be downloaded; the message is yt-dlp's."""


def find_clips(
    clips: list[Clip],
    root: str | Path | None,
    fetch: Callable[[str, Path], Path] | None,
    sleep: Callable[[float], None] = time.sleep,
    setting: str = "clips.download",
) -> list[dict[str, str]]:
    """Rows with `COLUMNS`, one per clip; for an unavailable video with the reason.

    The name of a clip's file, without suffix, is its video's id. Existing files are not changed.
    When YouTube refuses the network address rather than a video, the job ends; downloaded files stay.

    Args:
        clips: the shard's manifest rows.
        root: folder that their paths are relative to.
        fetch: downloads the video of an id into a folder and returns its file; raises `VideoRefused`.
        setting: the key that switches the download on or off, for messages.

    Raises:
        UserError: the disk is full, YouTube refuses this address, or the network is down.
    """
    outcomes: dict[str, tuple[str, str]] = {}
    last, in_a_row = None, 0
    with progress(len(clips), "clip", "Downloading clips") as bar:
        for clip in clips:
            bar.update()
            if clip.path in outcomes:
                continue
            if media_path(clip, root).is_file():
                outcomes[clip.path] = ("ok", "was there before")
                continue
            if fetch is None:
                outcomes[clip.path] = (MISSING, f"the file is not there, and {setting} is null")
                continue
            refusal, reason = _download(clip, Path(root), fetch, sleep)
            outcomes[clip.path] = (refusal.status if refusal else "ok", reason)
            logger.info("%s: %s", clip.clip_id, ": ".join(filter(None, outcomes[clip.path])))
            last, in_a_row = refusal, in_a_row + 1 if refusal is last else 1
            if refusal and 0 < refusal.stops_after <= in_a_row:
                raise UserError(
                    f"{clip.clip_id} and the clips after it cannot be downloaded now: {reason}. Then give the same "
                    f"command again: downloaded clips are kept. To continue without the others, set {setting} "
                    "to null"
                )
    return [
        dict(zip(COLUMNS, (clip.clip_id, Path(clip.path).stem, *outcomes[clip.path]), strict=True)) for clip in clips
    ]


def _download(clip: Clip, root: Path, fetch, sleep) -> tuple[Refusal | None, str]:
    """Why a clip is unavailable, as refusal and message; None and an empty message if it is there."""
    video_id = Path(clip.path).stem
    if not VIDEO_ID.fullmatch(video_id):
        return UNKNOWN, f"the file's name {clip.path!r} is not the id of a video"
    if Path(clip.path).is_absolute() or ".." in Path(clip.path).parts:
        return UNKNOWN, f"the path {clip.path!r} leads out of the folder of the clips"
    for tries in range(1, 100):
        try:
            with _fetched(video_id, root, fetch) as file, atomic_path(media_path(clip, root)) as temporary:
                copy_pictures(file, temporary)
            return None, ""
        except (VideoRefused, UnreadableClip) as error:
            message = str(error)
        if "No space left" in message:
            raise UserError(
                f"the disk is full: {message} (fetching {video_id} into {root}); free some space and start again"
            )
        refusal, reason = classify(message), plain(message)
        if tries > len(refusal.waits):
            return refusal, f"{reason} ({refusal.remedy})" if refusal.remedy else reason
        logger.warning("%s: %s; trying again in %.0f s", clip.clip_id, reason, refusal.waits[tries - 1])
        sleep(refusal.waits[tries - 1])
    raise AssertionError("no refusal has that many waits")


@contextmanager
def _fetched(video_id: str, root: Path, fetch) -> Iterator[Path]:
    """A downloaded video in its own folder, which is removed after successful use."""
    folder = root / PARTS / video_id
    folder.mkdir(parents=True, exist_ok=True)
    yield fetch(video_id, folder)
    shutil.rmtree(folder, ignore_errors=True)


class _Log:
    """Logger for yt-dlp, whose errors are also raised as exceptions."""

    def debug(self, message: str) -> None:
        """Progress messages, ignored."""

    info = error = debug

    def warning(self, message: str) -> None:
        """For example that yt-dlp is too old, or that an optional dependency is missing."""
        logger.warning("yt-dlp: %s", message)


def make_fetch() -> Callable[[str, Path], Path]:
    """`fetch` by yt-dlp as a library, so that an id is never read as an option.

    Raises:
        UserError: yt-dlp is not installed.
    """
    try:
        from yt_dlp import YoutubeDL
        from yt_dlp.utils import YoutubeDLError
    except ImportError as error:
        raise UserError(
            "clips.download needs yt-dlp, which is not installed: `uv sync --group download`. Or put the files "
            "below clips.root yourself and set clips.download to null"
        ) from error

    def fetch(video_id: str, folder: Path) -> Path:
        options = {
            # Sound is not used, and would have to be merged with the video.
            "format": f"bestvideo[height<={MAX_HEIGHT}]/best[height<={MAX_HEIGHT}]",
            "paths": {"home": str(folder)},
            "outtmpl": "%(id)s.%(ext)s",
            "noplaylist": True,
            "fixup": "never",
            "cachedir": False,
            "logger": _Log(),
            "noprogress": True,
            "socket_timeout": 60,
            "sleep_interval": PAUSE[0],
            "max_sleep_interval": PAUSE[1],
        }
        try:
            with YoutubeDL(options) as youtube:
                found = youtube.extract_info(watch_url(video_id))
            return Path(found["requested_downloads"][0]["filepath"])
        except (YoutubeDLError, OSError) as error:
            raise VideoRefused(str(error)) from error
        except (KeyError, IndexError, TypeError) as error:
            raise VideoRefused(f"yt-dlp gave no file ({error})") from error

    return fetch


def count_found(rows: list[dict[str, str]], table: str | Path, rule: str) -> str:
    """The rows by status as a summary; a warning if files are not available, which the `rule` lists in a `table`."""
    counts = Counter(row["status"] for row in rows)
    if set(counts) - {"ok"}:
        logger.warning("Not all files are available: see %s. To try again: add --forcerun %s", table, rule)
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    config, output = snakemake.config, snakemake.output
    clips = shard_clips(snakemake.params.manifest, snakemake.wildcards.shard, config)
    if config["clips"]["download"]:
        rows = find_clips(clips, config["clips"]["root"], make_fetch())
    else:
        rows = find_clips(clips, existing_root(config), None)
    write_shard_csv(output.table, COLUMNS, rows, snakemake.params.clips)
    write_text(output.found, "".join(f"{row['clip_id']}\n" for row in rows if row["status"] == "ok"))
    return count_found(rows, output.table, "find_clips")


if __name__ == "__main__":
    run_job(main, snakemake)

"""Pictures of shots, of three frames each: thumbnails, which are strips of them, and large ones."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.lib.jobs.log import logger, progress
from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media.video import Video, catch_failure
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot

# Frames of a thumbnail are scaled to fit, in pixels; the height is the limit unless the frame is wider than 32:9.
HEIGHT, MAX_WIDTH = 144, 512
# Large frames fit these, and are not enlarged.
LARGE_HEIGHT, LARGE_WIDTH = 480, 1150
GAP = 3
QUALITY = 80
# Positions in a shot, in sixths of its length: the middles of its thirds.
SIXTHS = (1, 3, 5)


def sample_frames(shot: Shot) -> list[int]:
    """Decode indices of the frames that represent a shot: three, or all if it is shorter."""
    n_frames = shot.end_frame - shot.start_frame
    return sorted({shot.start_frame + n_frames * sixth // 6 for sixth in SIXTHS})


def make_thumbnails(
    clips: list[Clip], shots: dict[str, list[Shot]], root: str | None, folder: Path, workers: int = 1
) -> dict[str, int]:
    """Write a strip `<shot_id>.jpg` for every shot, decoding each clip once; a clip that fails is left out.

    A clip without shots is not opened; decoding ends at the last wanted frame. The caller makes
    the folder atomic.

    Args:
        clips: manifest rows.
        shots: the shots by clip id, in order.
        root: folder that the clips' paths are relative to.
        folder: for the thumbnails; made if missing.
        workers: number of clips in parallel.

    Returns:
        Number of thumbnails of each clip with shots.
    """
    return _picture_shots(clips, shots, root, folder, workers, thumbnail, _save_strip)


def make_large_frames(
    clips: list[Clip], shots: dict[str, list[Shot]], root: str | None, folder: Path, workers: int = 1
) -> dict[str, int]:
    """The same with the frames of a shot as large pictures of their own, see `frame_names`.

    Returns:
        Number of shots of each clip that have pictures.
    """
    return _picture_shots(clips, shots, root, folder, workers, large_frame, _save_frames)


def frame_names(shot: Shot) -> list[str]:
    """File names of the shot's large frames: `<shot_id>-1.jpg`, `-2`, `-3`; fewer if it has fewer frames."""
    return [f"{shot.shot_id}-{place}.jpg" for place in range(1, len(sample_frames(shot)) + 1)]


def _picture_shots(
    clips: list[Clip],
    shots: dict[str, list[Shot]],
    root: str | None,
    folder: Path,
    workers: int,
    scale: Callable[[np.ndarray], Image.Image],
    save: Callable[[Path, Shot, list[Image.Image]], None],
) -> dict[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [clip for clip in clips if clip.clip_id in shots]
    counts = {}
    with progress(sum(map(len, shots.values())), "shot", "Making pictures") as bar:
        save_clip = partial(_picture_clip, shots=shots, root=root, folder=folder, bar=bar, scale=scale, save=save)
        for clip, count in zip(wanted, map_in_threads(save_clip, wanted, workers), strict=True):
            counts[clip.clip_id] = count
            logger.info("%s: pictures of %d of %d shot(s)", clip.clip_id, count, len(shots[clip.clip_id]))
    return counts


def _picture_clip(clip: Clip, shots, root, folder, bar, scale, save) -> int:
    count = 0
    for shot, pictures in _pictures(clip, shots[clip.clip_id], root, scale):
        save(folder, shot, pictures)
        count += 1
        bar.update()
    return count


def _pictures(clip: Clip, shots: list[Shot], root: str | None, scale) -> Iterator[tuple[Shot, list[Image.Image]]]:
    """Shots with their scaled frames in the order of decoding; ends early, with a warning, if decoding fails."""
    shot_of = {frame: shot for shot in shots for frame in sample_frames(shot)}
    wanted = [(frame, shot_of[frame]) for frame in sorted(shot_of, reverse=True)]
    pictures: list[Image.Image] = []
    with catch_failure(clip) as outcome, Video(clip, root) as video:
        for frame in video:
            if frame.index != wanted[-1][0]:
                continue
            _, shot = wanted.pop()
            pictures.append(scale(frame.rgb()))
            if not wanted or wanted[-1][1] is not shot:
                yield shot, pictures
                pictures = []
            if not wanted:
                return
    if outcome.failure:
        logger.warning("%s: %s", clip.clip_id, outcome.failure)


def _save_strip(folder: Path, shot: Shot, pictures: list[Image.Image]) -> None:
    side_by_side(pictures).save(folder / f"{shot.shot_id}.jpg", quality=QUALITY, optimize=True)


def _save_frames(folder: Path, shot: Shot, pictures: list[Image.Image]) -> None:
    for name, picture in zip(frame_names(shot), pictures, strict=True):
        picture.save(folder / name, quality=QUALITY, optimize=True)


def thumbnail(pixels: np.ndarray) -> Image.Image:
    """A frame scaled to fit `MAX_WIDTH` by `HEIGHT`, (height, width, 3) uint8."""
    height, width = pixels.shape[:2]
    return _scaled(pixels, min(HEIGHT / height, MAX_WIDTH / width))


def large_frame(pixels: np.ndarray) -> Image.Image:
    """A frame scaled to fit `LARGE_WIDTH` by `LARGE_HEIGHT` if it is larger, (height, width, 3) uint8."""
    height, width = pixels.shape[:2]
    return _scaled(pixels, min(1.0, LARGE_HEIGHT / height, LARGE_WIDTH / width))


def _scaled(pixels: np.ndarray, scale: float) -> Image.Image:
    height, width = pixels.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Images of one size in a row, with a black line of `GAP` pixels between them."""
    width, height = pictures[0].size
    strip = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height))
    for place, picture in enumerate(pictures):
        strip.paste(picture, (place * (width + GAP), 0))
    return strip

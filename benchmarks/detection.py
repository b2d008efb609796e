"""Shot detection per second of processor time, beside PySceneDetect's own on its OpenCV backend.

uv run python -m benchmarks.detection --clip film.mp4
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import scenedetect

from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip
from scripts.shots.detection import detect_cuts, make_detector


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours, theirs, ratios = [], [], []
    for _ in range(options.rounds):
        n_frames, cuts, seconds = _timed(lambda: _our_cuts(options.clip))
        _, expected, their_seconds = _timed(lambda: _their_cuts(options.clip))
        if cuts != expected:
            raise SystemExit(f"cuts differ: {sorted(set(cuts) ^ set(expected))}")
        ours.append(n_frames / seconds)
        theirs.append(n_frames / their_seconds)
        ratios.append(ours[-1] / theirs[-1])
    for name, values in (("this code", ours), ("PySceneDetect", theirs)):
        print(f"{name}: {statistics.median(values):.0f} frames per processor second")
    print(f"ratio: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), the same {len(cuts)} cuts")


def _timed(detect: Callable[[], tuple[int, list[int]]]) -> tuple[int, list[int], float]:
    start = time.process_time()
    n_frames, cuts = detect()
    return n_frames, cuts, time.process_time() - start


def _our_cuts(path: Path) -> tuple[int, list[int]]:
    with Video(Clip("clip", str(path))) as video:
        cuts = detect_cuts(video, make_detector("content", {"threshold": 30}))
        return len(video.times), cuts


def _their_cuts(path: Path) -> tuple[int, list[int]]:
    video = scenedetect.open_video(str(path), backend="opencv")
    manager = scenedetect.SceneManager()
    manager.add_detector(make_detector("content", {"threshold": 30}))
    n_frames = manager.detect_scenes(video)
    scenes = manager.get_scene_list(start_in_scene=True)
    return n_frames, [start.frame_num for start, _ in scenes[1:]]


if __name__ == "__main__":
    main()

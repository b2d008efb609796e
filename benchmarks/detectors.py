"""Precision, recall and F1 of every shot detector against transitions that people have verified, and its speed.

uv run python -m benchmarks.detectors --cuts FOLDER/cuts.json

The JSON has for each clip of its folder `hard`, the first frames of new shots, and `gradual`, the first and last frames
of fades and dissolves; all are decode indices. Clips with a variable frame rate are left out.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip
from scripts.shots.detect_shots import cut_finder
from scripts.shots.detection import DETECTORS, TRANSNET

# Frames between a verified transition and a cut that counts as it.
TOLERANCE = 2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=Path, required=True)
    path = parser.parse_args().cuts
    ours = yaml.safe_load(Path("config/default.yaml").read_text(encoding="utf-8"))["shots"]["parameters"]
    choices = {f"{name}, as configured": (name, ours[name]) for name in ours}
    choices |= {f"{name}, PySceneDetect's defaults": (name, {}) for name in DETECTORS}
    for label, (name, parameters) in sorted(choices.items(), key=lambda choice: choice[0].startswith(TRANSNET)):
        counts = sum(measure(path, name, parameters).values(), Counter())
        precision, recall, f1 = scores(counts)
        kinds = ", ".join(f"{counts[kind, 'found']} of {counts[kind, 'all']} {kind}" for kind in ("hard", "gradual"))
        print(
            f"{label}: precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}, {kinds}, {counts['false']} false; "
            f"{counts['frames'] / counts['seconds']:.0f} frames per second of processor time"
        )


def measure(path: Path, detector: str, parameters: dict) -> dict[str, Counter]:
    """For each clip of such a JSON: counts as by `compare`, its `frames`, and the `seconds` of processor time."""
    find_cuts = cut_finder(detector, parameters)
    found = {}
    for name, verified in json.loads(path.read_text(encoding="utf-8")).items():
        if name == "note":
            continue
        start = time.process_time()
        with Video(Clip("clip", str(path.parent / name))) as video:
            cuts = find_cuts(video)
            spent, varies = time.process_time() - start, video.info().vfr
        if not varies:
            found[name] = compare(cuts, verified["hard"], verified.get("gradual", []))
            found[name] += Counter(frames=len(video.times), seconds=spent)
    return found


def compare(cuts: Sequence[int], hard: Iterable[int], gradual: Iterable[Sequence[int]]) -> Counter:
    """How many verified transitions there are and how many a detector has found, by kind, and its `false` cuts.

    A cut stands for one transition at most; the first frame after a gradual one counts as part of it.
    """
    transitions = [(cut, cut, "hard") for cut in hard] + [(first, last + 1, "gradual") for first, last in gradual]
    left, counts = sorted(cuts), Counter()
    # In the order of their ends each takes the first cut that is left: no other choice finds more.
    for first, last, kind in sorted(transitions, key=lambda transition: transition[1]):
        match = next((cut for cut in left if first - TOLERANCE <= cut <= last + TOLERANCE), None)
        counts[kind, "all"] += 1
        if match is not None:
            counts[kind, "found"] += 1
            left.remove(match)
    counts["false"] = len(left)
    return counts


def scores(counts: Counter) -> tuple[float, float, float]:
    """Precision, recall and F1 of such counts."""
    found, known = (counts["hard", which] + counts["gradual", which] for which in ("found", "all"))
    precision, recall = found / max(1, found + counts["false"]), found / max(1, known)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


if __name__ == "__main__":
    main()

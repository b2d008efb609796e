"""The gallery of a whole collection: built, opened in Chromium from disk, and filtered.

    uv run python -m benchmarks.gallery

writes as many shots as the paper's collection has (see `benchmarks.dataset`), each with a link to one small picture,
reads their table, builds the page, and opens it in a new window each round. Opening and filtering are over when the
browser has drawn the cards.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.dataset import CLIP_SETTINGS, SETTINGS, Files, measure, run, write_shards
from scripts.lib.records.clips import cut_shards, fingerprint, read_manifest
from scripts.lib.records.groups import GROUPS
from scripts.lib.records.labels import read_labels
from scripts.lib.records.shots import read_shots
from scripts.lib.tables.rows import write_csv
from scripts.lib.tables.shards import mark_folder
from tests.browser.conftest import ARGUMENTS, DESKTOP, Gallery
from tests.helpers.galleries import PARTS

TABLES = {"shots": "parquet", "trust": "csv", "failures": "csv", "groups": "csv"}
# Controls of the page and what is chosen; None is the first choice.
CHOICES = {
    "movie": None,
    "genre": "Drama",
    "flag": "none",
    "min": "0.4",
    "text": "film 12",
    "max": "0.4",
    "trust": None,
    "group": None,
    "is-setting": None,
    "from": "1990",
    "sort": "entropy",
}
DRAWN = "new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=32484)
    parser.add_argument("--shots", type=int, default=1124638)
    parser.add_argument("--movies", type=int, default=3574)
    parser.add_argument("--labels", type=int, default=179)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shards(folder, options)
        for step in ("collect_shots", "judge_shots"):
            run(step, name)
        link_pictures(folder)
        write_groups(folder)
        table, page = folder / "shots.parquet", folder / "gallery/index.html"
        read = f"from scripts.lib.tables.frames import read_parquet; read_parquet({str(table)!r})"
        measure(f"reading shots.parquet ({table.stat().st_size / 1e6:.0f} MB)", read)
        measure("make_gallery", f"from benchmarks.gallery import build; build({name!r})")
        print(f"the page: {page.stat().st_size / 1e6:.0f} MB")
        for what, seconds in use(page, options.rounds).items():
            print(f"{what}: {statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f})")


def write_groups(folder: Path) -> None:
    """A group for each label, in turn."""
    labels = read_labels(folder / "labels.txt")
    rows = [{"label": label, "group": GROUPS[place % len(GROUPS)]} for place, label in enumerate(labels)]
    write_csv(folder / "groups.csv", ["label", "group"], rows)


def link_pictures(folder: Path) -> None:
    """Folders of thumbnails, each with a single file that has the names of all its shots."""
    for shard, clips in cut_shards(read_manifest(folder / "manifest.csv"), CLIP_SETTINGS).items():
        place, mark = folder / "gallery/thumbnails" / shard, fingerprint(clips)
        place.mkdir(parents=True)
        Image.new("RGB", (486, 90), (120, 90, 60)).save(place / "strip", "jpeg")
        for shots in read_shots(folder / f"{shard}.shots.csv", mark).values():
            for shot in shots:
                os.link(place / "strip", place / f"{shot.shot_id}.jpg")
        mark_folder(place, mark)


def build(name: str) -> None:
    """The job `make_gallery`."""
    from scripts.gallery.make_gallery import main

    folder = Path(name)
    thumbnails = sorted(map(str, (folder / "gallery/thumbnails").iterdir()))
    tables = {name: str(folder / f"{name}.{kind}") for name, kind in TABLES.items()}
    files = Files(thumbnails=thumbnails, clusters=str(folder / "labels.txt"), page=PARTS, **tables)
    config = {"run": "made up", "clips": CLIP_SETTINGS}
    params = SimpleNamespace(manifest=str(folder / "manifest.csv"), threshold=SETTINGS["top1_threshold"])
    main(SimpleNamespace(input=files, output=[str(folder / "gallery/index.html")], params=params, config=config))


def use(path: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of opening the page and of each of `CHOICES`, by round."""
    seconds = defaultdict(list)
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or sys.exit("no Chromium: apt-get install chromium")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for _ in range(rounds):
            context = browser.new_context(viewport=DESKTOP)
            gallery = Gallery(context.new_page())
            start = time.perf_counter()
            gallery.open(path)
            gallery.page.evaluate(DRAWN)
            seconds["opening"].append(time.perf_counter() - start)
            label = gallery.page.evaluate("document.querySelector('#label-list input').value")
            seconds["choosing a label"].append(gallery.tick(label) / 1000)
            gallery.page.click("#reset")
            for control, value in CHOICES.items():
                value = value or gallery.page.evaluate("(id) => document.getElementById(id).options[1].value", control)
                seconds[f"choosing {control}"].append(gallery.set(control, value) / 1000)
                gallery.page.click("#reset")
            context.close()
        browser.close()
    return seconds


if __name__ == "__main__":
    main()

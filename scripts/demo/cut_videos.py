"""Cut web videos and trailers from the shots of the demo's trailers, whose places and genres are known.

No movie of these is one of the films that models are trained on. A web video shows one to three places of several
movies, and no place is in two of them; a trailer has all shots of a movie.
"""

from itertools import groupby
from pathlib import Path

import av
import numpy as np

from scripts.demo.render_scales import FPS, FRAMES
from scripts.lib.files.atomic import atomic_folder
from scripts.lib.jobs.log import run_job
from scripts.lib.tables.rows import read_csv, write_csv

PLACES = (1, 2, 3)
# Of the videos, up to the end of train and of val; web videos of val count as train, as in HVU.
ENDS = {"train": 0.6, "val": 0.75, "test": 1.0}
# Seconds of another video before and after a web video, whose times are a window of its file.
SHOT_SECONDS = FRAMES / FPS
MARGIN = SHOT_SECONDS
# Tags that are no scene, by light, for HVU's other categories.
LIGHTS = {"night": ("night", "concept"), "day": ("daytime", "concept"), "red": ("red", "attribute")}


def join_shots(shots: list[Path], path: Path) -> None:
    """Write files of the same codec and size one after the other into one, without encoding them again.

    Each lasts `SHOT_SECONDS`, also its last frame, whose length the file of a shot does not tell.
    """
    with av.open(str(path), "w") as joined:
        stream, offset = None, 0
        for shot in shots:
            with av.open(str(shot)) as source:
                pictures = source.streams.video[0]
                stream = stream or joined.add_stream_from_template(pictures)
                for packet in source.demux(pictures):
                    # The last packet is empty.
                    if packet.dts is not None:
                        packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                        packet.duration = round(1 / FPS / packet.time_base)
                        joined.mux(packet)
                offset += round(SHOT_SECONDS / pictures.time_base)


def deal_places(truth: list[dict[str, str]], seed: int) -> list[list[list[dict[str, str]]]]:
    """Web videos as lists of places, which are lists of shots: all places in random order, one to three a video."""
    places = [list(shots) for _, shots in groupby(truth, key=lambda row: (row["movie_id"], row["label"]))]
    random = np.random.default_rng([seed, 2])
    order = iter(random.permutation(len(places)))
    videos = []
    while video := [places[index] for _, index in zip(range(random.choice(PLACES)), order, strict=False)]:
        videos.append(video)
    return videos


def split_of(number: int, count: int) -> str:
    """Split of one of `count` videos, numbered from 0."""
    return next(split for split, end in ENDS.items() if number < end * count)


def cut_web_videos(truth: list[dict[str, str]], source: Path, folder: Path, seed: int) -> dict[str, list[dict]]:
    """Write the web videos; return rows in HVU's form by `train`, `test` and `tags`.

    The first video of test has no file, as some of YouTube's are gone.
    """
    rows: dict[str, list[dict]] = {"train": [], "test": []}
    videos = [[shot for place in video for shot in place] for video in deal_places(truth, seed)]
    tags = {row["label"].replace(" ", "_"): "scene" for row in truth} | dict(LIGHTS.values())
    for number, shots in enumerate(videos):
        name, split = f"demoweb{number:04d}", split_of(number, len(videos))
        scenes = dict.fromkeys(shot["label"].replace(" ", "_") for shot in shots)
        others = dict.fromkeys(LIGHTS[shot["light"]][0] for shot in shots if shot["light"] in LIGHTS)
        end = MARGIN + len(shots) * SHOT_SECONDS
        row = {"Tags": "|".join([*others, *scenes]), "youtube_id": name, "time_start": MARGIN, "time_end": end}
        part = rows["test" if split == "test" else "train"]
        part.append(row)
        if part is rows["test"] and len(part) == 1:
            continue
        margin = videos[number - 1][-1]
        files = (source / shot["movie_id"] / f"shot_{shot['shot']}.mp4" for shot in (margin, *shots, margin))
        join_shots(list(files), folder / f"{name}.mp4")
    return rows | {"tags": [{"Tag": tag, "Category": category} for tag, category in sorted(tags.items())]}


def cut_trailers(truth: list[dict[str, str]], source: Path, folder: Path) -> list[dict]:
    """Write the trailers; return rows of the neutral list of videos."""
    rows = []
    movies = [(movie, list(shots)) for movie, shots in groupby(truth, key=lambda row: row["movie_id"])]
    for number, (movie, shots) in enumerate(movies):
        join_shots([source / movie / f"shot_{shot['shot']}.mp4" for shot in shots], folder / f"{movie}.mp4")
        split = split_of(number, len(movies))
        rows.append({"trailer_id": movie, "path": f"{movie}.mp4", "split": split, "genres": shots[0]["genres"]})
    return rows


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    output, source = snakemake.output, Path(snakemake.input.shots)
    truth = read_csv(snakemake.input.truth)
    with atomic_folder(output.web_videos) as folder:
        web = cut_web_videos(truth, source, folder, snakemake.params.seed)
    with atomic_folder(output.trailer_videos) as folder:
        trailers = cut_trailers(truth, source, folder)
    for path in output.web:
        rows = web[Path(path).stem]
        write_csv(path, rows[0], rows)
    write_csv(output.trailers, trailers[0], trailers)
    return f"{len(web['train']) + len(web['test'])} web videos, {len(trailers)} trailers"


if __name__ == "__main__":
    run_job(main, snakemake)

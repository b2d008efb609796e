"""Shots made up for the gallery, and the page of them."""

import base64
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.gallery.page import gallery_data
from scripts.lib.pages import build as pages
from scripts.lib.records.shots import shot_id
from tests.helpers import ROOT

PAGES = ROOT / "scripts/lib/pages"
PAGE = [PAGES / part for part in ("frame.html", "base.css", "base.js")]
SHOT_CARDS = [PAGES / part for part in ("shots.css", "shots.js")]
PARTS = [*PAGE, *SHOT_CARDS, *(PAGES / f"gallery.{part}" for part in ("html", "css", "js"))]
GENRES = ("Action", "Comedy", "Crime|Drama", "Drama", "")


def make_shots(n_shots: int, n_labels: int = 179, per_clip: int = 25, seed: int = 0) -> pd.DataFrame:
    """Rows of `shots.parquet`: five clips a movie, shots of one to five seconds, random scores."""
    random = np.random.default_rng(seed)
    labels = np.array([f"label {index:03d}" for index in range(n_labels)], object)
    logits = random.normal(0, 2.5, (n_shots, n_labels))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    order = np.argsort(-scores, axis=1)[:, :5]
    clip, place = np.divmod(np.arange(n_shots), per_clip)
    seconds = random.uniform(1, 5, n_shots)
    ends = pd.Series(seconds).groupby(clip).cumsum()
    clip_ids = [f"clip_{index:04d}" for index in clip]
    table = pd.DataFrame(
        {
            "shot_id": [shot_id(*pair) for pair in zip(clip_ids, place + 1, strict=True)],
            "clip_id": clip_ids,
            "movie_id": [f"tt{index // 5:07d}" for index in clip],
            "title": [f"Movie {index // 5}" for index in clip],
            "year": [str(1930 + index // 5 % 90) for index in clip],
            "genres": [GENRES[index // 5 % len(GENRES)] for index in clip],
            "shot": place + 1,
            "start_frame": ((ends - seconds) * 24).round().astype(int),
            "end_frame": (ends * 24).round().astype(int),
            "start_time": ends - seconds,
            "end_time": ends,
            "entropy": -(scores * np.log(scores)).sum(axis=1),
            "flags": random.choice(["", "", "", "black|uniform", "uniform", "short"], n_shots),
        }
    )
    for rank in range(5):
        known = rank < order.shape[1]
        table[f"label_{rank + 1}"] = labels[order[:, rank]] if known else None
        table[f"score_{rank + 1}"] = np.take_along_axis(scores, order, 1)[:, rank] if known else np.nan
    return table


def write_page(
    path: Path, shots: pd.DataFrame, pictures: dict[str, str] | None = None, run: str = "made up", **told
) -> Path:
    """The gallery of these shots; `pictures` and `told` as in `gallery_data`."""
    pages.write_page(path, gallery_data(shots, pictures or {}, run, **told), PARTS)
    return path


def unpack_numbers(packed: dict) -> np.ndarray:
    """Numbers as a page reads them, see `pack_numbers`; NaN for none."""
    counted = np.frombuffer(base64.b64decode(packed["base64"]), f"<u{packed['bits'] // 8}").astype(np.float64)
    return np.where(counted, (counted - 1 + packed["low"]) / 10 ** packed["digits"], np.nan)

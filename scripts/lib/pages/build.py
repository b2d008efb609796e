"""Offline pages, one HTML file each without external resources, and the shots that they show."""

import base64
import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.files.atomic import write_text
from scripts.lib.pages.colours import label_colours
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS

KINDS = (".html", ".css", ".js")
# Up to this number of shots the page includes its pictures and is a single file.
MAX_INLINED = 300
SCORE_DIGITS, ENTROPY_DIGITS, TIME_DIGITS = 4, 3, 3


def write_page(page: Path, data: dict, parts: list[str]) -> None:
    """Write one page from its parts, atomically.

    Args:
        page: path of the page.
        data: see `render_page`.
        parts: the frame and the body (`.html`, in this order), style sheets (`.css`) and scripts
            (`.js`), each kind concatenated in the given order.
    """
    texts = {
        suffix: [Path(part).read_text("utf-8") for part in parts if str(part).endswith(suffix)] for suffix in KINDS
    }
    frame, body = texts[".html"]
    write_text(page, render_page(data, frame, body, "\n".join(texts[".css"]), "\n".join(texts[".js"])))


def render_page(data: dict, frame: str, body: str, css: str, js: str) -> str:
    """The whole page. Nothing in `data` is parsed as markup, and no other script can run.

    Args:
        data: what the page shows, serialisable as JSON.
        frame: the document, with `{{body}}`, `{{style}}`, `{{script}}`, the last two's hashes and
            `{{data}}` to fill in.
        body: HTML that is shown before the script runs.
        css: its style sheet, without `</style`.
        js: its script, without `</script`.
    """
    # In a script element "</script" and "<!--" are special; JSON can escape every "<".
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "body": body,
        "style": css,
        "script": js,
        "data": text,
        "style-hash": _csp_hash(css),
        "script-hash": _csp_hash(js),
    }
    return re.sub(r"\{\{([a-z-]+)\}\}", lambda match: parts[match[1]], frame)


def _csp_hash(text: str) -> str:
    """The hash by which a content security policy allows an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def place_pictures(folders: list[str], page: Path, shot_ids: Iterable[str]) -> dict[str, str]:
    """URLs of the shots' pictures by shot id; `data:` URLs if there are few shots."""
    wanted = set(shot_ids)
    pictures = {shot_id: address for shot_id, address in find_pictures(folders, page).items() if shot_id in wanted}
    return inline_pictures(pictures, page) if len(wanted) <= MAX_INLINED else pictures


def find_pictures(folders: list[str], page: Path) -> dict[str, str]:
    """URLs of the pictures in these folders by shot id, relative to the page and not escaped."""
    return {
        name.removesuffix(".jpg"): f"{Path(os.path.relpath(folder, page.parent)).as_posix()}/{name}"
        for folder in folders
        for name in os.listdir(folder)
        if name.endswith(".jpg")
    }


def inline_pictures(pictures: dict[str, str], page: Path) -> dict[str, str]:
    """The same with the pictures as `data:` URLs."""
    return {
        shot_id: "data:image/jpeg;base64," + base64.b64encode((page.parent / address).read_bytes()).decode("ascii")
        for shot_id, address in pictures.items()
    }


def shots_data(
    shots: pd.DataFrame, pictures: dict[str, str], run: str, clusters: Mapping[str, int] | None = None
) -> dict:
    """Shots for a page, by columns; labels, movies and so on are lists, and columns hold indices into them.

    Args:
        shots: rows of `dataset/shots.parquet`.
        pictures: URL of each shot's picture by shot id, `<folder>/<shot_id>.jpg` or `data:`; shots without one are
            left out.
        run: the run's name.
        clusters: see `label_colours`.

    Returns:
        `labels` (top-1 labels first, by frequency) and their `colours`, `genres`, `flags`, `pictures` (folders and
        `data:` URLs); `movies` and `clips`, each with its columns; `shots` with the columns clip, number, start, end
        (seconds), labels and scores (one column per rank), entropy, flags (bit k: `flags[k]`) and picture, all
        packed, see `pack_numbers`. Without label or picture the index is -1.
    """
    labels = _labels(shots)
    index = {label: place for place, label in enumerate(labels)}
    clips = shots.drop_duplicates("clip_id")
    movies = clips[["movie_id", "title", "year"]].fillna("").drop_duplicates()
    named = movies[(movies["movie_id"] != "") | (movies["title"] != "")].reset_index(drop=True)
    movie_of = {tuple(row): place for place, row in enumerate(named.itertuples(index=False))}
    genres_of = [_split(value) for value in clips["genres"]]
    genres = sorted({genre for names in genres_of for genre in names})
    flags_of = {value: _split(value) for value in shots["flags"].unique()}
    flags = list(dict.fromkeys(["black", "uniform", "short", *itertools.chain(*flags_of.values())]))
    bits_of = {value: sum(1 << flags.index(name) for name in names) for value, names in flags_of.items()}
    places = [pictures.get(name, "").removesuffix(f"/{name}.jpg") for name in shots["shot_id"]]
    place_of = {place: number for number, place in enumerate(filter(None, dict.fromkeys(places)))}
    return {
        "run": run,
        "labels": labels,
        "colours": list(label_colours(labels, clusters).values()),
        "genres": genres,
        "flags": flags,
        "pictures": list(place_of),
        "movies": {"id": list(named["movie_id"]), "title": list(named["title"]), "year": list(named["year"])},
        "clips": {
            "id": list(clips["clip_id"]),
            "movie": [
                movie_of.get(tuple(row), -1)
                for row in clips[["movie_id", "title", "year"]].fillna("").itertuples(index=False)
            ],
            "genres": [[genres.index(name) for name in names] for names in genres_of],
        },
        "shots": {
            "clip": pack_numbers(pd.factorize(shots["clip_id"])[0]),
            "number": pack_numbers(shots["shot"]),
            "start": pack_numbers(shots["start_time"], TIME_DIGITS),
            "end": pack_numbers(shots["end_time"], TIME_DIGITS),
            "labels": [pack_numbers(shots[name].map(index).fillna(-1)) for name in LABEL_COLUMNS],
            "scores": [pack_numbers(shots[name], SCORE_DIGITS) for name in SCORE_COLUMNS],
            "entropy": pack_numbers(shots["entropy"], ENTROPY_DIGITS),
            "flags": pack_numbers(shots["flags"].map(bits_of)),
            "picture": pack_numbers([place_of.get(place, -1) for place in places]),
        },
    }


def _labels(shots: pd.DataFrame) -> list[str]:
    """Labels in the top 5 of any shot: the most frequent top-1 label first, ties by name."""
    counts = shots["label_1"].value_counts()
    found = {label for name in LABEL_COLUMNS for label in shots[name].dropna().unique()}
    return sorted(found, key=lambda label: (-int(counts.get(label, 0)), label))


def _split(names: object) -> list[str]:
    """The unique parts of a `|`-separated text; none for empty text."""
    parts = names.split("|") if isinstance(names, str) else []
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def pack_numbers(values: Sequence[float], digits: int = 0) -> dict:
    """Numbers in a form that a page reads in milliseconds where there are a million; `shots.js` unpacks them.

    Args:
        values: those that are not finite are none.
        digits: decimals that are kept.

    Returns:
        `low`, `digits`, `bits` (8, 16 or 32) and `base64`: little-endian whole numbers of so many bits, 0 for none,
        otherwise 1 + 10^digits * value - low.
    """
    steps = np.rint(np.asarray(values, np.float64) * 10**digits)
    known = np.isfinite(steps)
    low = int(steps.min(where=known, initial=np.inf)) if known.any() else 0
    counted = np.where(known, steps - low + 1, 0)
    kind = np.min_scalar_type(int(counted.max(initial=0)))
    text = base64.b64encode(counted.astype(kind.newbyteorder("<")).tobytes()).decode("ascii")
    return {"low": low, "digits": digits, "bits": 8 * kind.itemsize, "base64": text}

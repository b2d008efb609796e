"""Offline pages, one HTML file each without external resources, and the shots that they show."""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.files.atomic import atomic_path
from scripts.lib.records.labels import TOP

KINDS = (".html", ".css", ".js")
# Up to this number of shots the page includes its pictures and is a single file.
MAX_INLINED = 300
SCORE_DIGITS, TIME_DIGITS = 4, 3


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
    with atomic_path(page) as temporary:
        text = render_page(data, frame, body, "\n".join(texts[".css"]), "\n".join(texts[".js"]))
        temporary.write_text(text, encoding="utf-8")


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
        path.stem: Path(os.path.relpath(path, page.parent)).as_posix()
        for folder in folders
        for path in Path(folder).glob("*.jpg")
    }


def inline_pictures(pictures: dict[str, str], page: Path) -> dict[str, str]:
    """The same with the pictures as `data:` URLs."""
    return {
        shot_id: "data:image/jpeg;base64," + base64.b64encode((page.parent / address).read_bytes()).decode("ascii")
        for shot_id, address in pictures.items()
    }


def shots_data(shots: pd.DataFrame, pictures: dict[str, str], run: str) -> dict:
    """Shots for a page, by columns; labels, movies and so on are lists, and columns hold indices into them.

    Args:
        shots: rows of `dataset/shots.parquet`.
        pictures: URL of each shot's picture by shot id; shots without one are left out.
        run: the run's name.

    Returns:
        `labels` (top-1 labels first, by frequency), `genres`, `flags`; `movies`
        and `clips`, each with its columns; `shots` with the columns clip, number, start, end
        (seconds), labels and scores (one list per rank, -1 and None if there is none), entropy
        (None if there is none), flags (bit k: `flags[k]`) and picture (None without one).
    """
    labels = _labels(shots)
    index = {label: place for place, label in enumerate(labels)}
    clips = shots.drop_duplicates("clip_id")
    movies = clips[["movie_id", "title", "year"]].fillna("").drop_duplicates()
    named = movies[(movies["movie_id"] != "") | (movies["title"] != "")].reset_index(drop=True)
    movie_of = {tuple(row): place for place, row in enumerate(named.itertuples(index=False))}
    genres_of = [_split(value) for value in clips["genres"]]
    genres = sorted({genre for names in genres_of for genre in names})
    flags_of = [_split(value) for value in shots["flags"]]
    flags = list(dict.fromkeys([*("black", "uniform", "short"), *(flag for names in flags_of for flag in names)]))
    return {
        "run": run,
        "labels": labels,
        "genres": genres,
        "flags": flags,
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
            "clip": pd.factorize(shots["clip_id"])[0].tolist(),
            "number": shots["shot"].tolist(),
            "start": _rounded(shots["start_time"], TIME_DIGITS),
            "end": _rounded(shots["end_time"], TIME_DIGITS),
            "labels": [shots[f"label_{rank}"].map(index).fillna(-1).astype(int).tolist() for rank in _ranks()],
            "scores": [_rounded(shots[f"score_{rank}"], SCORE_DIGITS) for rank in _ranks()],
            "entropy": _rounded(shots["entropy"], TIME_DIGITS),
            "flags": [sum(1 << flags.index(name) for name in names) for names in flags_of],
            "picture": [pictures.get(shot_id) for shot_id in shots["shot_id"]],
        },
    }


def _ranks() -> range:
    return range(1, TOP + 1)


def _labels(shots: pd.DataFrame) -> list[str]:
    """Labels in the top 5 of any shot: the most frequent top-1 label first, ties by name."""
    counts = shots["label_1"].value_counts()
    found = {label for rank in _ranks() for label in shots[f"label_{rank}"].dropna()}
    return sorted(found, key=lambda label: (-int(counts.get(label, 0)), label))


def _split(names: object) -> list[str]:
    """The unique parts of a `|`-separated text; none for empty text."""
    parts = names.split("|") if isinstance(names, str) else []
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _rounded(values: pd.Series, digits: int) -> list[float | None]:
    """Numbers for JSON, which has no NaN."""
    values = values.astype("float64").round(digits)
    return [value if np.isfinite(value) else None for value in values.tolist()]

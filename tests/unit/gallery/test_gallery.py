"""The gallery's pictures and its page: the right frames, the shots as they are, and nothing else that runs."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts.gallery.page import gallery_data, read_gallery_data
from scripts.lib.media.thumbnails import GAP, HEIGHT, make_thumbnails, sample_frames, thumbnail
from scripts.lib.pages.build import find_pictures, inline_pictures, pack_numbers, shots_data
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot
from tests.helpers.galleries import make_shots, unpack_numbers, write_page

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 120, 120)
HOSTILE = "</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<!--<script>", "{{script}}", "a&lt;b"


def shot(clip_id, number, start, end):
    return Shot(clip_id, number, start, end, start / 24, end / 24)


def strip_colours(path):
    """The colour in the middle of each frame of a strip of 160 by 96 pictures, nearest hundredth."""
    with Image.open(path) as image:
        assert image.height == HEIGHT
        width = round(160 * HEIGHT / 96)
        n_frames = (image.width + GAP) // (width + GAP)
        assert image.width == n_frames * (width + GAP) - GAP
        pixels = np.asarray(image.convert("RGB")).astype(int)
    return [pixels[HEIGHT // 2, place * (width + GAP) + width // 2] for place in range(n_frames)]


def like(pixel, colour):
    return np.abs(pixel - np.array(colour)).max() < 25


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 600, [100, 300, 500]), (10, 13, [10, 11, 12]), (7, 9, [7, 8]), (5, 6, [5]), (0, 4, [0, 2, 3])],
)
def test_frames_from_the_middles_of_a_shots_thirds(start, end, expected):
    assert sample_frames(shot("a", 1, start, end)) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [((1920, 1080), (256, 144)), ((90, 160), (81, 144)), ((900, 20), (512, 11))]
)
def test_a_thumbnail_keeps_the_pictures_shape(size, expected):
    assert thumbnail(np.zeros((size[1], size[0], 3), np.uint8)).size == expected


def test_strips_show_the_right_frames(make_video, tmp_path):
    """Each third of the first shot has its colour, the second has two frames, the third a single one."""
    video = make_video([(RED, 8), (GREEN, 8), (BLUE, 8), (GREY, 1), (RED, 1), (GREEN, 1), (BLUE, 9)], clip_id="thirds")
    shots = [shot("thirds", 1, 0, 24), shot("thirds", 2, 24, 26), shot("thirds", 3, 26, 27), shot("thirds", 4, 27, 36)]
    assert make_thumbnails([video.clip], {"thirds": shots}, None, tmp_path) == {"thirds": 4}
    expected = {1: [RED, GREEN, BLUE], 2: [GREY, RED], 3: [GREEN], 4: [BLUE, BLUE, BLUE]}
    for number, colours in expected.items():
        found = strip_colours(tmp_path / f"thirds-Scene-{number:03d}.jpg")
        assert len(found) == len(colours)
        assert all(map(like, found, colours)), (number, found)


def test_a_clip_that_fails_now_is_left_out(make_video, tmp_path, caplog):
    """It was usable when its shots were found; the others get their pictures, and the log says why."""
    video = make_video([(RED, 12)], clip_id="good")
    gone, short = Clip("gone", str(tmp_path / "gone.mp4")), Clip("short", video.path)
    shots = {
        "good": [shot("good", 1, 0, 12)],
        "gone": [shot("gone", 1, 0, 12)],
        "short": [shot("short", 1, 0, 12), shot("short", 2, 12, 40)],
    }
    unusable = Clip("never", "never.mp4")
    counts = make_thumbnails([gone, unusable, video.clip, short], shots, None, tmp_path / "out", workers=2)
    assert counts == {"gone": 0, "good": 1, "short": 1}
    assert "gone: the file does not exist" in caplog.text
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"good-Scene-001.jpg", "short-Scene-001.jpg"}


class Reader(HTMLParser):
    """Elements of a page as a browser's parser sees them, and the text of each script and style."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.inside = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = self.tags[-1] if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, text):
        if self.inside:
            self.texts.append((self.inside, text))


def data_of(path):
    """What the page carries, read as a browser would; columns of shots unpacked, those of whole numbers as such."""
    reader = Reader(path.read_text(encoding="utf-8"))
    data = json.loads(next(text for (_, attributes), text in reader.texts if attributes.get("id") == "data"))
    if "shots" not in data:
        return data
    rows = data["shots"] = {
        name: np.array([unpack_numbers(one) for one in column] if isinstance(column, list) else unpack_numbers(column))
        for name, column in data["shots"].items()
    }
    whole = ("clip", "number", "labels", "flags", "picture")
    return {**data, "shots": rows | {name: rows[name].astype(int) for name in whole}}


def test_the_page_carries_every_shot_of_the_parquet(tmp_path):
    """Columns and indices put together again are the table, to four decimals of a score."""
    made = make_shots(700, n_labels=30)
    made.loc[:24, ["movie_id", "title", "year", "genres"]] = ""
    made.to_parquet(tmp_path / "shots.parquet")
    shots = pd.read_parquet(tmp_path / "shots.parquet")
    data = data_of(write_page(tmp_path / "index.html", shots))
    rows, clips, movies = data["shots"], data["clips"], data["movies"]
    assert [clips["id"][clip] for clip in rows["clip"]] == list(shots["clip_id"])
    for column in ("id", "title", "year"):
        found = [movies[column][clips["movie"][clip]] if clips["movie"][clip] >= 0 else "" for clip in rows["clip"]]
        assert found == list(shots["movie_id" if column == "id" else column])
    assert ["|".join(data["genres"][name] for name in clips["genres"][clip]) for clip in rows["clip"]] == list(
        shots["genres"]
    )
    assert [
        "|".join(name for bit, name in enumerate(data["flags"]) if flags >> bit & 1) for flags in rows["flags"]
    ] == (list(shots["flags"]))
    for rank in range(5):
        assert [data["labels"][label] for label in rows["labels"][rank]] == list(shots[f"label_{rank + 1}"])
        assert np.allclose(rows["scores"][rank], shots[f"score_{rank + 1}"], atol=5.1e-5)
    assert (rows["number"] == shots["shot"]).all()
    assert np.allclose(rows["entropy"], shots["entropy"], atol=5.1e-4)
    for key in ("start", "end"):
        assert np.allclose(rows[key], shots[f"{key}_time"], atol=5.1e-3)
    counts = shots["label_1"].value_counts()
    assert [counts.get(label, 0) for label in data["labels"]] == sorted(counts, reverse=True)[: len(data["labels"])]


def test_fewer_than_five_labels_and_scores_without_entropy(tmp_path):
    shots = make_shots(4, n_labels=2).assign(entropy=np.nan)
    rows = data_of(write_page(tmp_path / "index.html", shots))["shots"]
    assert np.isnan(rows["entropy"]).all()
    assert (rows["labels"][2:] == -1).all()
    assert np.isnan(rows["scores"][2:]).all() and not np.isnan(rows["scores"][:2]).any()


def test_a_run_without_any_shot_has_a_page(tmp_path):
    assert data_of(write_page(tmp_path / "index.html", make_shots(4).iloc[:0]))["shots"]["clip"].size == 0


@pytest.mark.parametrize(
    ("values", "digits", "bits"),
    [
        ([0, 254], 0, 8),
        ([-1, 254], 0, 16),
        ([-0.25, np.nan, 0.3], 4, 16),
        ([np.nan, np.nan], 3, 8),
        ([0.001, 7200.5, np.inf], 3, 32),
        ([70_000.125, 70_000.126], 3, 8),
    ],
)
def test_numbers_take_the_bits_that_their_range_needs(values, digits, bits):
    packed = pack_numbers(values, digits)
    known = np.where(np.isfinite(values), values, np.nan)
    assert packed["bits"] == bits
    np.testing.assert_allclose(unpack_numbers(packed), known, rtol=0, atol=1e-9)


@pytest.mark.parametrize("column", ["title", "label_1", "genres", "flags", "year", "movie_id", "clip_id"])
def test_no_text_can_break_out_of_the_data(tmp_path, column):
    """A page with hostile words has the same elements as one without, and carries the words unchanged."""
    shots = make_shots(len(HOSTILE), per_clip=1)
    plain = Reader(write_page(tmp_path / "plain.html", shots).read_text())
    shots[column] = HOSTILE
    page = write_page(tmp_path / "index.html", shots, run=HOSTILE[0])
    assert Reader(page.read_text()).tags == plain.tags
    data = data_of(page)
    assert data["run"] == HOSTILE[0]
    place = {
        "title": data["movies"]["title"],
        "year": data["movies"]["year"],
        "movie_id": data["movies"]["id"],
        "clip_id": data["clips"]["id"],
        "label_1": data["labels"],
        "genres": data["genres"],
        "flags": data["flags"],
    }[column]
    assert set(HOSTILE) <= set(place)


def test_no_picture_address_can_break_out(tmp_path):
    """Folders may be called anything."""
    shots = make_shots(len(HOSTILE))
    pictures = {name: f"{folder}/{name}.jpg" for name, folder in zip(shots["shot_id"], HOSTILE, strict=True)}
    page = write_page(tmp_path / "index.html", shots, pictures)
    assert Reader(page.read_text()).tags == Reader(write_page(tmp_path / "b.html", shots).read_text()).tags
    assert data_of(page)["pictures"] == list(HOSTILE)


def test_a_page_names_each_folder_of_pictures_once():
    shots = make_shots(6, per_clip=2)
    pictures = {name: f"thumbnails/{place // 4}/{name}.jpg" for place, name in enumerate(shots["shot_id"])}
    pictures |= {shots["shot_id"][1]: "data:image/jpeg;base64,YQ=="}
    del pictures[shots["shot_id"][2]]
    data = shots_data(shots, pictures, "run")
    assert data["pictures"] == ["thumbnails/0", "data:image/jpeg;base64,YQ==", "thumbnails/1"]
    assert unpack_numbers(data["shots"]["picture"]).tolist() == [0, 1, -1, 0, 2, 2]


def test_only_the_pages_own_script_and_style_may_run(tmp_path):
    """The content security policy names both by their hashes and allows no connection."""
    reader = Reader(write_page(tmp_path / "index.html", make_shots(3)).read_text())
    (policy,) = [attributes["content"] for _, attributes in reader.tags if "http-equiv" in attributes]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    for (tag, attributes), text in reader.texts:
        if "type" not in attributes:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path):
    page = write_page(tmp_path / "index.html", make_shots(3)).read_text()
    # The name of SVG's elements is an address that nobody visits.
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"]*", page) == ["http://www.w3.org/2000/svg"]
    assert not [
        tag for tag, attributes in Reader(page).tags if "src" in attributes or tag in ("link", "base", "iframe")
    ]


def test_pictures_are_found_beside_the_page_or_put_into_it(tmp_path):
    folder = tmp_path / "gallery/thumbnails/00000"
    folder.mkdir(parents=True)
    (folder / "a-Scene-001.jpg").write_bytes(b"a picture")
    (folder / ".snakemake_timestamp").touch()
    page = tmp_path / "gallery/index.html"
    found = find_pictures([str(folder)], page)
    assert found == {"a-Scene-001": "thumbnails/00000/a-Scene-001.jpg"}
    assert inline_pictures(found, page) == {"a-Scene-001": "data:image/jpeg;base64,YSBwaWN0dXJl"}


@pytest.mark.parametrize(("written", "expected"), [(True, ["inside", ""]), (False, None)])
def test_labels_have_groups_if_the_run_has_a_table_of_them(tmp_path, written, expected):
    shots = make_shots(4, n_labels=2)
    shots[["shot_id"]].assign(trust="high", reasons="").to_csv(tmp_path / "trust.csv", index=False)
    labels = sorted(set(shots["label_1"]))
    (tmp_path / "labels.txt").write_text("\n".join(labels))
    (tmp_path / "groups.csv").write_text(f"label,group,evidence\n{labels[0]},inside,\n")
    groups = tmp_path / "groups.csv" if written else []
    source = SimpleNamespace(trust=tmp_path / "trust.csv", clusters=tmp_path / "labels.txt", groups=groups)
    data = gallery_data(shots, {}, "run", **read_gallery_data(source, shots))
    assert data.get("groups") == expected


def test_two_movies_may_share_a_title_and_one_may_have_none():
    shots = make_shots(4, per_clip=1).assign(
        movie_id=["tt1", "tt2", "", ""], title=["Nosferatu", "Nosferatu", "", "Sunrise"], year=["1922", "1979", "", ""]
    )
    data = shots_data(shots, {}, "run")
    assert data["movies"] == {
        "id": ["tt1", "tt2", ""],
        "title": ["Nosferatu", "Nosferatu", "Sunrise"],
        "year": ["1922", "1979", ""],
    }
    assert data["clips"]["movie"] == [0, 1, -1, 2]

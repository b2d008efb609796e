"""Exports, read with the libraries that other programs use, against the frames that were rendered."""

import re
from dataclasses import replace
from types import SimpleNamespace

import opentimelineio as otio
import pandas as pd
import pytest
from pympi import Eaf

from scripts.dataset.join_scenes import Rule, join_scenes
from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import fingerprint, write_manifest
from scripts.lib.tables.frames import write_frame
from scripts.lib.tables.shards import write_shard_csv
from scripts.release.export_films import entries_of, main
from scripts.shots.detect_shots import CLIP_COLUMNS, detect_shots

LABELS = ["kitchen <old>", "bar & grill", "street"]
PICTURES = [(number, 12) for number in range(6)]
UNEVEN = [frame / 24 + 0.02 * (frame % 3) for frame in range(72)]
# What the player shows: frames per second, and the files' own times of their frames.
FILMS = {
    "whole": {"fps": 24},
    "uneven": {"fps": 24, "times": UNEVEN},
    "pal": {"fps": 25, "suffix": ".mkv", "audio": True},
    "slow": {"fps": 12},
}
# One window follows another, two begin between frames, and one of these is inside the first.
WINDOWS = {"pal": (None, 1.2), "pal_late": (1.2, None), "pal_inside": (0.5, 1.0), "uneven_late": (1.01, 2.0)}


@pytest.fixture(scope="module")
def films(make_video):
    return {name: make_video(PICTURES, clip_id=name, **about) for name, about in FILMS.items()}


@pytest.fixture(scope="module")
def clips(films):
    whole = {name: replace(film.clip, movie_id=name, title="Caf\u00e9") for name, film in films.items()}
    windows = {
        name: replace(whole[name.partition("_")[0]], clip_id=name, start_time=start, end_time=end)
        for name, (start, end) in WINDOWS.items()
    }
    return list((whole | windows).values())


@pytest.fixture(scope="module")
def shots(clips):
    rows, found = detect_shots(clips, None, "content", {"threshold": 10, "min_scene_len": 3})
    assert all(row["status"] == "ok" for row in rows)
    about = {clip.clip_id: clip for clip in clips}
    table = pd.DataFrame(
        {
            "shot_id": [shot.shot_id for shot in found],
            "clip_id": [shot.clip_id for shot in found],
            "movie_id": [about[shot.clip_id].movie_id for shot in found],
            "title": "Café",
            "year": "",
            "shot": [shot.number for shot in found],
            **{
                name: [getattr(shot, name) for shot in found]
                for name in ("start_frame", "end_frame", "start_time", "end_time")
            },
            "label_1": [LABELS[shot.number // 2 % 3] for shot in found],
            "score_1": 0.9,
            "flags": "",
        }
    )
    return rows, table


def export(folder, clips, shots, labels=(), scales=None, excluded=()):
    """Run the job; its folder and its summary."""
    rows, table = shots
    write_manifest(clips, folder / "manifest.csv")
    write_shard_csv(folder / "clips.csv", CLIP_COLUMNS, rows, fingerprint(clips))
    table.to_parquet(folder / "shots.parquet")
    write_frame(join_scenes(table, Rule(10, 0.4, frozenset(excluded))), folder / "scenes.csv")
    (folder / "labels.txt").write_text("\n".join(LABELS))
    source = SimpleNamespace(clips=[folder / "clips.csv"], scales=scales or [])
    for name in ("shots.parquet", "scenes.csv", "labels.txt"):
        setattr(source, name.partition(".")[0], folder / name)
    config = {"clips": {"shard_size": 100, "shard_minutes": 30, "folder": None, "root": None}}
    params = SimpleNamespace(labels=list(labels), manifest=folder / "manifest.csv")
    told = main(SimpleNamespace(input=source, output=[folder / "export"], params=params, config=config))
    return folder / "export", told


@pytest.fixture(scope="module")
def exported(tmp_path_factory, clips, shots):
    folder = tmp_path_factory.mktemp("all")
    (folder / "scales.csv").write_text(f"shot_id,scale\n{shots[1]['shot_id'][1]},LS\n")
    return export(folder, clips, shots, scales=[folder / "scales.csv"])


def seconds(code):
    hours, minutes, rest = code.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def read_vtt(path):
    """Start, end and text of each cue of our files."""
    cues = re.findall(r"^(\S+) --> (\S+)\n(.+)$", path.read_text(encoding="utf-8"), re.M)
    return [(seconds(start), seconds(end), text) for start, end, text in cues]


def true_start(films, clip, frame):
    """Seconds in the file, and frame there, of a clip's frame, by the times that were rendered."""
    times = films[clip.clip_id.partition("_")[0]].times
    first = next(index for index, time in enumerate(times) if time >= (clip.start_time or 0) - 0.001)
    return times[first + frame], first + frame


def test_times_are_those_of_the_rendered_frames(exported, clips, films):
    """To the frame, in whole files, in windows that begin between two frames, and where the rate varies."""
    folder, told = exported
    table = pd.read_csv(folder / "shots.csv", keep_default_na=False)
    known = {clip.clip_id: clip for clip in clips}
    assert set(table["clip_id"]) == set(known) and len(table) > 20
    for row in table.itertuples():
        time, frame = true_start(films, known[row.clip_id], row.start_frame)
        assert seconds(row.file_start) == pytest.approx(time, abs=0.0016), row.shot_id
        if row.smpte_start:
            hours, minutes, whole, rest = map(int, row.smpte_start.split(":"))
            fps = FILMS[row.clip_id.partition("_")[0]]["fps"]
            assert ((hours * 60 + minutes) * 60 + whole) * fps + rest == frame
    by_film = pd.read_csv(folder / "films.csv", keep_default_na=False).set_index("stem")
    assert by_film["smpte_rate"].map(str).to_dict() == {
        "whole": "24", "pal": "25", "pal_inside": "25", "uneven": "", "uneven_late": "", "slow": "",
    }  # fmt: skip
    assert by_film.loc["uneven", "reason"] == "the frame rate varies"
    assert by_film.loc["slow", "reason"] == "SMPTE has no time codes for 12 frames per second"
    # Of one file: two windows, one after the other; the third overlaps with the first.
    assert set(table.loc[table["path"] == known["pal"].path, "clip_id"]) == {"pal", "pal_late", "pal_inside"}
    assert told.endswith(f"{len(table)} shot(s) of 6 file(s), 3 without EDL")
    edls = {path.stem for path in folder.glob("*.edl")}
    assert edls == {"whole", "pal", "pal_inside"}


def test_each_file_says_the_same_as_the_tables(exported, shots):
    """EAF by pympi, OTIO by opentimelineio, EDL by its adapter, and WebVTT."""
    folder, _ = exported
    shown = {name: pd.read_csv(folder / f"{name}.csv", keep_default_na=False) for name in ("scenes", "shots")}
    inside = {"pal": ["pal", "pal_late"]}
    for film in pd.read_csv(folder / "films.csv", keep_default_na=False, dtype=str).itertuples():
        clip_ids = inside.get(film.stem, [film.stem])
        parts = {
            "scene": (shown["scenes"][shown["scenes"]["clip_id"].isin(clip_ids)], "label"),
            "shot": (shown["shots"][shown["shots"]["clip_id"].isin(clip_ids)], "label_1"),
            "scale": (
                shown["shots"][shown["shots"]["clip_id"].isin(clip_ids) & (shown["shots"]["scale"] != "")],
                "scale",
            ),
        }
        wanted = {
            tier: [
                (round(1000 * seconds(row["file_start"])), round(1000 * seconds(row["file_end"])), row[column])
                for _, row in rows.iterrows()
            ]
            for tier, (rows, column) in parts.items()
        }
        assert len(wanted["shot"]) == int(film.n_shots) > 0

        eaf = Eaf(folder / f"{film.stem}.eaf")
        assert {
            tier: [tuple(entry[:3]) for entry in eaf.get_annotation_data_for_tier(tier)] for tier in wanted
        } == wanted
        assert set(eaf.get_tier_names()) == set(wanted)
        assert eaf.get_linked_files()[0]["MEDIA_URL"].endswith(film.path)

        cues = read_vtt(folder / f"{film.stem}.vtt")
        escaped = [
            (
                start / 1000,
                end / 1000,
                f"{tier}: {value.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}",
            )
            for tier, entries in wanted.items()
            for start, end, value in entries
        ]
        assert sorted(cues) == sorted(escaped) and cues == sorted(cues, key=lambda cue: cue[0])

        timeline = otio.adapters.read_from_file(str(folder / f"{film.stem}.otio"))
        assert [track.name for track in timeline.tracks] == list(wanted)
        rate = timeline.tracks[0].find_clips()[0].source_range.duration.rate
        assert rate == float(film.smpte_rate or 1000)
        for track in timeline.tracks:
            clips = track.find_clips()
            assert [clip.name for clip in clips] == [value for _, _, value in wanted[track.name]]
            for clip, (start, end, _) in zip(clips, wanted[track.name], strict=True):
                # In the timeline as in the file.
                assert clip.range_in_parent() == clip.source_range
                assert clip.source_range.start_time.to_seconds() == pytest.approx(start / 1000, abs=0.0006)
                assert clip.source_range.end_time_exclusive().to_seconds() == pytest.approx(end / 1000, abs=0.0006)
        if film.smpte_rate:
            text = (folder / f"{film.stem}.edl").read_text(encoding="utf-8")
            assert text.startswith(f"TITLE: {film.stem}\nFCM: NON-DROP FRAME\n")
            edl = otio.adapters.read_from_string(text, "cmx_3600", rate=rate)
            codes = [
                (clip.source_range.start_time.to_timecode(), clip.source_range.end_time_exclusive().to_timecode())
                for clip in edl.find_clips()
            ]
            rows = parts["scene"][0]
            assert codes == list(zip(rows["smpte_start"], rows["smpte_end"], strict=True))


def test_one_place_alone_is_exported(tmp_path, clips, shots):
    """Its scenes with their shots; a film without one has no files."""
    folder, _ = export(tmp_path, clips, shots, [LABELS[1]])
    scenes, table, films = (pd.read_csv(folder / f"{name}.csv") for name in ("scenes", "shots", "films"))
    assert set(scenes["label"]) == {LABELS[1]}
    every = join_scenes(shots[1], Rule(10, 0.4, frozenset()))
    assert len(scenes) == (every["label"] == LABELS[1]).sum() < len(every)
    assert len(table) == scenes["n_shots"].sum() == films["n_shots"].sum()
    assert set(table["clip_id"]) == set(scenes["clip_id"])
    assert {path.stem for path in folder.glob("*.eaf")} == set(films["stem"])
    with pytest.raises(UserError, match=r"'bar and grill': did you mean 'bar & grill'\?"):
        export(tmp_path, clips, shots, ["bar and grill"])


def test_a_film_of_unusable_shots_has_no_edl(tmp_path, clips, shots):
    """Its shots are exported, without a scene."""
    rows, table = shots
    folder, told = export(tmp_path, clips, (rows, table.assign(flags="black")), excluded=["black"])
    films = pd.read_csv(folder / "films.csv").set_index("stem")
    assert films.loc["whole", ["smpte_rate", "reason", "n_scenes"]].tolist() == [24, "it has no scene", 0]
    assert told == f"0 scene(s) and {len(table)} shot(s) of 6 file(s), 6 without EDL"
    eaf = Eaf(folder / "whole.eaf")
    assert len(eaf.get_annotation_data_for_tier("shot")) == films.loc["whole", "n_shots"] > 0
    assert eaf.get_annotation_data_for_tier("scene") == []


def test_entries_of_a_tier_do_not_overlap():
    """By the estimated end of a window; each lasts a millisecond at least."""
    rows = pd.DataFrame(
        {"label": ["a", "b", None, "c"], "start": [0, 1000, 1500, 2000], "end": [1002, 1000, 2000, 3000]}
    ).assign(first=[0, 24, 36, 48], last=[25, 24, 48, 72])
    found = entries_of(rows, "label")
    assert [(entry.value, entry.start, entry.end, entry.first, entry.last) for entry in found] == [
        ("a", 0, 1000, 0, 24), ("b", 1000, 1001, 24, 24), ("c", 2000, 3000, 48, 72),
    ]  # fmt: skip


def test_a_window_of_a_file_that_is_gone_is_told(tmp_path, clips, shots):
    lost = [replace(clip, path="/gone.mp4") for clip in clips]
    with pytest.raises(UserError, match=r"the window pal_late of /gone\.mp4 begins: the file does not exist"):
        export(tmp_path, lost, shots)

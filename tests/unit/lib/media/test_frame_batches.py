"""Frames of many clips arrive prepared, in batches, whatever happens to single clips."""

import time
from dataclasses import replace

import numpy as np
import pytest

from scripts.lib.media.frame_batches import Chunk, Work, choose_shots, frame_batches
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot


def work_of(rendered, clip_id):
    """All frames of a rendered clip as one shot, under another id."""
    n_frames = len(rendered.times)
    shot = Shot(clip_id, 1, 0, n_frames, 0.0, rendered.times[-1] + 0.04)
    return Work(Clip(clip_id, rendered.clip.path), [shot], n_frames)


@pytest.mark.timeout(60)
def test_any_preparation_goes_into_batches_and_a_bad_clip_stops_none(make_video, tmp_path):
    """Float frames of another shape; one file is missing, one has lost frames, one cannot be prepared."""
    good, odd = make_video([(1, 37)]), make_video([(2, 30)], size=(64, 64))
    shorter = work_of(good, "shorter")
    work = [
        work_of(good, "a"),
        Work(Clip("missing", str(tmp_path / "none.mp4")), shorter.shots, 37),
        Work(shorter.clip, shorter.shots, 40),
        work_of(odd, "odd"),
        work_of(good, "b"),
    ]

    def prepare(rgb):
        assert rgb.shape != (64, 64, 3), "unfit"
        return rgb.mean(axis=2, dtype=np.float32)

    batches = list(frame_batches(work, None, "all", prepare, 20, 3, lambda pixels: {"mean": pixels.mean(axis=(1, 2))}))
    assert {len(batch.pixels) for batch in batches[:-1]} == {20}
    frames = {item.clip.clip_id: [] for item in work}
    ends = {}
    for batch in batches:
        chunks = [entry for entry in batch.entries if isinstance(entry, Chunk)]
        assert sum(len(chunk.pixels) for chunk in chunks) == len(batch.pixels)
        for entry in batch.entries:
            assert entry.clip_id not in ends, "nothing of a clip comes after its end"
            if isinstance(entry, Chunk):
                assert entry.pixels.dtype == np.float32
                assert entry.pixels.shape[1:] == (96, 160)
                assert np.allclose(entry.columns["mean"], entry.pixels.mean(axis=(1, 2)))
                frames[entry.clip_id] += entry.columns["frame"].tolist()
            else:
                ends[entry.clip_id] = entry.failure
    assert frames["a"] == frames["b"] == list(range(37))
    assert frames["odd"] == frames["missing"] == []
    assert ends.keys() == frames.keys()
    assert ends["a"] is ends["b"] is None
    for clip_id, words in [("missing", "does not exist"), ("shorter", "40 frames at shot detection"), ("odd", "unfit")]:
        assert words in ends[clip_id]


@pytest.mark.timeout(60)
def test_no_more_is_decoded_than_fits_about_three_batches(make_video):
    """A model slower than the decoder does not fill the memory with frames."""
    decoded = []

    def prepare(rgb):
        decoded.append(None)
        return rgb[:8, :8]

    film = make_video([(1, 300)])
    batches = frame_batches([work_of(film, name) for name in "abcd"], None, "all", prepare, 32, workers=2)
    next(batches)
    time.sleep(1)
    # The batch at work, two that wait, and a chunk in each worker's hands and one in ours.
    assert len(decoded) <= 32 + 2 * 32 + 3 * 16
    batches.close()


def frames_of(work):
    """Decode indices of a part's frames, and its failure."""
    (batch,) = frame_batches([work], None, "all", lambda rgb: rgb[:1, :1], 64, 1)
    *chunks, end = batch.entries
    return [frame for chunk in chunks for frame in chunk.columns["frame"].tolist()], end.failure


def test_a_part_sees_whether_its_frames_are_where_they_were(make_video):
    """Neither shots elsewhere nor an end elsewhere goes unnoticed; what lies outside is not looked at."""
    film = make_video([(1, 10), (2, 10), (3, 20)], options={"g": "8"})
    shots = [Shot("clip", 1, 0, 10, 0.0, 10 / 24), Shot("clip", 2, 10, 20, 10 / 24, 20 / 24)]
    shots.append(Shot("clip", 3, 20, 40, 20 / 24, 40 / 24))
    assert frames_of(Work(film.clip, shots[1:2], 40, part=True)) == (list(range(10, 20)), None)
    assert frames_of(Work(film.clip, shots[2:], 40, part=True)) == (list(range(20, 40)), None)
    moved = [replace(shots[1], start_time=0.43), replace(shots[2], start_time=0.9)]
    assert "frame 10 is at another time" in frames_of(Work(film.clip, moved[:1], 40, part=True))[1]
    assert "frame 20 is at another time" in frames_of(Work(film.clip, [shots[1], moved[1]], 40, part=True))[1]
    longer = replace(shots[2], end_frame=41)
    assert "41 frames at shot detection, 40 now" in frames_of(Work(film.clip, [longer], 41, part=True))[1]
    shorter = replace(shots[2], end_frame=39)
    assert "39 frames at shot detection, 40 now" in frames_of(Work(film.clip, [shorter], 39, part=True))[1]


def test_clips_without_a_chosen_shot_are_not_opened():
    shots = {name: [Shot(name, number, 0, 1, 0.0, 1.0) for number in (1, 2)] for name in "abc"}
    work = [Work(Clip(name, f"{name}.mp4"), shots[name], 2) for name in "abc"]
    chosen = choose_shots(work, {"a-Scene-002", "c-Scene-001", "c-Scene-002"})
    assert [(item.clip.clip_id, [shot.number for shot in item.shots]) for item in chosen] == [("a", [2]), ("c", [1, 2])]

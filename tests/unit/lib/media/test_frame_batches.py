"""Frames of many clips arrive prepared, in batches, whatever happens to single clips."""

import time

import numpy as np
import pytest

from scripts.lib.media.frame_batches import Chunk, Work, frame_batches
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
    assert max(len(batch.pixels) for batch in batches) <= 20
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

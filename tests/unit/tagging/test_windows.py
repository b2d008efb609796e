"""A long film is embedded in windows, which join to what one pass gives."""

import shlex
from dataclasses import replace
from itertools import pairwise

import h5py
import numpy as np
import pytest

from benchmarks.weights import write_random_weights
from scripts.lib.files.hdf5 import CLIPS
from scripts.lib.jobs.errors import UserError
from scripts.lib.media.frame_batches import Work
from scripts.lib.media.video import Video
from scripts.lib.networks.features import write_features
from scripts.lib.records.shots import Shot
from scripts.tagging.embed_frames import shots_of_window
from scripts.tagging.join_windows import join_windows

MODEL = "config/demo/clip_small.json"
ENDS = [1.0, 2.0, 3.0, 4.0, float("inf")]


class Film:
    """A film of variable frame rate whose shots are known, and its embeddings."""

    def __init__(self, clip, times, cuts, folder):
        self.folder, self.times, self.clip = folder, [*times, times[-1] + 0.04], clip
        borders = pairwise([0, *cuts, len(times)])
        shots = [Shot("clip", n, a, b, self.times[a], self.times[b]) for n, (a, b) in enumerate(borders, start=1)]
        self.work = [Work(clip, shots, len(times))]

    def embed(self, name, work, frames="all"):
        path = self.folder / f"{name}.h5"
        settings = {"model": MODEL, "dtype": "fp32", "frames": frames}
        write_features(path, work, settings, self.folder / "weights.safetensors", "mark", None, 8, 1)
        return path

    def windows(self, frames="all"):
        spans = pairwise([0, *ENDS])
        return [self.embed(f"{start:g}", shots_of_window(self.work, start, end), frames) for start, end in spans]


@pytest.fixture(scope="module")
def film(make_video, tmp_path_factory):
    """Five seconds, one of which is within a shot that begins before."""
    random = np.random.default_rng(0)
    times = [0.0, *np.cumsum(random.choice([0.02, 0.04, 0.12], 90)).tolist()]
    cuts = np.searchsorted(times, [0.3, 0.9, 1.0, 1.7, 3.05, 3.3]).tolist()
    lengths = np.diff([0, *cuts, len(times)])
    rendered = make_video([(n, int(length)) for n, length in enumerate(lengths)], times=times, options={"g": "17"})
    folder = tmp_path_factory.mktemp("film")
    write_random_weights(MODEL, folder / "weights.safetensors")
    # As the container has them, and shot detection.
    with Video(rendered.clip) as video:
        assert len(list(video)) == len(times)
        return Film(rendered.clip, list(video.times), cuts, folder)


def content(path):
    """Bytes of every dataset by name, and the attributes."""
    with h5py.File(path) as file:
        found = {name: str(value) for name, value in file.attrs.items()}
        file.visititems(lambda name, item: found.update({name: item[()].tobytes()} if hasattr(item, "shape") else {}))
    return found


def test_a_shot_is_in_the_window_in_which_it_begins(film):
    spans = pairwise([0, *ENDS])
    windows = [shots_of_window(film.work, start, end) for start, end in spans]
    numbers = [[shot.number for item in window for shot in item.shots] for window in windows]
    starts = [shot.start_time for shot in film.work[0].shots]
    assert [number for window in numbers for number in window] == [1, 2, 3, 4, 5, 6, 7]
    for window, start, end in zip(numbers, [0, *ENDS], ENDS, strict=False):
        assert all(start <= starts[number - 1] < end for number in window)
    assert numbers[2] == []
    assert all(item.part and item.n_frames == 91 for window in windows for item in window)


@pytest.mark.parametrize("frames", ["all", "6 fps", "3 per shot"])
def test_windows_join_to_the_bytes_of_one_pass(film, frames):
    """Though their batches have other frames, some of them none."""
    whole = film.embed("whole", film.work, frames)
    join_windows(film.folder / "joined.h5", film.windows(frames), "mark")
    ours, theirs = content(film.folder / "joined.h5"), content(whole)
    assert ours == theirs
    assert len(theirs[f"{CLIPS}/clip/features"]) > 2 * 128 * 10


def test_a_film_that_fails_in_one_window_has_failed(film):
    """With the reason, as in one pass; what other windows have of it is left out."""
    windows = film.windows()
    (item,) = shots_of_window(film.work, 1.0, 2.0)
    moved = [replace(shot, start_time=shot.start_time + 0.01) for shot in item.shots]
    windows[1] = film.embed("failed", [replace(item, shots=moved)])
    join_windows(film.folder / "joined.h5", windows, "mark")
    with h5py.File(film.folder / "joined.h5") as file:
        assert list(file[CLIPS]) == []
        assert file["failures/clip_id"][:].tolist() == [b"clip"]
        assert b"is at another time" in file["failures/reason"][0]


def test_windows_of_different_devices_are_not_joined(film):
    """The dtype tells, for example: half precision on a GPU."""
    windows = film.windows()
    with h5py.File(windows[1], "r+") as file:
        file.attrs["dtype"] = np.bytes_("float16")
    with pytest.raises(UserError, match="was not embedded like") as refusal:
        join_windows(film.folder / "joined.h5", windows, "mark")
    assert f"rm {shlex.quote(str(windows[1]))}" in str(refusal.value)
    with pytest.raises(UserError, match="made for other clips"):
        join_windows(film.folder / "joined.h5", windows[:1], "another")

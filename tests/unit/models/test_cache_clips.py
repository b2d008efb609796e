"""The cache has the needed shots' frames, those of the right times, and nothing of other clips."""

import h5py
import numpy as np
import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip
from tests.helpers.caches import cut, make_cache, open_cache


def psnr(one, other):
    """Peak signal-to-noise ratio in dB of two pictures with values from 0 to 255."""
    error = np.mean((one.astype(float) - other) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-9))


def averaged(pixels, height, width):
    """A frame's mean over the area of each pixel of a smaller one."""

    def shares(n_before, n_after):
        borders = np.arange(n_after + 1) * n_before / n_after
        starts = np.arange(n_before)
        overlaps = np.minimum(borders[1:, None], starts + 1) - np.maximum(borders[:-1, None], starts)
        return overlaps.clip(0) * n_after / n_before

    down, across = shares(len(pixels), height), shares(pixels.shape[1], width)
    return np.einsum("ij,jkc,lk->ilc", down, pixels.astype(float), across, optimize=True)


@pytest.mark.parametrize("name", ["nosferatu_localdiplo.mp4", "cve_vid1.mp4", "skv_bikes.mp4"])
def test_cached_frames_are_the_decoders_reduced(shared_data, tmp_path, name):
    """At equal distances from a shot's first frame; up to JPEG's error."""
    clip = Clip("a", str(shared_data / "videos" / name))
    with Video(clip) as video:
        frames = [(frame.time, frame.rgb() if 10 <= frame.index < 41 else None) for frame in video]
    shots = {clip: cut(clip, 10, 41, len(frames))}
    path = make_cache(tmp_path, shots, ["a-Scene-002"], frames=6)
    cache = open_cache(path, shots)
    wanted = [10 + j * 31 // 6 for j in range(6)]
    with h5py.File(path) as file:
        assert file["frame"][:].tolist() == wanted
        assert file["time"][:].tolist() == [frames[index][0] for index in wanted]
    cached = cache.frames("a-Scene-002", range(6))
    height, width = cached.shape[1:3]
    assert min(height, width) == 256
    for index, picture in zip(wanted, cached, strict=True):
        pixels = frames[index][1]
        assert width / height == pytest.approx(pixels.shape[1] / pixels.shape[0], rel=0.01)
        assert psnr(picture, averaged(pixels, height, width)) > 35
    assert np.array_equal(cache.frames("a-Scene-002", [4, 4, 1]), cached[[4, 4, 1]])


@pytest.mark.timeout(60)
def test_only_needed_shots_and_a_bad_clip_stops_none(make_video, tmp_path):
    """Clips of several threads alternate in the file; of the bad ones one fails at its end, one is not needed."""
    films = {name: make_video([(number, 40), (number + 50, 3), (number + 90, 21)]) for number, name in enumerate("abc")}
    clips = {name: Clip(name, film.path) for name, film in films.items()}
    gone, unneeded = Clip("gone", str(tmp_path / "none.mp4")), Clip("unneeded", str(tmp_path / "none.mkv"))
    shots = {clip: cut(clip, 40, 43, 64) for clip in (clips["a"], gone, clips["b"], unneeded, clips["c"])}
    longer = Clip("longer", films["a"].path)
    shots = {longer: cut(longer, 40, 65), **shots}
    needed = ["c-Scene-003", "a-Scene-001", "a-Scene-002", "b-Scene-001", "elsewhere-Scene-001"]
    needed += ["gone-Scene-001", "longer-Scene-001"]
    cache = open_cache(make_cache(tmp_path, shots, needed, threads=3, frames=20, short_side=256), shots)
    assert cache.failures.keys() == {"gone", "longer"}
    present = {"a-Scene-001": (0, 20), "a-Scene-002": (40, 3), "b-Scene-001": (0, 20), "c-Scene-003": (43, 20)}
    assert [shot for clip in shots for each in shots[clip] if (shot := each.shot_id) in cache] == list(present)
    for shot, (start, count) in present.items():
        assert cache.n_frames(shot) == count
        length = 3 if count == 3 else 21 if start else 40
        pictures = films[shot[0]].pictures
        for j, frame in enumerate(cache.frames(shot, range(count))):
            # Small frames are not enlarged.
            assert frame.shape == (96, 160, 3)
            errors = [psnr(frame, picture) for picture in pictures]
            assert np.argmax(errors) == start + j * length // count
    with pytest.raises(UserError) as refusal:
        cache.require(["a-Scene-001", "gone-Scene-001", "longer-Scene-001", "b-Scene-002"])
    assert "gone-Scene-001: the file does not exist" in str(refusal.value)
    assert "longer-Scene-001: the file has changed" in str(refusal.value)
    assert "b-Scene-002: not in the cache" in str(refusal.value)
    assert "a-Scene-001" not in str(refusal.value)
    with pytest.raises(IndexError):
        cache.frames("a-Scene-002", [3])


def test_a_shard_without_samples_has_an_empty_cache(tmp_path):
    clip = Clip("a", str(tmp_path / "none.mp4"))
    shots = {clip: cut(clip, 9)}
    cache = open_cache(make_cache(tmp_path, shots, ["b-Scene-001"]), shots)
    assert "a-Scene-001" not in cache
    assert cache.failures == {}


def test_foreign_and_damaged_caches_are_refused_with_the_remedy(make_video, tmp_path):
    clip = make_video([(1, 12)]).clip
    shots = {clip: cut(clip, 12)}
    path = make_cache(tmp_path, shots, ["clip-Scene-001"])
    with pytest.raises(UserError, match=rf"other clips(.|\n)* rm {path}"):
        ClipCache([path], ["other"])
    with h5py.File(path) as file:
        place = file["jpeg"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place + 1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"cannot be read completely(.|\n)* rm {path}"):
        open_cache(path, shots).frames("clip-Scene-001", [0])

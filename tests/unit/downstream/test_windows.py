"""A video of any length has windows in equal parts of it, which are cached without reading all of it."""

import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest

from scripts.downstream import cache_videos
from scripts.downstream.windows import plan_windows, spread_windows, windows_of
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.records.clips import Clip, fingerprint
from scripts.lib.records.task_videos import FOUND_COLUMNS, read_found, shard_name
from scripts.lib.tables.shards import write_shard_csv
from tests.helpers import ROOT


def test_windows_are_centred_in_equal_parts():
    assert spread_windows(0, 100, 4, 2) == [(11.5, 13.5), (36.5, 38.5), (61.5, 63.5), (86.5, 88.5)]
    assert spread_windows(10, 15, 4, 2) == [(10.25, 12.25), (12.75, 14.75)]
    assert spread_windows(0, 8, 4, 2) == [(0, 2), (2, 4), (4, 6), (6, 8)]
    assert spread_windows(3, 4, 4, 2) == [(3, 4)]


def make_cache(folder, videos, root=None, missing=(), count=4, seconds=2.0):
    """The cache of a shard, made by the job itself, and its reader."""
    rows = [
        {"video_id": video.clip_id, "path": video.path, "start_time": video.start_time, "end_time": video.end_time}
        | {"status": "removed" if video.clip_id in missing else "ok", "reason": ""}
        for video in videos
    ]
    write_shard_csv(folder / "found.csv", FOUND_COLUMNS, rows, shard_name("mine", "00000"))
    path = folder / "cache.h5"
    cache_videos.main(
        SimpleNamespace(
            input=SimpleNamespace(found=folder / "found.csv"),
            output=[path],
            params=SimpleNamespace(
                clips=count, seconds=seconds, settings={"frames": 8, "short_side": 64, "quality": 95}
            ),
            wildcards=SimpleNamespace(task="mine", shard="00000"),
            config={"downstream": {"common": {"root": root}, "tasks": {"mine": {}}}},
            threads=2,
        )
    )
    there, _ = read_found(folder / "found.csv", "mine", "00000")
    return ClipCache([path], [fingerprint(there)])


def test_cached_frames_are_those_of_the_windows(make_video, tmp_path):
    """Of a file, of a window of a file, and of a file that is shorter than a window; each second has its own colour."""
    colours = [(250, 10 + 40 * second, 10) for second in range(6)]
    film = make_video([(colour, 24) for colour in colours], clip_id="film", options={"g": "24"})
    short = make_video([(colours[5], 24)], clip_id="short")
    videos = [film.clip, Clip("part", film.path, start_time=1.0, end_time=4.0), short.clip]
    cache = make_cache(tmp_path, videos, count=3, seconds=1.0)

    def greens(video_id):
        """Of each window, the green of each of its frames."""
        names = windows_of(video_id, cache, 3)
        frames = [cache.frames(name, range(cache.n_frames(name))) for name in names]
        return [frame[:, 32, 32, 1].astype(int).tolist() for frame in frames]

    # from 0.5 to 1.5 s, 2.5 to 3.5 s, 4.5 to 5.5 s
    expected = [[10 + 40 * (second + half) for half in (0, 1) for _ in range(4)] for second in (0, 2, 4)]
    assert np.abs(np.array(greens("film")) - expected).max() < 12
    assert np.abs(np.array(greens("part")) - [[10 + 40 * second] * 8 for second in (1, 2, 3)]).max() < 12
    assert np.abs(np.array(greens("short")) - [[210] * 8]).max() < 12


@pytest.mark.timeout(120)
def test_missing_and_broken_videos_have_reasons_and_stop_none(make_video, shared_data, tmp_path):
    broken = sorted((shared_data / "broken_videos").glob("*.*"))
    good = make_video([(3, 30)], clip_id="good").clip
    videos = [good, Clip("gone", "gone.mp4"), Clip("vanished", str(tmp_path / "vanished.mp4"))]
    videos += [Clip(f"broken{n}", str(path)) for n, path in enumerate(broken)]
    videos += [Clip("beyond", good.path, start_time=100.0, end_time=110.0)]
    cache = make_cache(tmp_path, videos, missing={"gone"})
    assert windows_of("good", cache, 4) == ["good-1-Scene-001"]
    assert cache.failures["gone"] == "removed: "
    assert "does not exist" in cache.failures["vanished"]
    assert "no frame lies in the window" in cache.failures["beyond-1"]
    for number, path in enumerate(broken):
        name = f"broken{number}"
        failed = [cache.failures.get(key) for key in (name, f"{name}-1") if key in cache.failures]
        assert windows_of(name, cache, 4) or failed, path


def long_video(path, film, hours):
    """The film's second again and again: packets are copied, none is encoded."""
    with av.open(str(path), "w") as joined, av.open(film.path) as source:
        pictures = source.streams.video[0]
        stream = joined.add_stream_from_template(pictures)
        packets = [packet for packet in source.demux(pictures) if packet.dts is not None]
        content = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for second in range(round(hours * 3600)):
            for number, (data, is_key) in enumerate(content):
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 8), is_key
                packet.pts = packet.dts = second * 8 + number
                packet.duration = 1
                joined.mux(packet)
    return str(path)


PEAK = """
import resource, sys
from pathlib import Path
from scripts.lib.records.clips import Clip
from tests.unit.downstream.test_windows import make_cache
make_cache(Path(sys.argv[1]).parent, [Clip("video", sys.argv[1])])
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.timeout(300)
def test_a_video_of_two_hours_takes_no_more_memory_than_one_of_a_second(make_video, tmp_path):
    """And gives the windows of its length: 4 of 2 seconds, 1 of one."""
    film = make_video([((10, 200, 10), 8)], fps=8, codec="mpeg4", size=(64, 48), options={"g": "8"})
    peaks = {}
    for name, hours in (("second", 1 / 3600), ("hours", 2)):
        folder = tmp_path / name
        folder.mkdir()
        path = long_video(folder / "video.mp4", film, hours)
        done = subprocess.run([sys.executable, "-c", PEAK, path], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        peaks[name] = float(done.stdout.partition("PEAK ")[2])
        cache = ClipCache([folder / "cache.h5"], [fingerprint([Clip("video", path)])])
        names = windows_of("video", cache, 4)
        assert [cache.n_frames(window) for window in names] == [8] * (4 if hours == 2 else 1)
    with av.open(path) as opened:
        assert opened.duration / av.time_base == pytest.approx(7200, abs=1)
    # the index of two hours of packets in its header is a few megabytes
    assert peaks["hours"] < peaks["second"] + 30


def test_a_length_that_no_header_states_is_counted(shared_data):
    work = plan_windows(Clip("a", str(shared_data / "broken_videos/mpy_no_duration.webm")), None, 3, 0.2)
    assert len(work) == 3
    assert work[0].clip.start_time < work[1].clip.start_time < work[2].clip.end_time

"""Durations of clips: which are known, which are read, and which stay as they are."""

import os
from pathlib import Path

import pytest

from scripts.lib.records.clips import Clip, write_manifest
from scripts.lib.workflow import durations
from scripts.lib.workflow.durations import with_durations

# One minute at 64 kbit/s.
LARGE = 480_000


@pytest.fixture
def folder(make_video, tmp_path):
    """Films of 4 s: one file as large as a film, the same but small, and a file that is no film."""
    content = Path(make_video([(1, 48), (2, 48)]).path).read_bytes()
    for name, size in (("large.mp4", LARGE), ("small.mp4", 0)):
        (tmp_path / name).write_bytes(content + bytes(max(0, size - len(content))))
    (tmp_path / "noise.mp4").write_bytes(os.urandom(LARGE))
    return tmp_path


def found(folder, *clips, root=None):
    """Durations of the clips, in a run with shards of a minute."""
    config = {"clips": {"folder": None, "root": str(root or folder), "shard_minutes": 1}}
    return [clip.duration for clip in with_durations(list(clips), config, folder / "manifest.csv")]


def test_what_is_given_or_follows_is_taken_and_large_files_are_read(folder):
    """A window is as long as its file allows; of what is small, missing or unreadable nothing is known."""
    clips = {
        Clip("given", "large.mp4", duration=7.5): 7.5,
        Clip("read", "large.mp4"): 4.0,
        Clip("small", "small.mp4"): None,
        Clip("noise", "noise.mp4"): None,
        Clip("gone", "gone.mp4"): None,
        Clip("window", "gone.mp4", start_time=10.0, end_time=12.5): 2.5,
        Clip("long_window", "gone.mp4", start_time=10.0, end_time=200.0): 190.0,
        Clip("to_the_end", "large.mp4", start_time=1.0): 3.0,
        Clip("beyond_the_end", "large.mp4", start_time=1.0, end_time=1e9): 3.0,
        Clip("after_the_end", "large.mp4", start_time=9.0): 0.0,
    }
    assert found(folder, *clips) == list(clips.values())


def test_clips_of_the_run_keep_what_its_manifest_says(folder, monkeypatch):
    """Also if that is nothing: their shards stay, and their files are not touched again."""
    kept = [Clip("a", "large.mp4", duration=5.0), Clip("b", "large.mp4")]
    write_manifest(kept, folder / "manifest.csv")
    assert found(folder, Clip("a", "large.mp4"), Clip("b", "large.mp4"), Clip("c", "large.mp4")) == [5.0, None, 4.0]
    monkeypatch.setattr(durations, "media_path", lambda *_: pytest.fail("a file is touched"))
    assert found(folder, *kept, Clip("a2", "x.mp4", duration=1.0)) == [5.0, None, 1.0]

"""A clip whose pictures fail in a way that nobody foresaw ends with a reason and stops no other."""

import errno
from functools import partial

import pandas as pd
import pytest
from av.video.reformatter import VideoReformatter

from scripts.lib.jobs.parallel import map_in_threads
from scripts.lib.media import video
from scripts.lib.media.frame_batches import Finished, Work, frame_batches
from scripts.lib.media.thumbnails import make_thumbnails
from scripts.lib.records.shots import Shot
from scripts.shots.detect_shots import detect_shots
from scripts.tagging.plot_confidence_grids import middle_frames

SHOT = Shot("", 1, 0, 30, 0.0, 1.25)


def usable_in_detection(clips, folder):
    rows, _ = detect_shots(clips, None, "content", {})
    return [row["clip_id"] for row in rows if row["status"] == "ok"]


def usable_in_batches(clips, folder):
    batches = frame_batches([Work(clip, [SHOT], 30) for clip in clips], None, "all", lambda rgb: rgb, 8, 1)
    ends = [entry for batch in batches for entry in batch.entries if isinstance(entry, Finished)]
    return [end.clip_id for end in ends if not end.failure]


def usable_in_thumbnails(clips, folder):
    counts = make_thumbnails(clips, {clip.clip_id: [SHOT] for clip in clips}, None, folder)
    return [clip_id for clip_id, count in counts.items() if count]


def usable_in_grids(clips, folder):
    rows = [pd.DataFrame({"start_frame": [0], "end_frame": [30], "shot_id": [clip.clip_id]}) for clip in clips]
    found = map_in_threads(partial(middle_frames, root=None), list(zip(clips, rows, strict=True)), 1)
    return [clip_id for pictures in found for clip_id in pictures]


@pytest.mark.parametrize("usable", [usable_in_detection, usable_in_batches, usable_in_thumbnails, usable_in_grids])
def test_an_unforeseen_error_of_one_clip_stops_no_other(make_video, tmp_path, monkeypatch, usable):
    """swscale fails on one clip's pictures; where it is the machine that fails, the job does."""
    clips = [make_video([(1, 30)], size=(width, 64), clip_id=name).clip for name, width in (("odd", 64), ("good", 96))]
    fault = RuntimeError("unforeseen")

    class Failing:
        def reformat(self, picture, width, *others, **options):
            if width == 64:
                raise fault
            return VideoReformatter().reformat(picture, width, *others, **options)

    monkeypatch.setattr(video, "VideoReformatter", Failing)
    assert usable(clips, tmp_path / "pictures") == ["good"]
    fault = OSError(errno.ENOMEM, "Cannot allocate memory")
    with pytest.raises(OSError, match="Cannot allocate memory"):
        usable(clips, tmp_path / "pictures")

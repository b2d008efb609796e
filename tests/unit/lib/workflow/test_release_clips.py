"""Which clips a run from published splits works on."""

import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import CLIP_LIST, Clip, write_manifest
from scripts.lib.workflow.release_clips import clips_of_release, clips_of_run

IN_TRAIN, IN_WINDOW, UNUSED = "aaaaaaaaaaa", "-bbbbbbbbb_", "ccccccccccc"
CLIPS = [Clip(name, f"2011/{name}.mkv", f"tt{place}") for place, name in enumerate((IN_TRAIN, IN_WINDOW, UNUSED))]


@pytest.fixture
def config(tmp_path):
    """Published files with a sample of one clip, a window of another, and one of a video that is not there."""
    (tmp_path / "train_multi_label_thresh_0_4_0_1_150_labels.txt").write_text(
        f"{IN_TRAIN}/{IN_TRAIN}-Scene-001.mp4 0\n"
    )
    for split in ("val", "test"):
        (tmp_path / f"{split}_multi_label_thresh_0_4_0_1_150_labels.txt").touch()
    windows = [f"v_{IN_WINDOW}_seg_20_30", "v_nowhere0000_seg_0_10"]
    lines = [f"{window}/{window}-Scene-{number:03d}.mp4 0\n" for window in windows for number in (1, 2)]
    (tmp_path / "verified.txt").write_text("".join(lines))
    dataset = {"released": str(tmp_path), "verified": str(tmp_path / "verified.txt"), "metadata": str(tmp_path)}
    return {"dataset": dataset, "clips": {"manifest": str(tmp_path / "own.csv"), "folder": None, "shard_minutes": 30}}


def test_windows_are_clips_of_their_own(config):
    window = Clip(f"v_{IN_WINDOW}_seg_20_30", f"2011/{IN_WINDOW}.mkv", "tt1", start_time=20.0, end_time=30.0)
    assert clips_of_release(CLIPS, config) == [*CLIPS, window]
    # Of the list of all clips, those that are needed; once more, nothing is added.
    config["clips"]["manifest"] = CLIP_LIST
    assert clips_of_release(CLIPS, config) == [*CLIPS[:2], window]
    assert clips_of_release([*CLIPS[:2], window], config) == [*CLIPS[:2], window]


def test_a_folder_is_taken_as_it_is_and_keeps_its_order(config, tmp_path):
    """A later file comes after the windows, so that finished shards stay."""
    folder, manifest = tmp_path / "films", tmp_path / "manifest.csv"
    folder.mkdir()
    for name in (IN_TRAIN, IN_WINDOW):
        (folder / f"{name}.mkv").touch()
    config["clips"] |= {"manifest": CLIP_LIST, "folder": str(folder)}
    clips = clips_of_run(config, manifest, True)
    assert [clip.path for clip in clips] == [f"{IN_WINDOW}.mkv", f"{IN_TRAIN}.mkv", f"{IN_WINDOW}.mkv"]
    write_manifest(clips, manifest)
    (folder / f"{UNUSED}.mkv").touch()
    assert clips_of_run(config, manifest, True) == [*clips, Clip(UNUSED, f"{UNUSED}.mkv")]
    # Jobs read what was written.
    assert clips_of_run(config, manifest, False) == clips


def test_there_is_no_clip_before_the_files_are_there(config, tmp_path):
    """A list without any of the published clips is another matter."""
    config["clips"]["manifest"] = CLIP_LIST
    assert clips_of_release([], config) == []
    with pytest.raises(UserError, match="none of the 1 clips"):
        clips_of_release(CLIPS[2:], config)
    (tmp_path / "verified.txt").unlink()
    assert clips_of_release(CLIPS, config) == []

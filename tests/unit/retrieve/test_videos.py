"""The videos of a task are found by their path, by their name in any folder and with any suffix, or downloaded."""

import shutil
from types import SimpleNamespace

import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.task_videos import VIDEO_COLUMNS, read_found
from scripts.lib.tables.rows import write_csv
from scripts.retrieve import find_videos


def find(folder, names, shard="00000", shards=1, **settings):
    """The job on videos with these names; what is found, by id, and the reasons of the others."""
    rows = [{"video_id": f"v{n}", "path": name, "start_time": 1.5 if n else None} for n, name in enumerate(names)]
    write_csv(folder / "videos.csv", VIDEO_COLUMNS, rows)
    common = {"root": str(folder / "root"), "download": None, "shards": shards} | settings
    find_videos.main(
        SimpleNamespace(
            input=SimpleNamespace(videos=folder / "videos.csv"),
            output=[folder / f"{shard}.csv"],
            wildcards=SimpleNamespace(task="mine", shard=shard),
            config={"downstream": {"common": common, "tasks": {"mine": {}}}},
        )
    )
    found, missing = read_found(folder / f"{shard}.csv", "mine", shard)
    return {clip.clip_id: clip for clip in found}, missing


def test_a_file_is_found_by_path_or_name(tmp_path):
    (tmp_path / "root/2020").mkdir(parents=True)
    for name in ("a.mkv", "2020/b.webm", "2020/c.mp4", "c.txt", "d.mkv", "2020/d.mkv"):
        (tmp_path / "root" / name).touch()
    found, missing = find(tmp_path, ["a.mkv", "b.mkv", "elsewhere/c.mkv", "2020/d.mkv", "e.mkv"])
    assert [clip.path for clip in found.values()] == ["a.mkv", "2020/b.webm", "2020/c.mp4", "2020/d.mkv"]
    assert (found["v0"].start_time, found["v1"].start_time, found["v1"].end_time) == (None, 1.5, None)
    assert missing == {"v4": "missing: the file is not there, and downstream.tasks.mine.download is null"}


def test_shards_take_turns_and_know_their_own_tables(tmp_path):
    (tmp_path / "root").mkdir()
    parts = [find(tmp_path, [f"{n}.mkv" for n in range(7)], f"0000{k}", shards=3)[1] for k in range(3)]
    assert [list(part) for part in parts] == [["v0", "v3", "v6"], ["v1", "v4"], ["v2", "v5"]]
    with pytest.raises(UserError, match="made for other clips"):
        read_found(tmp_path / "00001.csv", "mine", "00002")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match=r"downstream\.tasks\.mine\.root"):
        find(tmp_path, ["a.mkv"])


def test_youtubes_videos_are_downloaded_by_their_names(make_video, tmp_path, monkeypatch):
    """By `find_clips`, whose own test has every refusal; nothing is fetched twice."""
    film, asked = make_video([(1, 24)], clip_id="film"), []

    def fetch(video_id, folder):
        asked.append(video_id)
        shutil.copy(film.path, folder / "video.mp4")
        return folder / "video.mp4"

    monkeypatch.setattr(find_videos, "make_fetch", lambda: fetch)
    names = ["abcdefghij0.mkv", "abcdefghij0.mkv", "abcdefghij1.mkv"]
    for _ in range(2):
        found, missing = find(tmp_path, names, download="youtube")
        assert [clip.path for clip in found.values()] == names and not missing
        first = (tmp_path / "00000.csv").read_bytes()
    assert asked == ["abcdefghij0", "abcdefghij1"]
    assert (tmp_path / "00000.csv").read_bytes() == first

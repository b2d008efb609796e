"""Clips of Condensed Movies: listed as a manifest, and fetched from YouTube with one reason for each failure."""

import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pandas as pd
import pytest

from scripts.lib.files.hdf5 import CLIPS, create_h5, write_strings
from scripts.lib.jobs.errors import UserError
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip, read_manifest, write_manifest
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import write_shard_csv
from scripts.retrieve.find_clips import COLUMNS, VideoRefused, find_clips, make_fetch
from scripts.retrieve.list_clips import list_clips
from scripts.retrieve.youtube import classify, plain
from scripts.tagging.list_failures import list_failures
from tests.unit.retrieve.test_sources import told  # noqa: F401

# Messages of yt-dlp as people have reported them.
REPORTED = [
    ("private", "ERROR: [youtube] M7mKMWjAxG8: Private video. Sign in if you've been granted access to this video"),
    (
        "removed",
        "ERROR: [youtube] Ik1C0aYvqVk: Video unavailable. This video is no longer available due to a copyright "
        "claim by Sarah Ann Kennedy",
    ),
    ("removed", "ERROR: [youtube] zWX_p2GgHzY: Video unavailable. This video has been removed by the uploader"),
    (
        "removed",
        "ERROR: Video unavailable\nThis video is no longer available because the YouTube account associated with "
        "this video has been terminated.",
    ),
    ("removed", "ERROR: [youtube] qaImFO_DgAM: Video unavailable. This content isn’t available."),
    ("removed", "ERROR: [youtube] XyHm0BmtLHg: Video unavailable"),
    (
        "region",
        "ERROR: [youtube] ltcd1B8WyTM: Video unavailable. The uploader has not made this video available in your "
        "country",
    ),
    (
        "region",
        "Video unavailable. This video contains content from 'ZDF', who has blocked it in your country on copyright "
        "grounds",
    ),
    (
        "bot_wall",
        "ERROR: [youtube] rVXeIRY6H9c: Sign in to confirm you�re not a bot. This helps protect our community. "
        "Learn more",
    ),
    (
        "bot_wall",
        "\x1b[0;31mERROR:\x1b[0m [youtube] go_0fprkk98: Sign in to confirm you’re not a bot. Use "
        "--cookies-from-browser or --cookies for the authentication.",
    ),
    (
        "rate_limit",
        "ERROR: [youtube] 8NxoMpXM2oI: Video unavailable. This content isn't available, try again later. The current "
        "session has been rate-limited by YouTube for up to an hour. It is recommended to use `-t sleep` to add a "
        "delay between video requests to avoid exceeding the rate limit.",
    ),
    (
        "rate_limit",
        "ERROR: Unable to download webpage: HTTP Error 429: Too Many Requests (caused by <HTTPError 429: 'Too Many "
        "Requests'>)",
    ),
    (
        "age",
        "ERROR: [youtube] pLWda_RrQn4: Sign in to confirm your age. This video may be inappropriate for some users.",
    ),
    ("network", "ERROR: unable to download video data: HTTP Error 403: Forbidden"),
    ("network", "ERROR: The downloaded file is empty"),
    (
        "format",
        "ERROR: [youtube] 9rdJJMAd-PA: Requested format is not available. Use --list-formats for a list of available "
        "formats",
    ),
    ("failed", "ERROR: 'NoneType' object has no attribute 'get'"),
]


@pytest.mark.parametrize(("status", "message"), REPORTED)
def test_a_message_of_yt_dlp_becomes_one_word_and_a_line(status, message):
    """The word decides whether to ask again; the line is for a table."""
    assert classify(message).status == status
    reason = plain(message)
    assert reason and "\n" not in reason and "\x1b" not in reason
    assert not reason.startswith(("ERROR", "[youtube]"))
    assert "--" not in reason and "caused by" not in reason


def test_a_limit_on_the_session_is_not_taken_for_a_removed_video():
    """Both begin with the same words; only one of them passes."""
    limit = next(message for status, message in REPORTED if status == "rate_limit")
    assert "Video unavailable" in limit
    assert classify(limit).waits and not classify("Video unavailable").waits


@pytest.fixture
def film(make_video):
    """A film with sound, as YouTube might give it."""
    return Path(make_video([(1, 24), (2, 24)], audio=True).path)


@pytest.fixture
def answers(film):
    """A `fetch` that answers by id: a message refuses, None gives the film; a list of them, one a try."""

    def make(by_id):
        asked = []

        def fetch(video_id, folder):
            asked.append(video_id)
            answer = by_id.get(video_id)
            if isinstance(answer, list):
                answer = answer.pop(0)
            if answer:
                raise VideoRefused(answer)
            return Path(shutil.copy(film, folder / f"{video_id}.mp4"))

        return fetch, asked

    return make


def clips_of(*ids):
    return [Clip(video_id, f"2019/{video_id}.mkv") for video_id in ids]


IDS = ("-sv_BxH3SV8", "IsZdfna1LKA", "tdzX5AKWiDw", "7b3D5qPBrI", "go_0fprkk98", "XyHm0BmtLHg")


def test_each_clip_is_a_file_or_a_row_with_the_reason(answers, tmp_path, film):
    """Ids that begin with a dash, a file that is there, videos that are gone; the others go on."""
    fetch, asked = answers({IDS[1]: REPORTED[0][1], IDS[2]: REPORTED[6][1]})
    there = tmp_path / "2019" / f"{IDS[3]}.mkv"
    there.parent.mkdir()
    there.write_bytes(b"my own copy")
    rows = find_clips(clips_of(*IDS[:5]), tmp_path, fetch)
    assert [row["status"] for row in rows] == ["ok", "private", "region", "ok", "ok"]
    assert rows[1]["reason"] == "Private video. Sign in if you've been granted access to this video"
    assert there.read_bytes() == b"my own copy"
    assert asked == [IDS[0], IDS[1], IDS[2], IDS[4]]
    with av.open(str(tmp_path / "2019" / f"{IDS[0]}.mkv")) as container:
        assert container.format.name.startswith("matroska")
        assert [stream.type for stream in container.streams] == ["video"]
    with Video(Clip("copy", str(tmp_path / "2019" / f"{IDS[0]}.mkv"))) as copy, Video(Clip("film", str(film))) as given:
        for ours, theirs in zip(copy, given, strict=True):
            assert (ours.bgr() == theirs.bgr()).all()
        assert list(copy.times) == pytest.approx(list(given.times), abs=1e-3)
    assert not list((tmp_path / ".parts").rglob("*.mp4"))


def test_what_passes_is_tried_again(answers, tmp_path):
    """A network error and a limit, then the film: longer waits, of a minute at most, and one row in the end."""
    network, limit = "ERROR: unable to download video data: HTTP Error 403: Forbidden", REPORTED[10][1]
    fetch, asked = answers({IDS[0]: [network, network, None], IDS[1]: [limit, None]})
    waits = []
    rows = find_clips(clips_of(*IDS[:2]), tmp_path, fetch, waits.append)
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert waits == [5, 30, 60]
    assert len(asked) == 5


@pytest.mark.parametrize("message", [REPORTED[8][1], REPORTED[10][1]])
def test_once_the_address_is_refused_the_job_ends_and_the_next_goes_on(answers, tmp_path, message):
    """A bot wall or a limit is met once; the files that came are not asked for by the job's next try."""
    fetch, asked = answers({IDS[1]: [message, message, None]})
    with pytest.raises(UserError, match=r"IsZdfna1LKA and the clips after it .*some hours.* same command again"):
        find_clips(clips_of(*IDS), tmp_path, fetch, lambda seconds: None)
    assert asked == [IDS[0], IDS[1], IDS[1]]
    rows = find_clips(clips_of(*IDS), tmp_path, fetch, lambda seconds: None)
    assert [row["status"] for row in rows] == ["ok"] * 6
    assert asked[3:] == list(IDS[1:])


def test_three_network_errors_in_a_row_end_the_job(answers, tmp_path):
    """Fewer are the videos' own; one that is private between them begins the row anew."""
    network = "ERROR: [youtube] Unable to download API page: timed out"
    fetch, asked = answers({**dict.fromkeys(IDS, network), IDS[1]: REPORTED[0][1]})
    rows = find_clips(clips_of(*IDS[:4]), tmp_path, fetch, lambda seconds: None)
    assert [row["status"] for row in rows] == ["network", "private", "network", "network"]
    asked.clear()
    with pytest.raises(UserError, match=r"go_0fprkk98 and the clips after it cannot be downloaded now: .*timed out"):
        find_clips(clips_of(*IDS), tmp_path, fetch, lambda seconds: None)
    assert asked == [IDS[0]] * 3 + [IDS[1]] + [IDS[2]] * 3 + [IDS[3]] * 3 + [IDS[4]] * 3


def test_windows_of_one_video_ask_for_it_once(answers, tmp_path):
    fetch, asked = answers({IDS[0]: "Private video"})
    clips = [
        Clip(f"v_{IDS[0]}_seg_{at}_{at + 10}", f"2019/{IDS[0]}.mkv", "", "", "", "", at, at + 10) for at in (0, 20)
    ]
    rows = find_clips(clips, tmp_path, fetch)
    assert [(row["video_id"], row["status"]) for row in rows] == [(IDS[0], "private")] * 2
    assert asked == [IDS[0]]


def test_a_path_that_leads_elsewhere_is_not_written_to(answers, tmp_path):
    fetch, asked = answers({})
    clips = [Clip("a", f"../{IDS[0]}.mkv"), Clip("b", f"/{IDS[1]}.mkv"), Clip("c", "2019/my film.mkv")]
    rows = find_clips(clips, tmp_path / "root", fetch)
    assert [row["status"] for row in rows] == ["failed"] * 3
    assert "leads out of" in rows[0]["reason"] and "leads out of" in rows[1]["reason"]
    assert "is not the id of a video" in rows[2]["reason"]
    assert not asked and not list(tmp_path.rglob("*.mkv"))


def test_a_full_disk_stops_the_job(answers, tmp_path):
    """It is no fault of a video; what has come is kept."""
    fetch, _ = answers({IDS[1]: "ERROR: unable to write data: [Errno 28] No space left on device"})
    with pytest.raises(UserError, match="the disk is full"):
        find_clips(clips_of(*IDS[:2]), tmp_path, fetch)
    assert (tmp_path / "2019" / f"{IDS[0]}.mkv").is_file()


@pytest.mark.parametrize("below_root", [True, False])
def test_without_downloads_the_files_are_looked_for(tmp_path, below_root, monkeypatch):
    """Below a root and from the folder that Snakemake is started in; nobody is asked for what is missing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2019").mkdir()
    (tmp_path / "2019" / f"{IDS[1]}.mkv").touch()
    rows = find_clips(clips_of(*IDS[:3]), tmp_path if below_root else None, None)
    assert [row["status"] for row in rows] == ["missing", "ok", "missing"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2019"]


def test_failures_tell_why_a_clip_could_not_be_had(tmp_path):
    """The reason of the download, in place of the decoder's that there is no file."""
    rows = [{"clip_id": "a", "video_id": "a", "status": "private", "reason": "Private video"}]
    write_shard_csv(tmp_path / "downloads.csv", COLUMNS, rows, "f0")
    missing = {"clip_id": "a", "status": "failed", "reason": "the file does not exist"}
    write_shard_csv(tmp_path / "clips.csv", missing, [missing], "f0")
    with create_h5(tmp_path / "x.h5", {"fingerprint": "f0"}) as file:
        file.create_group(CLIPS)
        write_strings(file, "failures/clip_id", [])
        write_strings(file, "failures/reason", [])
    files = ([tmp_path / "clips.csv"], [tmp_path / "x.h5"], ["f0"])
    paths = {"a": "2019/a.mkv", "b": "2019/b.mkv"}
    assert list_failures(paths, *files, [tmp_path / "downloads.csv"]) == [
        {"clip_id": "a", "path": "2019/a.mkv", "step": "find_clips", "reason": "private: Private video"}
    ]
    assert list_failures(paths, *files)[0]["step"] == "detect_shots"
    rows[0]["status"] = "missing"
    write_shard_csv(tmp_path / "downloads.csv", COLUMNS, rows, "f0")
    assert list_failures(paths, *files, [tmp_path / "downloads.csv"])[0]["reason"] == "the file does not exist"


def test_without_yt_dlp_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    with pytest.raises(UserError, match="uv sync --group download"):
        make_fetch()


@pytest.fixture
def youtube(monkeypatch, tmp_path, make_video):
    """yt-dlp itself, with an extractor of YouTube's addresses that finds videos on this machine."""
    yt_dlp = pytest.importorskip("yt_dlp")
    folder = tmp_path / "served"
    folder.mkdir()
    for height in (240, 360, 720):
        shutil.copy(make_video([(height, 12)], size=(height * 2, height), clip_id=str(height)).path, folder)
    (folder / "empty.mp4").touch()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            """Keep the test's output clean."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{httpd.server_port}"

    class LocalIE(yt_dlp.extractor.common.InfoExtractor):
        IE_NAME = "youtube"
        _VALID_URL = r"https://www\.youtube\.com/watch\?v=(?P<id>[A-Za-z0-9_-]+)$"

        def _real_extract(self, url):
            video_id = self._match_id(url)
            if video_id == IDS[1]:
                self.raise_no_formats("Private video. Sign in if you've been granted access", expected=True)
            names = {IDS[2]: ("missing",), IDS[4]: ("720",), IDS[5]: ("empty",)}.get(video_id, ("240", "360", "720"))
            formats = [
                {
                    "url": f"{address}/{name}.mp4",
                    "format_id": name,
                    "ext": "mp4",
                    "height": int(name) if name.isdigit() else 240,
                    "vcodec": "h264",
                    "acodec": "none",
                }
                for name in names
            ]
            return {"id": video_id, "title": "a film / with ../ in its title", "formats": formats}

    class Local(yt_dlp.YoutubeDL):
        def __init__(self, params):
            super().__init__({**params, "sleep_interval": 0, "max_sleep_interval": 0, "retries": 0}, auto_init=False)
            self.add_info_extractor(LocalIE(self))

    monkeypatch.setattr(yt_dlp, "YoutubeDL", Local)
    yield
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_yt_dlp_takes_360_lines_at_most_and_its_errors_become_rows(youtube, tmp_path):
    """The real library on a made-up site: the format, an id with a dash, and four ways to fail."""
    rows = find_clips(clips_of(*IDS), tmp_path / "root", make_fetch(), lambda seconds: None)
    assert [row["status"] for row in rows] == ["ok", "private", "network", "ok", "format", "network"]
    assert rows[1]["reason"].startswith("Private video")
    assert "404" in rows[2]["reason"]
    for video_id in (IDS[0], IDS[3]):
        with av.open(str(tmp_path / "root" / "2019" / f"{video_id}.mkv")) as container:
            assert container.streams.video[0].height == 360
    assert sorted(path.name for path in (tmp_path / "root" / "2019").iterdir()) == sorted(
        f"{video_id}.mkv" for video_id in (IDS[0], IDS[3])
    )


def table(**columns):
    """Condensed Movies' clips as `read_movies` gives them."""
    given = {"clip_id": [], "movie_id": "tt1", "title": "A, B", "year": "", "genres": "", "upload_year": "2019"}
    return pd.DataFrame({**given, **columns})


def test_clips_are_listed_once_each_and_the_manifest_can_be_read(tmp_path, told):  # noqa: F811
    """A dash in front, no year, no genres, quotes and commas; repeated rows are counted."""
    given = table(
        clip_id=["-a", "b", "-a", "b"], year=["", "1999", "", "2000"], genres=["Drama|War", "", "Drama|War", ""]
    )
    clips = list_clips(given)
    assert [clip.clip_id for clip in clips] == ["-a", "b"]
    assert "2 row(s) repeat a clip and are left out; 1 of them have other values" in told.text
    write_manifest(clips, tmp_path / "clips.csv")
    assert read_manifest(tmp_path / "clips.csv") == clips
    assert clips[0] == Clip("-a", "2019/-a.mkv", "tt1", "A, B", "", "Drama|War")
    assert clips[1].year == "1999"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"clip_id": ["ok", "../x"]}, "line 3: videoid '../x'"),
        ({"clip_id": [""]}, "line 2: videoid ''"),
        ({"clip_id": ["a"], "upload_year": ["../.."]}, "upload_year '../..'"),
        ({"clip_id": ["a"], "upload_year": ["²"]}, "make no safe file name"),
    ],
)
def test_ids_that_are_no_file_names_are_refused(columns, words):
    with pytest.raises(UserError) as refusal:
        list_clips(table(**columns))
    assert words in str(refusal.value)


def test_the_papers_list(shared_data, tmp_path):
    """The numbers that are known of Condensed Movies."""
    from scripts.lib.records.condensed_movies import read_movies

    folder = shared_data / "condensed_movies"
    clips = list_clips(read_movies(folder / "clips.csv", folder / "movie_info.csv"))
    assert len(clips) == 34185
    assert sum(clip.clip_id.startswith("-") for clip in clips) == 509
    assert sum(not clip.year for clip in clips) == 829
    without = {clip.movie_id for clip in clips if not clip.genres}
    assert len(without) == 730
    rows = read_csv(folder / "clips.csv")
    assert [clip.clip_id for clip in clips] == [row["videoid"] for row in rows]
    write_manifest(clips, tmp_path / "clips.csv")
    assert read_manifest(tmp_path / "clips.csv") == clips

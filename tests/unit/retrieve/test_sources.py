"""What is fetched is what was meant, or nothing bears its name and the way out is told."""

import contextlib
import errno
import hashlib
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from scripts.lib.jobs.errors import UserError
from scripts.retrieve.retrieve_label_encoder import retrieve_label_encoder
from scripts.retrieve.retrieve_source import retrieve_source
from scripts.retrieve.retrieve_weights import retrieve_weights
from tests.helpers import ROOT

GOOD = bytes(range(256)) * 2000
OLD = bytes(reversed(GOOD))
# The hub's client continues after whole blocks of 10 MiB.
MODEL = GOOD * 50
PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
REVISION = "0123456789abcdef0123456789abcdef01234567"
# A retrieval in a process of its own: a row as JSON, and where to put its file.
RETRIEVE = """
import json, sys
from scripts.retrieve.retrieve_source import retrieve_source
from tests.helpers import ROOT
retrieve_source(json.loads(sys.argv[1]), sys.argv[2])
"""


class Handler(BaseHTTPRequestHandler):
    """A server for each path: an honest one, a hub, and those that fail in one way each."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        """What the hub's client asks for before a file."""
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(MODEL).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("Content-Length", str(len(MODEL)))
        self.end_headers()

    def do_GET(self):
        first = self.path not in [path for path, _ in self.server.asked]
        self.server.asked.append((self.path, self.headers.get("Range")))
        self.close_connection = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, self.path.rpartition("/")[2].replace(".", "_"), self.none)(first)

    def answer(self, body, *, until=None, pace=0.0):
        """Send a body or, where it is asked for, the end of it; break off before byte `until` of the whole."""
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        for at in range(start, until or len(body), 20_000):
            self.wfile.write(body[at : min(at + 20_000, until or len(body))])
            time.sleep(pace)

    def good(self, first):
        self.answer(GOOD)

    def cut(self, first):
        self.answer(GOOD, until=100_000)

    def model_safetensors(self, first):
        """A hub whose connection breaks once."""
        self.answer(MODEL, until=21_000_000 if first else None)

    def page(self, first):
        self.answer(PAGE)

    def none(self, first):
        self.send_error(404)

    def busy(self, first):
        self.send_error(503) if first else self.answer(GOOD)

    def silent(self, first):
        time.sleep(1)

    def stuck(self, first):
        self.answer(GOOD, until=100_000)
        time.sleep(1)

    def slow(self, first):
        self.answer(GOOD, pace=0.05)

    def nonsense(self, first):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

    def chunked(self, first):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"ff\r\nonly a little")

    def archive_zip(self, first):
        self.answer(self.server.archive)

    def log_message(self, *arguments):
        """Keep the test's output clean."""


@pytest.fixture
def server():
    """A web server on this machine that remembers what it was asked for."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.asked = []
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield httpd
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def source(server):
    """A row of the sources table for a path of the server."""

    def make(path, content=GOOD):
        return {
            "path": "movieclip/labels.txt",
            "version": "1",
            "url": f"http://127.0.0.1:{server.server_port}/{path}",
            "sha256": hashlib.sha256(content).hexdigest() if content else "",
            "licence": "MIT",
            "how_to_get": "the file labels.txt",
        }

    return make


@pytest.fixture
def retrieve(tmp_path):
    """Retrieve a row into an empty folder, without patience."""

    def run(row, mirror=None, name="labels.txt"):
        retrieve_source(row, tmp_path / "here" / name, mirror, tmp_path / "checksums", timeout=0.4)
        return tmp_path / "here" / name

    return run


@pytest.fixture
def told(caplog):
    """What the log tells."""
    logger = logging.getLogger("movieclip")
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO, "movieclip")
    yield caplog
    logger.removeHandler(caplog.handler)


def left(path):
    return sorted(file.name for file in path.parent.iterdir())


def test_a_good_file_is_put_in_place(source, retrieve):
    """Byte for byte, in a folder that need not exist, with nothing beside it."""
    file = retrieve(source("good"))
    assert file.read_bytes() == GOOD
    assert left(file) == ["labels.txt"]


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("good", b"other", ["has the sha256", "config/sources.csv", "mirror: FOLDER"]),
        ("page", PAGE, ["web page in place of the data", "mirror: FOLDER"]),
        ("none", GOOD, ["cannot be fetched (404", "get the file labels.txt in another way"]),
        ("busy", GOOD, ["cannot be fetched (503", "try again"]),
        ("cut", None, ["cannot be fetched (", "100000 bytes read", "try again"]),
        ("silent", GOOD, ["cannot be fetched (", "timed out"]),
        ("stuck", None, ["cannot be fetched ("]),
        ("chunked", None, ["cannot be fetched ("]),
        ("nonsense", None, ["cannot be fetched ("]),
    ],
)
def test_anything_else_leaves_no_file_and_tells_the_way_out(source, retrieve, tmp_path, path, content, words):
    """A wrong checksum, a login page, a dead link, a transfer that breaks off, a silent server, no web server."""
    with pytest.raises(UserError) as refusal:
        retrieve(source(path, content))
    assert all(word in str(refusal.value) for word in words), refusal.value
    assert f"/{path}" in str(refusal.value)
    assert left(tmp_path / "here" / "x") == []


def test_a_server_that_is_not_there_is_told(source, retrieve):
    """No network is a reason, not a traceback."""
    row = source("good")
    row["url"] = "http://127.0.0.1:9/labels.txt"
    with pytest.raises(UserError, match=r"cannot be fetched .*refused"):
        retrieve(row)


def test_what_a_killed_process_fetched_bears_no_name_and_is_cleared_away(source, retrieve, tmp_path):
    """SIGKILL in the middle of a transfer; the next one fetches the whole file."""
    here = tmp_path / "here" / "labels.txt"
    fetching = subprocess.Popen([sys.executable, "-c", RETRIEVE, json.dumps(source("slow")), here], cwd=ROOT)
    while not any(part.stat().st_size > 100_000 for part in here.parent.glob(".labels.*.part.txt")):
        assert fetching.poll() is None
        time.sleep(0.01)
    fetching.send_signal(signal.SIGKILL)
    fetching.wait()
    assert len(left(here)) == 1 and not here.exists()
    assert retrieve(source("slow")).read_bytes() == GOOD
    assert left(here) == ["labels.txt"]


def test_a_full_disk_is_told_as_everywhere(source, retrieve, tmp_path, monkeypatch):
    """It is not the server's fault."""

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", full)
    with pytest.raises(UserError, match=r"labels\.txt cannot be written: no space is left on its disk"):
        retrieve(source("good"))
    assert left(tmp_path / "here" / "x") == []


def test_a_checksum_that_nobody_published_is_recorded_and_checked_from_then_on(source, retrieve, tmp_path, told):
    """The first copy counts; another one later, from wherever, is refused until the record is deleted."""
    retrieve(source("good", None))
    record = tmp_path / "checksums" / "movieclip" / "labels.txt.sha256"
    assert record.read_text() == f"{hashlib.sha256(GOOD).hexdigest()}  movieclip/labels.txt\n"
    assert "is now recorded in" in told.text
    retrieve(source("good", None), name="again.txt")
    copy = tmp_path / "mirror" / "movieclip" / "labels.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(OLD)
    with pytest.raises(UserError, match=r"not \w+ like the first copy"):
        retrieve(source("good", None), str(tmp_path / "mirror"), name="third.txt")
    record.unlink()
    assert retrieve(source("good", None), str(tmp_path / "mirror"), name="third.txt").read_bytes() == OLD


def test_a_mirror_is_asked_first_and_checked_likewise(source, retrieve, server, tmp_path):
    """With the file at hand the network is not touched, and a wrong copy is not believed."""
    copy = tmp_path / "mirror" / "movieclip" / "labels.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(GOOD)
    mirror = str(tmp_path / "mirror")
    assert retrieve(source("none"), mirror).read_bytes() == GOOD
    copy.write_bytes(b"old edition")
    with pytest.raises(UserError, match=r"mirror/movieclip/labels\.txt has the sha256"):
        retrieve(source("good"), mirror, name="again.txt")
    assert server.asked == []
    copy.unlink()
    retrieve(source("good"), mirror, name="again.txt")
    assert [path for path, *_ in server.asked] == ["/good"]


def zipped(*names):
    """A ZIP archive of files of good data."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            # ZipInfo has a fixed date: the workers of a test run have to collect the same tests.
            archive.writestr(zipfile.ZipInfo(name), GOOD, zipfile.ZIP_DEFLATED)
    return content.getvalue()


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (zipped("folder/labels.txt", "other.txt"), ""),
        (zipped("labels.txt", "../evil.txt", "a\\..\\evil.txt"), ""),
        (zipped("a/../../labels.txt"), ""),
        (zipped("other.txt"), "has 0 file(s) named labels.txt"),
        (zipped("a/labels.txt", "b/labels.txt"), "has 2 file(s) named labels.txt"),
        (zipped("labels.txt")[:-30], "cannot be read as a ZIP archive"),
        (PAGE, "web page in place of the data"),
        (zipped("labels.txt").replace(zipped("labels.txt")[60:90], b"!" * 30), "cannot be read as a ZIP archive"),
    ],
)
def test_an_archive_gives_the_wanted_file_or_is_refused(source, retrieve, server, tmp_path, archive, words):
    """One file is taken out, wherever the archive wants to have it; the others are not unpacked."""
    server.archive = archive
    if words:
        with pytest.raises(UserError) as refusal:
            retrieve(source("archive.zip"))
        assert words in str(refusal.value)
        assert left(tmp_path / "here" / "x") == []
    else:
        file = retrieve(source("archive.zip"))
        assert file.read_bytes() == GOOD
        assert left(file) == ["labels.txt"]
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {"labels.txt"}


def test_control_without_the_check_pages_would_be_taken(source, retrieve, monkeypatch):
    """What the tests above refuse is refused by this check and by nothing else."""
    monkeypatch.setattr("scripts.retrieve.retrieve_source._refuse_page", lambda *arguments: None)
    assert retrieve(source("page", None), name="page.txt").read_bytes() == PAGE


def test_a_file_of_the_hub_is_the_pinned_one(source, server, tmp_path):
    """The hub's own client on a local hub: the commit is asked for, a broken transfer is continued."""
    file = tmp_path / "here" / "model.safetensors"
    hub = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(tmp_path / "hub")}

    def run(sha256, **environment):
        row = source("good") | {"url": f"hf://me/model@{REVISION}/model.safetensors", "sha256": sha256}
        return subprocess.run(
            [sys.executable, "-c", RETRIEVE, json.dumps(row), file],
            cwd=ROOT,
            env=os.environ | hub | environment,
            capture_output=True,
            text=True,
        )

    refusal = run("", HF_HUB_OFFLINE="1").stderr
    assert f"hf://me/model@{REVISION}/model.safetensors cannot be fetched" in refusal and "mirror: FOLDER" in refusal
    assert "has the sha256" in run("0" * 64).stderr
    assert left(file) == []
    assert run(hashlib.sha256(MODEL).hexdigest()).returncode == 0
    assert file.read_bytes() == MODEL
    address = f"/me/model/resolve/{REVISION}/model.safetensors"
    assert [part for path, part in server.asked if path == address] == [None, f"bytes={2 * 10 * 2**20}-"]


def test_models_of_a_hub_may_come_from_the_mirror_and_stay_what_they_were(tmp_path, monkeypatch):
    """Weights and a sentence encoder as this machine's run would have made them; the hub is not asked."""
    monkeypatch.chdir(tmp_path)
    weights, encoder = "weights/SomeModel/tag.safetensors", "encoders/me--encoder"
    (tmp_path / "mirror" / weights).parent.mkdir(parents=True)
    (tmp_path / "mirror" / weights).write_bytes(GOOD)
    (tmp_path / "mirror" / encoder / "1_Pooling").mkdir(parents=True)
    for name, content in {"model.safetensors": GOOD, "1_Pooling/config.json": b"{}", "evil.pkl": b"."}.items():
        (tmp_path / "mirror" / encoder / name).write_bytes(content)
    retrieve_weights("SomeModel", "tag", f"resources/{weights}", "mirror")
    retrieve_label_encoder("me/encoder", f"resources/{encoder}", "mirror")
    assert Path("resources", weights).read_bytes() == GOOD
    assert left(Path("resources", encoder, "x")) == ["1_Pooling", "model.safetensors"]
    (tmp_path / "mirror" / weights).write_bytes(OLD)
    (tmp_path / "mirror" / encoder / "model.safetensors").write_bytes(OLD)
    with pytest.raises(UserError, match="like the first copy"):
        retrieve_weights("SomeModel", "tag", f"resources/{weights}", "mirror")
    with pytest.raises(UserError, match="like the first copy"):
        retrieve_label_encoder("me/encoder", f"resources/{encoder}", "mirror")
    assert Path("resources", weights).read_bytes() == GOOD

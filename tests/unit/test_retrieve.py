"""What is fetched is what was meant, or nothing bears its name and the way out is told."""

import contextlib
import hashlib
import io
import logging
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from scripts.lib import download as downloads
from scripts.lib.download import Patience, part_of
from scripts.lib.errors import UserError
from scripts.lib.files import sha256_of
from scripts.lib.sources import check_label_encoder, tagger_with
from scripts.retrieve.convert_weights import convert_weights
from scripts.retrieve.retrieve_label_encoder import retrieve_label_encoder
from scripts.retrieve.retrieve_source import retrieve_source
from scripts.retrieve.retrieve_weights import retrieve_weights

ROOT = Path(__file__).resolve().parents[2]
GOOD = bytes(range(256)) * 2000
OLD = bytes(reversed(GOOD))
PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"
HASTY = Patience(attempts=3, first_wait=0.01, longest_wait=0.02, timeout=0.4, slowest=1000)


class Handler(BaseHTTPRequestHandler):
    """A server for each path: an honest one, and those that fail in one way each."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked = (self.path, self.headers.get("Range"), self.headers.get("If-Range"))
        first = self.path not in [path for path, *_ in self.server.asked]
        self.server.asked.append(asked)
        self.close_connection = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, self.path.strip("/").replace(".", "_"))(first)

    def answer(
        self, body, *, etag='"one"', ranges=True, careful=True, until=None, extra=0, pace=0.0, kind="text/plain"
    ):
        """Send a body or, where it is asked for, the end of it; break off before byte `until` of the whole."""
        wanted = self.headers.get("Range")
        whole = not wanted or not ranges or (careful and self.headers.get("If-Range") != etag)
        start = 0 if whole else int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200 if whole else 206)
        if not whole:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) - start + extra))
        self.end_headers()
        for at in range(start, until or len(body), 20_000):
            block = body[at : min(at + 20_000, until or len(body))]
            self.wfile.write(block)
            self.server.sent += len(block)
            time.sleep(pace)

    def good(self, first):
        self.answer(GOOD)

    def cut(self, first):
        self.answer(GOOD, until=100_000 if first else None)

    def short(self, first):
        self.answer(GOOD, etag="", ranges=False, extra=1000)

    def stuck(self, first):
        self.answer(GOOD, until=100_000)

    def no_ranges(self, first):
        self.answer(GOOD, ranges=False, until=100_000 if first else None)

    def changed(self, first):
        self.answer(*(OLD,) if first else (GOOD,), etag='"old"' if first else '"new"', until=100_000 if first else None)

    def careless(self, first):
        self.answer(
            OLD if first else GOOD, etag='"old"' if first else '"new"', careful=False, until=100_000 if first else None
        )

    def weak(self, first):
        """No ETag that could be relied on: a weak one."""
        self.answer(GOOD, etag='W/"one"', until=100_000 if first else None)

    def portal(self, first):
        """Half of the file, then somebody's login page."""
        if first:
            self.answer(GOOD, until=100_000)
        else:
            self.answer(PAGE, etag="", ranges=False, kind="text/html; charset=utf-8")

    def page(self, first):
        self.answer(PAGE)

    def none(self, first):
        self.send_error(404)

    def busy(self, first):
        if sum(path == "/busy" for path, *_ in self.server.asked) > 2:
            return self.answer(GOOD)
        self.send_response(503)
        self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def silent(self, first):
        time.sleep(1)

    def trickle(self, first):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b"x")
            time.sleep(0.05)

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
    """A web server on this machine that remembers what it was asked for and counts what it sent."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.asked, httpd.sent = [], 0
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
    """Retrieve a row into an empty folder, hastily."""

    def run(row, mirror=None, name="labels.txt"):
        retrieve_source(row, tmp_path / "here" / name, mirror, HASTY, tmp_path / "checksums")
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
    ("path", "continued", "words"),
    [
        ("cut", True, "continuing after 100000 bytes"),
        ("no_ranges", False, "the server continues no downloads; starting over"),
        ("changed", False, "has changed since its first part came; starting over"),
        ("careless", False, "has changed since its first part came; starting over"),
        ("weak", False, "the transfer ended after 100000 of 512000 bytes"),
    ],
)
def test_a_broken_transfer_is_continued_only_where_the_file_is_the_same(
    source, retrieve, server, told, path, continued, words
):
    """The rest is asked for on condition that nothing changed; where that cannot be known, all of it."""
    file = retrieve(source(path))
    assert file.read_bytes() == GOOD
    assert words in told.text
    assert (server.sent == len(GOOD)) == continued
    assert server.asked[1][1] == (None if path == "weak" else "bytes=100000-")
    assert left(file) == ["labels.txt"]


def test_control_without_validators_the_parts_of_two_files_are_mixed(source, retrieve, server, monkeypatch):
    """The same careless server, all validators taken for equal: only the checksum is left to notice."""
    monkeypatch.setattr(downloads, "_validator", lambda headers: '"same"')
    with pytest.raises(UserError, match="has the sha256"):
        retrieve(source("careless"))
    monkeypatch.undo()
    server.asked.clear()
    assert retrieve(source("careless")).read_bytes() == GOOD


def test_what_a_killed_process_fetched_is_not_fetched_again(source, retrieve, server, tmp_path):
    """SIGKILL in the middle of a transfer; the next one asks for the rest."""
    part = part_of(tmp_path / "here" / "labels.txt")
    code = (
        "import sys; from pathlib import Path; from scripts.lib.download import download\n"
        "with download(sys.argv[1], Path(sys.argv[2])): pass"
    )
    fetching = subprocess.Popen([sys.executable, "-c", code, source("slow")["url"], part], cwd=ROOT)
    while not (part.exists() and part.stat().st_size > 100_000):
        time.sleep(0.01)
    with pytest.raises(UserError, match="another process is fetching"):
        retrieve(source("slow"))
    fetching.send_signal(signal.SIGKILL)
    fetching.wait()
    before, server.sent = part.stat().st_size, 0
    file = retrieve(source("slow"))
    assert file.read_bytes() == GOOD
    assert server.asked[-1] == ("/slow", f"bytes={before}-", '"one"')
    # The killed one's connection may have taken a block or two more.
    assert server.sent <= len(GOOD) - before + 40_000
    assert left(file) == ["labels.txt"]


@pytest.mark.parametrize(
    ("path", "content", "words", "kept"),
    [
        ("good", b"other", ["has the sha256", "config/sources.csv", "mirror: FOLDER"], False),
        ("page", PAGE, ["web page in place of the data", "mirror: FOLDER"], False),
        ("none", GOOD, ["cannot be fetched: the server answered 404", "get the file labels.txt by another way"], False),
        ("short", None, [f"ended after {len(GOOD)} of {len(GOOD) + 1000} bytes", "try again"], False),
        ("stuck", GOOD, ["ended after 100000 of 512000", "the first 100000 bytes are kept", "try again"], True),
        ("portal", GOOD, ["web page in place of the data", "the first 100000 bytes are kept"], True),
        ("silent", GOOD, ["cannot be fetched: the server is silent"], False),
        ("trickle", GOOD, ["cannot be fetched: the server is too slow"], False),
        ("chunked", None, ["cannot be fetched: the connection broke"], False),
        ("nonsense", None, ["cannot be fetched"], False),
    ],
)
def test_anything_else_leaves_no_file_and_tells_the_way_out(source, retrieve, tmp_path, path, content, words, kept):
    """A wrong checksum, a login page, a dead link, a transfer that breaks off, a slow server, no web server."""
    with pytest.raises(UserError) as refusal:
        retrieve(source(path, content))
    assert all(word in str(refusal.value) for word in words), refusal.value
    assert f"/{path}" in str(refusal.value)
    assert left(tmp_path / "here" / "x") == ([".labels.txt.part", ".labels.txt.part.json"] if kept else [])


def test_a_part_survives_somebodys_login_page(source, retrieve, server):
    """What had come before is continued once the page is gone."""
    with pytest.raises(UserError, match="web page"):
        retrieve(source("portal"))
    Handler.portal, portal = Handler.good, Handler.portal
    try:
        assert retrieve(source("portal")).read_bytes() == GOOD
    finally:
        Handler.portal = portal
    assert server.asked[-1][1] == "bytes=100000-"


def test_a_server_that_is_busy_is_asked_again(source, retrieve, server, told):
    """It says for how long; nobody waits an hour."""
    assert retrieve(source("busy")).read_bytes() == GOOD
    assert "answered 503" in told.text


def test_a_server_that_is_not_there_is_told(source, retrieve):
    """No network is a reason, not a traceback."""
    row = source("good")
    row["url"] = "http://127.0.0.1:9/labels.txt"
    with pytest.raises(UserError, match=r"cannot be fetched: .*refused"):
        retrieve(row)


def test_a_disk_that_is_too_small_is_told_before_it_is_full(source, retrieve, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match=r"1\S* [kM]B are to come, but 1 kB are free in .*; make room there"):
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
    with pytest.raises(UserError, match=r"not \w+ as the first copy"):
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


def zipped(*members):
    """A ZIP archive of names, or `ZipInfo`s, each with good data."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member in members:
            archive.writestr(member, GOOD)
    return content.getvalue()


def link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (zipped("folder/labels.txt", "other.txt"), ""),
        (zipped("other.txt"), "has 0 file(s) named labels.txt"),
        (zipped("a/labels.txt", "b/labels.txt"), "has 2 file(s) named labels.txt"),
        (zipped("labels.txt", "../evil.txt"), "'../evil.txt' would be written outside"),
        (zipped("labels.txt", "a/../../evil.txt"), "would be written outside"),
        (zipped("labels.txt", "a\\..\\evil.txt"), "would be written outside"),
        (zipped("labels.txt", "/etc/evil.txt"), "'/etc/evil.txt' would be written outside"),
        (zipped("labels.txt", "C:/evil.txt"), "would be written outside"),
        (zipped("labels.txt", link("evil.txt")), "'evil.txt' is a link"),
        (zipped("labels.txt")[:-30], "cannot be read as a ZIP archive"),
        (PAGE, "web page in place of the data"),
        (zipped("labels.txt").replace(GOOD[:99], b"!" * 99), "cannot be read as a ZIP archive"),
    ],
)
def test_an_archive_gives_the_wanted_file_or_is_refused(source, retrieve, server, tmp_path, archive, words):
    """One file is taken out; an archive that would write elsewhere, or links there, is refused as a whole."""
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
    assert not (tmp_path / "evil.txt").exists()


def test_an_archive_that_would_fill_the_disk_is_refused_unopened(source, retrieve, server, tmp_path, monkeypatch):
    """A few kilobytes may unpack to any size."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", bytes(5_000_000))
    server.archive = content.getvalue()
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(UserError, match=r"has 5 MB, but 1 MB are free .*; make room there"):
        retrieve(source("archive.zip"))
    assert left(tmp_path / "here" / "x") == []
    # control: there is nothing else about it
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda path: SimpleNamespace(free=6_000_000))
    assert retrieve(source("archive.zip", None), name="unzipped.txt").stat().st_size == 5_000_000


def test_control_without_the_checks_pages_and_odd_archives_would_be_taken(source, retrieve, server, monkeypatch):
    """What the tests above refuse is refused by these checks and by nothing else."""
    monkeypatch.setattr("scripts.retrieve.retrieve_source._refuse_page", lambda *arguments: None)
    monkeypatch.setattr("scripts.lib.archives._check_member", lambda *arguments: None)
    assert retrieve(source("page", None), name="page.txt").read_bytes() == PAGE
    server.archive = zipped("labels.txt", "../evil.txt", link("evil.txt"))
    assert retrieve(source("archive.zip"), name="unzipped.txt").read_bytes() == GOOD


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
    with pytest.raises(UserError, match="as the first copy"):
        retrieve_weights("SomeModel", "tag", f"resources/{weights}", "mirror")
    with pytest.raises(UserError, match="as the first copy"):
        retrieve_label_encoder("me/encoder", f"resources/{encoder}", "mirror")
    assert Path("resources", weights).read_bytes() == GOOD


class Network(torch.nn.Module):
    """As OpenAI's archives: half precision, with numbers beside the weights."""

    def __init__(self):
        super().__init__()
        self.projection = torch.nn.Linear(3, 2).half()
        for name, value in {"input_resolution": 224, "context_length": 77, "vocab_size": 49408}.items():
            self.register_buffer(name, torch.tensor(value))

    def forward(self, x):
        return self.projection.weight.float() @ x + self.input_resolution


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_an_archive_becomes_plain_tensors_only_if_it_is_the_published_one(tmp_path):
    """The weights keep name, value and precision; another file is never loaded."""
    network, archive = Network(), tmp_path / "openai.pt"
    torch.jit.save(torch.jit.trace(network, torch.zeros(3)), str(archive))
    convert_weights(archive, sha256_of(archive), tmp_path / "openai.safetensors")
    tensors = load_file(tmp_path / "openai.safetensors")
    assert tensors.keys() == {"projection.weight", "projection.bias"}
    assert tensors["projection.weight"].dtype == torch.float16
    assert torch.equal(tensors["projection.weight"], network.projection.weight)
    with pytest.raises(UserError, match="not the published file"):
        convert_weights(archive, "0" * 64, tmp_path / "other.safetensors")
    assert not (tmp_path / "other.safetensors").exists()


def test_weights_are_those_of_the_tagger_whose_path_is_asked_for():
    """Not those of the configured tagger under another's name; files of one's own are not fetched."""
    taggers = {
        "small": {"model": "ViT-B-32", "pretrained": "laion/some"},
        "large": {"model": "models/my ViT.json", "pretrained": "tag"},
        "own": {"model": "ViT-B-32", "pretrained": "resources/weights/ViT-B-32/own.safetensors"},
    }
    assert tagger_with("resources/weights/ViT-B-32/laion--some.safetensors", taggers) == taggers["small"]
    assert tagger_with("resources/weights/my ViT/tag.safetensors", taggers) == taggers["large"]
    for path, known in (
        ("resources/weights/ViT-L-14/tag.safetensors", taggers),
        (taggers["own"]["pretrained"], taggers),
        ("resources/weights/ViT-B-32/tag.safetensors", {}),
    ):
        with pytest.raises(UserError, match=f"no tagger of this configuration fetches the weights {path}"):
            tagger_with(path, known)


def test_a_sentence_encoder_is_the_one_whose_folder_is_asked_for(tmp_path):
    assert check_label_encoder("resources/encoders/a--b", "a/b") == "a/b"
    for name in ("a/c", None, str(tmp_path)):
        with pytest.raises(UserError, match="does not belong into resources/encoders/a--b"):
            check_label_encoder("resources/encoders/a--b", name)

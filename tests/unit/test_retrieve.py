"""What is fetched is what was meant, or nothing is left and the way out is told."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import torch
from safetensors.torch import load_file

from scripts.lib.errors import UserError
from scripts.lib.files import sha256_of
from scripts.retrieve.convert_weights import convert_weights
from scripts.retrieve.retrieve_source import retrieve_source

GOOD = b"label one\nlabel two\n" * 500
PAGE = b"\n<!DOCTYPE html><html><body>Please log in</body></html>"


class Handler(BaseHTTPRequestHandler):
    """Serves good data, a web page, a body that ends early with and without announced length."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        self.close_connection = True
        if self.path == "/none":
            self.send_error(404)
            return
        if self.path == "/nonsense":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
            return
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ff\r\nonly a little")
            return
        body = PAGE if self.path == "/page" else self.server.archive if self.path == "/archive.zip" else GOOD
        self.send_header("Content-Length", str(len(body) + (1000 if self.path == "/short" else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Keep the test's output clean."""


@pytest.fixture
def server():
    """A web server on this machine that remembers what it was asked for."""
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
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
            "url": f"http://127.0.0.1:{server.server_port}/{path}",
            "sha256": hashlib.sha256(content).hexdigest() if content else "",
            "licence": "MIT",
            "how_to_get": "the file labels.txt",
        }

    return make


def test_a_good_file_is_put_in_place(source, tmp_path):
    """Byte for byte, in a folder that need not exist; a source without checksum is taken too."""
    retrieve_source(source("good"), tmp_path / "a" / "labels.txt")
    retrieve_source(source("good", None), tmp_path / "b" / "labels.txt")
    assert (tmp_path / "a" / "labels.txt").read_bytes() == (tmp_path / "b" / "labels.txt").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("good", b"other", ["has the sha256", "config/sources.csv", "mirror: FOLDER"]),
        ("page", PAGE, ["web page in place of the data", "mirror: FOLDER"]),
        ("none", GOOD, ["cannot be fetched", "404", "get the file labels.txt by another way"]),
        ("short", None, [f"ended after {len(GOOD)} of {len(GOOD) + 1000} bytes", "try again"]),
        ("chunked", None, []),
        ("nonsense", None, ["cannot be fetched"]),
    ],
)
def test_anything_else_leaves_nothing_and_tells_the_way_out(source, tmp_path, path, content, words):
    """A wrong checksum, a login page, a dead link, a transfer that broke off, another kind of server."""
    with pytest.raises(UserError) as refusal:
        retrieve_source(source(path, content), tmp_path / "labels.txt")
    assert all(word in str(refusal.value) for word in words), refusal.value
    assert f"/{path}" in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_told(source, server, tmp_path):
    """No network is a reason, not a traceback."""
    row = source("good")
    row["url"] = "http://127.0.0.1:9/labels.txt"
    with pytest.raises(UserError, match="cannot be fetched"):
        retrieve_source(row, tmp_path / "labels.txt")


def test_a_mirror_is_asked_first_and_checked_likewise(source, server, tmp_path):
    """With the file at hand the network is not touched, and a wrong copy is not believed."""
    copy = tmp_path / "mirror" / "movieclip" / "labels.txt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(GOOD)
    retrieve_source(source("none"), tmp_path / "labels.txt", str(tmp_path / "mirror"))
    assert (tmp_path / "labels.txt").read_bytes() == GOOD
    copy.write_bytes(b"old edition")
    with pytest.raises(UserError, match=r"mirror/movieclip/labels\.txt has the sha256"):
        retrieve_source(source("good"), tmp_path / "again.txt", str(tmp_path / "mirror"))
    assert server.asked == []
    copy.unlink()
    retrieve_source(source("good"), tmp_path / "again.txt", str(tmp_path / "mirror"))
    assert server.asked == ["/good"]


def test_an_archive_in_place_of_the_file_is_unpacked(source, server, tmp_path):
    """The file of the wanted name is taken and checked; an archive without it is not believed."""
    for member, fits in (("folder/labels.txt", True), ("other.txt", False)):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(member, GOOD)
        server.archive = content.getvalue()
        destination = tmp_path / str(fits) / "labels.txt"
        if fits:
            retrieve_source(source("archive.zip"), destination)
            assert destination.read_bytes() == GOOD
        else:
            with pytest.raises(UserError, match="has the sha256"):
                retrieve_source(source("archive.zip"), destination)


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

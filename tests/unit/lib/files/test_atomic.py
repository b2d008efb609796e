"""Files appear whole or not at all."""

import hashlib

import pytest

from scripts.lib.files.atomic import atomic_path, sha256_of
from scripts.lib.tables.rows import read_csv, write_csv


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_writer_leaves_nothing_behind(tmp_path, stop):
    """Neither a partial final file nor a temporary one, and a file that was there stays as it was."""
    final = tmp_path / "new folder" / "table.csv"
    with pytest.raises(stop), atomic_path(final) as temporary:
        temporary.write_text("half")
        raise stop
    assert list(final.parent.iterdir()) == []
    final.write_text("old")
    with pytest.raises(stop), atomic_path(final) as temporary:
        temporary.write_text("half")
        assert final.read_text() == "old"
        raise stop
    assert [path.name for path in final.parent.iterdir()] == ["table.csv"]
    assert final.read_text() == "old"


def test_writers_of_one_file_do_not_meet(tmp_path):
    """Two at a time write beside each other on the final file's disk; the last to end wins, whole."""
    final = tmp_path / "scores.h5"
    with atomic_path(final) as one:
        with atomic_path(final) as two:
            assert one != two
            assert {path.parent for path in (one, two)} == {tmp_path}
            assert {path.suffix for path in (one, two)} == {".h5"}
            one.write_text("one")
            two.write_text("two")
        assert final.read_text() == "two"
    assert final.read_text() == "one"
    assert list(tmp_path.iterdir()) == [final]


def test_a_writer_that_writes_nothing_is_an_error(tmp_path):
    """No empty file is made up where none was written."""
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x.csv"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_checksums_are_sha256(tmp_path):
    """Checksums are those of sha256sum, also of files larger than a block."""
    content = bytes(range(256)) * 9000
    (tmp_path / "x").write_bytes(content)
    assert sha256_of(tmp_path / "x") == hashlib.sha256(content).hexdigest()


def test_tables_survive_a_round_trip(tmp_path):
    """Odd text and every bit of a float come back; None is an empty field."""
    rows = [
        {"name": 'a, "b"\nc', "value": 0.1 + 0.2, "nothing": None},
        {"name": "\udce9 кино", "value": 1 / 3, "nothing": ""},
        {"name": "carriage\rreturn", "value": 1e-300, "nothing": None},
    ]
    write_csv(tmp_path / "x.csv", ["name", "value", "nothing"], rows)
    back = read_csv(tmp_path / "x.csv")
    assert [row["name"] for row in back] == [row["name"] for row in rows]
    assert [float(row["value"]) for row in back] == [row["value"] for row in rows]
    assert {row["nothing"] for row in back} == {""}


def test_files_may_be_read_by_those_whom_the_umask_allows(tmp_path):
    """Whatever the writer set: safetensors makes files that only their owner may read."""
    with atomic_path(tmp_path / "weights") as temporary:
        temporary.write_text("x")
        temporary.chmod(0o600)
    usual = tmp_path / "usual"
    usual.touch()
    assert (tmp_path / "weights").stat().st_mode == usual.stat().st_mode

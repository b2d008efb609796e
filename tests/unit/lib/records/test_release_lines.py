"""The authors' line format and their label maps."""

import json
import re

import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.release_lines import LabelLine, read_label_map, read_lines, write_lines

GOOD = "-a_B/-a_B-Scene-001.mp4 0\n-a_B/-a_B-Scene-1234.mp4 2 0 1\n"


def test_lines_survive_reading_and_writing(tmp_path):
    """Byte for byte, ids that begin with a dash and four-digit scenes included; the order of labels is kept."""
    path = tmp_path / "a.txt"
    path.write_text(GOOD)
    lines = read_lines(path, 3)
    assert lines[1] == LabelLine("-a_B", "-a_B-Scene-1234", (2, 0, 1))
    write_lines(tmp_path / "b.txt", lines)
    assert (tmp_path / "b.txt").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x/y-Scene-001.mp4 0", "is not <clip>/<clip>-Scene-<NNN>.mp4"),
        ("x/x-Scene-001.mp4", "is not"),
        ("x/x-Scene-01.mp4 0", "is not"),
        ("x/x-Scene-001.mp4 0, 1", "is not"),
        ("../x/x-Scene-001.mp4 0", "is not"),
        ("x/x-Scene-001.mp4 0 3", "label 3 does not exist; there are 3"),
        ("x/x-Scene-001.mp4 1 1", "a label is named twice"),
        ("-a_B/-a_B-Scene-001.mp4 1", "is already on line 1"),
    ],
)
def test_bad_lines_are_told_with_their_number(tmp_path, line, words):
    path = tmp_path / "a.txt"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(UserError) as refusal:
        read_lines(path, 3)
    assert "has 1 problem(s)" in str(refusal.value)
    (problem,) = re.findall(r"line 4: (.*)", str(refusal.value))
    assert words in problem


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\x80\x04\x95")
    for path in (tmp_path / "a.txt", tmp_path / "none.txt"):
        with pytest.raises(UserError, match="cannot read the label file"):
            read_lines(path, 3)


@pytest.mark.parametrize("content", ["[1]", "{}", '{"a": 0, "b": 2}', '{"a": 0, "b": 0}', '{"a": "x"}', "no json"])
def test_label_maps_with_gaps_are_refused(tmp_path, content):
    path = tmp_path / "map.json"
    path.write_text(content)
    with pytest.raises(UserError, match=r"label map .*map\.json"):
        read_label_map(path)
    path.write_text(json.dumps({"b": 1, "a": 0, "c": 2}))
    assert read_label_map(path) == ["a", "b", "c"]

"""Label lists and the prompts made of them."""

import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.labels import fill_prompts, read_labels


def test_labels_are_read_in_order(tmp_path):
    """Order decides columns and ties; blank lines, spaces and a byte order mark do not count."""
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffzoo \r\n\r\n  bar\nкафе".encode())
    assert read_labels(path) == ["zoo", "bar", "кафе"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"bar\nzoo\nbar\n", "more than once:\n  - bar"), (b"\n \n", "no label"), (b"caf\xe9\n", "not UTF-8")],
)
def test_bad_lists_are_refused_in_words(tmp_path, content, words):
    """Repeated labels would share a column's name, and no label leaves nothing to say."""
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_labels(path)


def test_a_missing_list_is_refused_in_words(tmp_path):
    """The path is told."""
    with pytest.raises(UserError, match=r"none\.txt"):
        read_labels(tmp_path / "none.txt")


def test_prompts_take_labels_as_they_are():
    """Braces and percent signs in labels and templates are text."""
    assert fill_prompts(["bar {x}", "50%"], ["a {label}, {label} {0}", "%s {label}"]) == [
        ["a bar {x}, bar {x} {0}", "a 50%, 50% {0}"],
        ["%s bar {x}", "%s 50%"],
    ]

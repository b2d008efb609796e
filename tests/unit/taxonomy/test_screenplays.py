"""Reading screenplays: formats, encodings, and files that give nothing."""

import hashlib

import pytest

from scripts.lib.jobs.errors import UserError
from scripts.taxonomy.read_sluglines import read_sluglines
from scripts.taxonomy.screenplays import UnreadableScreenplay, find_screenplays, read_screenplay, script_ids
from tests.helpers import ROOT

DEMO = ROOT / "config/demo/screenplays"
HEADING = "INT. CAFÉ “DÉJÀ VU” – DAY\r\n\r\nShe waits – and waits – for the naïve boy’s fiancée.\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_gives_the_same_lines(tmp_path, encoding):
    path = tmp_path / "cafe.txt"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path.write_bytes(mark + (HEADING * 8).encode(encoding))
    lines = read_screenplay(path)
    assert [line.text for line in lines[:3]] == ["INT. CAFÉ “DÉJÀ VU” – DAY", "", HEADING.split("\r\n")[2]]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))


def test_fountain_counts_what_is_forced_and_leaves_out_what_is_not_meant(tmp_path):
    path = tmp_path / "a.fountain"
    path.write_text(
        "Title: A\n\nINT. BAKERY - DAY #1#\n\n.BALLROOM - NIGHT\n\n...and then.\n\n/*\nINT. CUT - DAY\n*/\n"
        "!INT. SHOUTED - DAY\n\n[[INT. NOTED - DAY]]\n\nEXT. QUARRY - DUSK\n"
    )
    rows, (report,) = read_sluglines([path])
    assert [(row["line"], row["setting"], row["location"]) for row in rows] == [
        (3, "INT", "BAKERY"),
        (5, "", "BALLROOM"),
        (16, "EXT", "QUARRY"),
    ]
    assert (report.status, report.n_sluglines) == ("ok", 3)


def final_draft(*paragraphs, prolog=""):
    body = "".join(f'<Paragraph Type="{kind}"><Text>{text}</Text></Paragraph>\n' for kind, text in paragraphs)
    return f'<?xml version="1.0"?>\n{prolog}<FinalDraft><Content>\n{body}</Content></FinalDraft>\n'


def test_final_draft_says_itself_what_a_heading_is(tmp_path):
    path = tmp_path / "a.fdx"
    path.write_text(
        final_draft(
            ("Scene Heading", "INT. BAKERY - DAY"), ("Action", "INT. NOTHING - DAY"), ("Scene Heading", "THE QUARRY")
        )
    )
    rows, _ = read_sluglines([path])
    assert [(row["line"], row["location"]) for row in rows] == [(3, "BAKERY"), (5, "THE QUARRY")]


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "no text"),
        ("blank.txt", b" \n\n\t\n", "no text"),
        ("binary.txt", bytes(range(256)) * 40, "it is not text"),
        ("prose.txt", b"It was a dark and stormy night.\n", "no line is a scene heading"),
        ("broken.fdx", b"<FinalDraft><Content>", "XML is broken"),
        ("bomb.fdx", final_draft(("Scene Heading", "&b;"), prolog=BOMB).encode(), "declares entities"),
        ("broken.pdf", b"%PDF-1.4\nnothing more", "not a readable PDF"),
        ("not_a.pdf", b"INT. BAKERY - DAY\n", "not a readable PDF"),
    ],
)
def test_a_file_that_gives_nothing_is_reported_and_does_no_harm(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_text("EXT. QUARRY - DAY\n")
    rows, reports = read_sluglines(find_screenplays(tmp_path))
    assert [row["location"] for row in rows] == ["QUARRY"]
    failed = next(report for report in reports if report.file == name)
    assert failed.status == "failed" and reason in failed.reason


def test_a_pdf_without_a_text_layer_and_one_with_a_password(tmp_path):
    from pypdf import PdfReader, PdfWriter

    blank = PdfWriter()
    blank.add_blank_page(200, 200)
    blank.write(tmp_path / "scanned.pdf")
    with pytest.raises(UnreadableScreenplay, match="no text layer"):
        read_screenplay(tmp_path / "scanned.pdf")
    locked = PdfWriter(clone_from=PdfReader(DEMO / "the_blue_bathtub.pdf"))
    locked.encrypt("secret", algorithm="RC4-128")
    locked.write(tmp_path / "locked.pdf")
    with pytest.raises(UnreadableScreenplay, match="encrypted"):
        read_screenplay(tmp_path / "locked.pdf")


def test_the_same_screenplay_in_two_formats_is_read_once(tmp_path):
    (tmp_path / "a film.fdx").write_text(final_draft(("Scene Heading", "INT. BAKERY - DAY")))
    (tmp_path / "a film.txt").write_text("INT. QUARRY - DAY\n")
    (tmp_path / "a-film.txt").write_text("INT. ATTIC - DAY\n")
    (tmp_path / "notes.docx").write_text("")
    rows, reports = read_sluglines(find_screenplays(tmp_path))
    assert [row["location"] for row in rows] == ["BAKERY", "ATTIC"]
    assert [report.status for report in reports] == ["ok", "skipped", "ok"]
    read = [hashlib.sha256((tmp_path / report.file).read_bytes()).hexdigest() for report in reports]
    assert [report.sha256 for report in reports] == [read[0], "", read[2]]
    ids = [script_id for script_id, _ in script_ids(find_screenplays(tmp_path)).values()]
    assert len(set(ids)) == 2 and all(script_id.replace("-", "").isalnum() for script_id in ids)


def test_folders_that_hold_no_screenplay(tmp_path):
    with pytest.raises(UserError, match="contains no screenplay"):
        find_screenplays(tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        find_screenplays(tmp_path / "gone")


def test_real_samples_of_every_format_parse(shared_data):
    rows, reports = read_sluglines(find_screenplays(shared_data / "screenplays"))
    status = {report.file: report.status for report in reports}
    assert status.pop("Big-Fish.fountain") == "skipped"
    assert status.pop("cyrillic.fountain") == "failed"
    assert set(status.values()) == {"ok"} and len(status) == 21
    assert len(rows) > 2900

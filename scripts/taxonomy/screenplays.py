"""Reading screenplays: plain text of any encoding, Fountain, Final Draft and PDF.

A screenplay becomes numbered lines with the information of its format; the grammar decides which of
them are sluglines.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import slug_of

# The most informative formats come first.
SUFFIXES = (".fdx", ".fountain", ".spmd", ".txt", ".pdf")


class UnreadableScreenplay(Exception):
    """A file without usable text; the message says why."""


@dataclass(frozen=True)
class Line:
    """One line: its number in the file, from 1, its text, and whether the format makes it a heading.

    `heading` is None if the format does not tell, so that only the words decide.
    """

    number: int
    text: str
    heading: bool | None = None


def find_screenplays(folder: str | Path) -> list[Path]:
    """The screenplays directly in a folder, sorted by name; other files are ignored.

    Raises:
        UserError: the folder does not exist or has no screenplay.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(
            f"taxonomy.screenplays: there is no folder {folder}. Screenplays cannot be downloaded (docs/data.md "
            "names some sources): put yours there, or give a list of labels as taxonomy.labels, such as the "
            "published resources/movieclip/MovieCLIP_taxonomy_split.txt, with which no screenplay is needed"
        )
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UserError(f"taxonomy.screenplays: {folder} contains no screenplay ({', '.join(SUFFIXES)})")
    return found


def script_ids(paths: Iterable[Path]) -> dict[Path, tuple[str, str]]:
    """Id of every file, and the name of the file that is read instead, if any.

    An id is the name without suffix, made of letters, digits, `_` and `-`. Of files that differ only
    in the suffix, the one with the most informative format is read.
    """
    best: dict[str, Path] = {}
    ranked = sorted(paths, key=lambda path: (SUFFIXES.index(path.suffix.lower()), path.name))
    for path in ranked:
        best.setdefault(path.stem, path)
    taken: set[str] = set()
    ids = {}
    for stem in sorted(best):
        ids[stem] = slug_of(best[stem].name, taken)
        taken.add(ids[stem].lower())
    return {path: (ids[path.stem], "" if best[path.stem] == path else best[path.stem].name) for path in ranked}


def read_screenplay(path: str | Path) -> list[Line]:
    """The lines of a screenplay.

    Line numbers count `\\n` in text files, lines of the XML in Final Draft's, and the lines of the
    extracted text, page after page, in a PDF.

    Raises:
        UnreadableScreenplay: binary, empty, encrypted or broken, or a PDF of scanned pages.
    """
    path = Path(path)
    readers = {".fdx": _final_draft, ".pdf": _pdf, ".fountain": _fountain, ".spmd": _fountain}
    lines = readers.get(path.suffix.lower(), _plain_text)(path)
    if not any(line.text.strip() for line in lines):
        raise UnreadableScreenplay("it contains no text")
    return lines


def decode(data: bytes) -> str:
    """Text of an unknown encoding: by byte order mark, UTF-8, or the most likely one.

    Text that was once decoded wrongly and saved (`â€“` for a dash, as on many web pages) is corrected.

    Raises:
        UnreadableScreenplay: it is not text.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return _mend(data.decode(encoding, errors="replace"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        # Western encodings come first; those of other alphabets are detected without this list.
        guess = from_bytes(data, cp_isolation=["cp1252", "latin_1", "mac_roman"]).best() or from_bytes(data).best()
        if guess is None:
            raise UnreadableScreenplay("it is not text; export it as plain text, Fountain or FDX") from None
        text = str(guess)
    if "\0" in text:
        raise UnreadableScreenplay("it is binary; export it as plain text, Fountain or FDX")
    return _mend(text)


def _mend(text: str) -> str:
    """Each line separately, so that lines keep their numbers; quotes and blanks are unchanged."""
    if text.isascii():
        return text
    import ftfy

    as_typed = ftfy.TextFixerConfig(
        uncurl_quotes=False, fix_character_width=False, fix_line_breaks=False, unescape_html=False
    )
    return "\n".join(line if line.isascii() else ftfy.fix_text(line, as_typed) for line in text.split("\n"))


def _plain_text(path: Path) -> list[Line]:
    return [Line(number, text.rstrip("\r")) for number, text in enumerate(decode(path.read_bytes()).split("\n"), 1)]


def _fountain(path: Path) -> list[Line]:
    """Fountain: forced headings count, forced action, notes, boneyard and the title page do not.

    Source: the syntax at fountain.io.
    """
    text = decode(path.read_bytes()).replace("\r", "")
    for remark in (r"/\*.*?\*/", r"\[\[.*?\]\]"):
        # Line numbers do not change.
        text = re.sub(remark, lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    return [_fountain_line(number, line) for number, line in enumerate(text.split("\n"), 1)]


def _fountain_line(number: int, text: str) -> Line:
    line = text.strip()
    if re.match(r"\.(?!\.)\S", line):
        return Line(number, line[1:], heading=True)
    # Forced action, character, transition, centred text, lyrics, synopsis and section.
    if line.startswith(("!", "@", ">", "~", "=", "#")):
        return Line(number, line, heading=False)
    return Line(number, line)


def _final_draft(path: Path) -> list[Line]:
    """Paragraphs of Final Draft's XML, by their type; entities are refused, nothing is loaded."""
    lines: list[Line] = []
    state = {"type": None, "line": 0, "text": [], "depth": 0}

    def start(name, attributes):
        if name == "Paragraph":
            state.update(type=attributes.get("Type", ""), line=parser.CurrentLineNumber, text=[])
        state["depth"] += name == "Text"

    def end(name):
        state["depth"] -= name == "Text"
        if name == "Paragraph" and state["type"] is not None:
            lines.append(Line(state["line"], "".join(state["text"]), heading=state["type"] == "Scene Heading"))
            state["type"] = None

    def text(data):
        if state["depth"] and state["type"] is not None:
            state["text"].append(data)

    def refuse(*_):
        raise UnreadableScreenplay("its XML declares entities, which no screenplay needs")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        raise UnreadableScreenplay(f"its XML is broken ({error})") from error
    return lines


def _pdf(path: Path) -> list[Line]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableScreenplay("it is encrypted; save it without a password")
        texts = list(_pdf_lines(reader))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UnreadableScreenplay(f"it is not a readable PDF ({type(error).__name__}: {error})") from error
    if not any(text.strip() for text in texts):
        raise UnreadableScreenplay("it has no text layer; run optical character recognition on it first")
    return [Line(number, text) for number, text in enumerate(texts, 1)]


def _pdf_lines(reader) -> Iterator[str]:
    for page in reader.pages:
        yield from page.extract_text().split("\n")

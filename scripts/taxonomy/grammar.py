"""The grammar of sluglines: setting, place and time of day of a screenplay's scene headings.

A slugline is one physical line. `docs/taxonomy.md` describes its fields; the grammar's words are in
`scripts/taxonomy/vocabulary.py`.
"""

import re
from dataclasses import dataclass

from scripts.taxonomy.vocabulary import (
    ABBREVIATIONS,
    CAMERA_NOTE,
    CAMERA_START,
    CONNECTORS,
    PAGE_FLOW,
    PLACE_ENDINGS,
    PLACE_NOUNS,
    PLACE_PHRASES,
    PRODUCTION_MARK,
    SHOT_RUN_ON,
    TIME_MODIFIERS,
    TIME_UNITS,
    TIME_WORDS,
    TIMES_AFTER_PLACES,
    TRANSITION,
)

# Longer lines are paragraphs, for which the expressions below would be slow.
MAX_LENGTH = 300
# Separates the names of a place in a table.
NAME_SEPARATOR = " > "


@dataclass(frozen=True)
class Piece:
    """Words between separators; `bracketed` if they follow an opening bracket."""

    text: str
    bracketed: bool = False


@dataclass(frozen=True)
class Slugline:
    """A scene heading.

    Attributes:
        setting: INT, EXT or INT/EXT; empty if a heading is only forced (Fountain's leading dot).
        names: the names of the place as typed, in the typed order.
        time_of_day: indications of time, joined by `, `; empty if there are none.
    """

    setting: str
    names: tuple[str, ...]
    time_of_day: str


_SETTING_WORD = r"(?:INTERIOR|EXTERIOR|INT|EXT|EST|I(?=\.?\s?/\s?E\b)|(?<=/)E|(?<=/\s)E)"
_SETTING = rf"{_SETTING_WORD}\b(?:[.:]?\s*(?:[/&+]|\bAND\b|-|,)?\s*{_SETTING_WORD}\b)*(?![’'\w])"
_SCENE_NUMBER = r"(?:[A-Z]{0,3}-?\d[\dlIO]{0,3}(?:[.\-]\d{1,3})*(?:-?[A-Z]{1,3})?)"
_MARKS = r"[*>•·|~+=#_]"

FORWARD = re.compile(rf"^(?P<setting>{_SETTING})(?P<stop>\s*[.:]|\s*[-–—]+)?(?P<body>.*)$", re.IGNORECASE)
REVERSED = re.compile(
    rf"^(?P<before>.*?\S)(?P<gap>\s*[.,;:(\[]\s*|\s*[-–—/]+\s*|\s{{2,}}|\t|\s)(?P<setting>{_SETTING})"
    r"(?P<stop>[.,;:)\]]|(?=\s|[-–—/]|$))(?P<after>.*)$"
)
# `Home. Interior. Day.`: in upper or lower case, if full stops separate all parts.
REVERSED_MIXED = re.compile(
    r"^(?P<before>[^.]*\w[^.]*)(?P<gap>\.\s+)(?P<setting>Int|Ext|Interior|Exterior)(?P<stop>\.)(?P<after>.*)$"
)
_YEAR_FIRST = r"(?!(?:1[89]|20)\d\d\.?\s)"
# `102A/B` stands for 102A and 102B; the E of `102-I/E` is not such a letter.
_SCENE_NUMBERS = rf"{_SCENE_NUMBER}(?:\s?(?:-|–|&|,|/|THRU|TO)\s?{_SCENE_NUMBER}|[-&,/](?!I\s?/)[A-Z](?![\w.]))*"
LEFT_NUMBER = re.compile(
    rf"^(?:[ivxlcdm]{{1,4}}\s+|(?:SCENE|SC\.?|NO\.?)\s*)?(?P<number>\d \d{{1,3}}(?=\s)|{_YEAR_FIRST}{_SCENE_NUMBERS})"
    r"[.):]*(?=\s|[*.)]|INT\b|EXT\b)(?:\s*[A-Z]\.?(?=\s+\S))?[*\s.]*",
    re.IGNORECASE,
)
RIGHT_NUMBER = re.compile(rf"(?P<gap>[\s>*]*)(?<=[\s>*)])(?P<number>\d \d{{1,3}}|{_SCENE_NUMBERS})[.]?$")
FOUNTAIN_NUMBER = re.compile(r"\s*#[\w.\-]+#\s*$")
# But not the number of a house: `HOUSE #2`.
STRAY_NOTE = re.compile(r"#(?!\d{1,3}\b(?!#))#?[^#]*(?:#{1,2}|$)")
SPLIT_TIME = re.compile(
    r"[(\[]((?:[^()\[\]]*\s)?(?:THAT|THE|SAME|PRESENT|NEXT|EARLY|LATE|PREVIOUS|FOLLOWING|ANOTHER))[)\]]\s+([A-Za-z]+)",
    re.IGNORECASE,
)
# Parts of a place's name that are not its head noun.
NUMBERING = re.compile(r"[IVX]+|ONE|TWO|THREE|FOUR|FIVE|SIX|[A-Z]")
AROUND = re.compile(r"(?:OUTSIDE|NEAR|ABOVE|BELOW|BEHIND|BESIDE|ACROSS|OPPOSITE)\b")
SHARE = re.compile(r"^(?:ONE|SOME|PART|REST) OF\s+")
BEHIND_HEAD = re.compile(
    r"\s+(?:IN|OF|AT|BY|BEHIND|BESIDE|OUTSIDE|INSIDE|NEAR|FROM|ON|ABOVE|BELOW|UNDER|WITH|TO|FOR)\b"
)
# Words before the place that a shot shows.
SEEN = re.compile(r"^.*?\b(?:OF|FROM|ON|AT|TOWARDS?|THROUGH|INTO)\s+(?:(?:THE|AN?)\s+)?", re.IGNORECASE)
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
LIST_END = re.compile(r",\s*(?:AND|OR|&)\s", re.IGNORECASE)
# An underscore or a single Â is a dash that was typed or decoded wrongly.
SEPARATORS = re.compile(
    r"(?P<parenthesis>\s*[()\[\]]\s*)"
    r"|(?P<dash>\s*[-–—]{2,}\s*|\s+[-–—]\s*|[-–—]\s+|[-–—]$|\s*(?<=\s)[_Â](?=\s|$)\s*)"
    r"|(?P<comma>\s*[,;]\s*(?!\d{3}\b))"
    r"|(?P<slash>(?<![\d/])\s*[/\\]\s*|\s*[/\\]\s*(?!\d))"
    r"|(?P<stop>\s*:\s+|\s*(?<=[\w'’\")])\.(?:\s+|$|(?=\d{4}\b)|(?=[A-Z]{3,})))"
    r"|(?P<space>\t\s*|\s{3,})"
)


def parse_slugline(line: str, forced: bool = False) -> Slugline | None:
    """The fields of a line that is a slugline, else None; any text is allowed.

    Args:
        line: one line of a screenplay, with or without indentation, scene numbers and marks.
        forced: the line is a heading by its format (Fountain's leading dot, Final Draft's paragraph
            type), even without interior or exterior.
    """
    text = _strip_marks(line)
    if len(text) > MAX_LENGTH:
        return None
    found = _find_setting(text)
    if found is None:
        if not forced or not re.search(r"\w", text):
            return None
        found = "", _strip_numbers(text)
    setting, body = found
    names, notes, times = [], [], []
    behind_time = False
    for piece in split_pieces(SHOT_RUN_ON.sub(" - ", _join_split_times(body))):
        inner, rest = _take_setting(piece.text)
        setting = _unite(setting, inner)
        place, time = split_time(rest)
        # Words in brackets after a time are about the scene: DAY [DREAM], NIGHT (RAIN).
        remark = behind_time and piece.bracketed
        behind_time = bool(time)
        if time:
            times.append(time)
        if place and not remark:
            (notes if is_note(place) else names).append(place)
    return Slugline(setting, tuple(names or _named_in_notes(notes)), ", ".join(times))


def _strip_marks(line: str) -> str:
    """The line without indentation, revision marks, emphasis and stray characters at its ends."""
    text = line.replace("\u00a0", " ").replace("\ufeff", "").strip()
    text = FOUNTAIN_NUMBER.sub("", text)
    text = STRAY_NOTE.sub("   ", text)
    return re.sub(rf"^(?:{_MARKS}|\s)+|(?:[*>•·|~+=_]|\s)+$", "", text)


def _strip_numbers(text: str) -> str:
    """The text without its scene numbers: the left one, and the matching right one."""
    left = LEFT_NUMBER.match(text)
    rest = text[left.end() :] if left else text
    return _strip_right_number(rest, left["number"] if left else None)


def _strip_right_number(text: str, left: str | None) -> str:
    right = RIGHT_NUMBER.search(text)
    if not right or not right.start():
        return text
    before, gap, number = text[: right.start()], text[right.start() : right.start("number")], right["number"]
    same = left is not None and _bare(number) == _bare(left)
    apart = len(gap.expandtabs()) >= 3 or ">" in gap or "*" in gap
    is_year = re.fullmatch(r"1[89]\d\d|20\d\d", number) is not None
    after_time = left is not None and (before.rstrip().endswith(")") or bool(split_time(before)[1]))
    if same or (not is_year and (apart or after_time)):
        return re.sub(r"[\s>*]+$", "", before)
    return text


def _bare(number: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", number.upper())


def _find_setting(text: str) -> tuple[str, str] | None:
    """Setting and the rest of a heading, if the line is one."""
    body = LEFT_NUMBER.sub("", text, count=1) if LEFT_NUMBER.match(text) else text
    for start in (text, body, TRANSITION.sub("", body)):
        match = FORWARD.match(start)
        if match and _is_heading(match["setting"], match["stop"], match["body"]):
            number = LEFT_NUMBER.match(text)
            left = number["number"] if number and start is not text else None
            return _settings(match["setting"]), _strip_right_number(match["body"], left).strip()
    return _find_reversed(text)


def _find_reversed(text: str) -> tuple[str, str] | None:
    """`HOME. KITCHEN. INT. NIGHT.`: the setting after the place, separated from it."""
    match = REVERSED.match(text) or REVERSED_MIXED.match(text)
    if not match:
        return None
    after = match["after"]
    set_apart = match["stop"] or match["gap"].strip() or len(match["gap"]) > 1
    times = [split_time(piece.text)[0] == "" for piece in split_pieces(_strip_right_number(after, None))]
    only_times = bool(times) and all(times)
    in_capitals = _mostly_capitals(match["before"])
    if not (in_capitals and (only_times or (set_apart and _mostly_capitals(after or "A")))) and not (
        only_times and match.re is REVERSED_MIXED
    ):
        return None
    before = _strip_numbers(match["before"] + " ")
    return _settings(match["setting"]), _strip_right_number(f"{before.strip()} - {after.strip()}", None)


def _is_heading(setting: str, stop: str | None, body: str) -> bool:
    """Whether a line that begins like a heading is one, and not prose with the same first word."""
    words = re.findall(r"[^\W\d_]+", body)
    if not words:
        return stop is not None and bool(re.search(r"\d", body))
    ends_in_time = any(split_time(piece.text)[1] for piece in split_pieces(body))
    spelt_out = "ERIOR" in setting.upper()
    if _mostly_capitals(body):
        return (setting.isupper() and (not spelt_out or stop is not None or ends_in_time)) or ends_in_time
    if ends_in_time and (stop or not re.search(r"[.!?]$", body.strip())):
        return True
    reads_on = body.strip().endswith((".", "!", "?", ",")) or len(words) > 6
    return not spelt_out and bool(stop) and "." in stop and not reads_on


def _mostly_capitals(text: str) -> bool:
    """Whether at least four fifths of the cased letters are capitals."""
    cased = [letter for letter in text if letter.isupper() or letter.islower()]
    return sum(map(str.isupper, cased)) >= 0.8 * len(cased) if cased else False


def _settings(text: str) -> str:
    words = set(re.findall(r"[A-Z]+", text.upper()))
    inside = bool(words & {"INT", "INTERIOR", "I"})
    outside = bool(words & {"EXT", "EXTERIOR", "EST", "E"})
    return "INT/EXT" if inside and outside else "INT" if inside else "EXT"


def _unite(one: str, other: str) -> str:
    return one if not other or one == other else other if not one else "INT/EXT"


def _take_setting(text: str) -> tuple[str, str]:
    """A piece without a setting of its own at its start, as in `STREET/INT. LIMO`."""
    match = re.match(rf"^(?P<setting>{_SETTING})(?:[.:]\s*|\s+(?!OF\b)|$)", text)
    return (_settings(match["setting"]), text[match.end() :].strip()) if match else ("", text)


def _join_split_times(body: str) -> str:
    """`(LATER THAT) DAY` is one phrase."""

    def join(match: re.Match) -> str:
        phrase = f"{match[1]} {match[2]}"
        return phrase if is_time(phrase) else match[0]

    return SPLIT_TIME.sub(join, body)


def split_pieces(body: str) -> list[Piece]:
    """The words between separators, in the typed order, with single blanks."""
    listed = _enumerations(body)
    pieces, start, bracketed = [], 0, False
    for match in SEPARATORS.finditer(body):
        in_list = match.lastgroup == "comma" and any(first <= match.start() < end for first, end in listed)
        if in_list or (match.lastgroup == "stop" and _is_abbreviation(body[: match.start()])):
            continue
        pieces.append(Piece(_trim(body[start : match.start()]), bracketed))
        start, bracketed = match.end(), match[0].strip() in ("(", "[")
    pieces.append(Piece(_trim(body[start:]), bracketed))
    return [piece for piece in pieces if re.search(r"\w", piece.text) and piece.text.upper() not in CONNECTORS]


def _enumerations(body: str) -> list[tuple[int, int]]:
    """Spans in which commas do not separate: `FOR MAKE-UP, HAIR, AND COSTUME`, and a quoted title."""
    spans = [match.span() for match in QUOTED.finditer(body)]
    for match in LIST_END.finditer(body):
        others = [separator.end() for separator in re.finditer(r"[()]|\s[-–—]|\s{3,}|\t", body[: match.start()])]
        spans.append((others[-1] if others else 0, match.end()))
    return spans


def _trim(text: str) -> str:
    """A piece's words with single blanks, without remains of separators at their ends."""
    text = " ".join(text.split()).strip(" :*>-–—`")
    if text.endswith(".") and not _is_abbreviation(text[:-1]):
        text = text.rstrip(" .")
    return text.lstrip(". ")


def _is_abbreviation(before: str) -> bool:
    """Whether the full stop after this text belongs to its last word."""
    word = re.search(r"[\w.'’]+$", before)
    return word is not None and (
        word[0].upper().strip(".") in ABBREVIATIONS or re.fullmatch(r"(?:\w\.)*[^\W\d]", word[0]) is not None
    )


def is_note(text: str) -> bool:
    """Whether a piece is only about camera, editing or page flow."""
    if PAGE_FLOW.fullmatch(text) or PRODUCTION_MARK.fullmatch(text):
        return True
    return bool((CAMERA_START if _is_place(text) else CAMERA_NOTE).search(text))


def _named_in_notes(notes: list[str]) -> list[str]:
    """The place in the notes of a heading without another place: SHOT OF PLANE, TRACKING STATION."""
    return [text for note in notes for text in (SEEN.sub("", note), note) if _is_place(text)][:1]


def _is_place(text: str) -> bool:
    """Whether a name's head noun is a place, as in `ROOM 9 IN DERELICT HOUSE`, but not in `NEAR THE CAR`.

    The head noun is the last word before a preposition, without numbers and states (`CAR TRAVELLING`).
    """
    text = text.upper()
    words = re.findall(r"[A-Z]+(?:['’][A-Z]+)?", BEHIND_HEAD.split(SHARE.sub("", text))[0])
    while words and (NUMBERING.fullmatch(words[-1]) or (len(words) > 1 and _is_state(words[-1]))):
        words.pop()
    if not words or AROUND.match(text):
        return False
    return _is_place_noun(words[-1]) or " ".join(words[-2:]) in PLACE_PHRASES


def _is_state(word: str) -> bool:
    return word.endswith("ING") and not _is_place_noun(word)


def _is_place_noun(word: str) -> bool:
    return any(form in PLACE_NOUNS or form.endswith(PLACE_ENDINGS) for form in (word, word.removesuffix("S")))


def _time_token(word: str) -> str:
    return word.upper().replace("’", "'").replace("`", "'").strip(".,:'\"")


_CLOCK = re.compile(r"\d{1,2}[:.]\d\d(?:[AP]\.?M)?|\d{1,2}(?:[AP]\.?M)|\d{1,2}(?:ST|ND|RD|TH)")
_YEAR = re.compile(r"(?:1[0-9]|20)\d\d(?:'?S)?|(?:1[0-9]|20)\d\d-\d{2,4}")
_SHORT_YEAR = re.compile(r"['’`]\d\d['’]?[sS]?")


def is_time(text: str) -> bool:
    """Whether these words are a time: all are in the vocabulary of time, and at least one in its core."""
    words = [word for word in re.split(r"\s+|[–—]|(?<=[^\W\d])-", text) if _time_token(word)]
    cores = 0
    for word in words:
        token = _time_token(word)
        if token in TIME_WORDS or _YEAR.fullmatch(token) or _CLOCK.fullmatch(token) or _SHORT_YEAR.fullmatch(word):
            cores += 1
        elif token not in TIME_UNITS and token not in TIME_MODIFIERS and not token.isdigit():
            return False
    return cores > 0 or (len(words) > 1 and any(_time_token(word) in TIME_UNITS for word in words))


def split_time(text: str) -> tuple[str, str]:
    """A piece as (place, time); a time at the end of a place needs no separator: `YALE CLUB DAY`."""
    whole = _strip_notes(text)
    if is_time(whole):
        return "", _set_year_apart(whole)
    words = _set_time_apart(text).split()
    for start in range(1, len(words)):
        tail = words[start:]
        first, last = _time_token(tail[0]), _time_token(tail[-1])
        number = first.isdigit() and not (len(tail) > 1 and _time_token(tail[1]) in TIME_UNITS)
        year = len(tail) > 1 and _YEAR.fullmatch(last)
        if (year or last in TIMES_AFTER_PLACES) and not number and first not in CONNECTORS and is_time(" ".join(tail)):
            return " ".join(words[:start]), _set_year_apart(" ".join(tail))
    return text, ""


def _set_time_apart(text: str) -> str:
    """`DELI-NIGHT` with a blank instead of its hyphen."""
    place, _, last = text.rpartition("-")
    return f"{place} {last}" if place and _time_token(last) in TIMES_AFTER_PLACES else text


def _strip_notes(text: str) -> str:
    """A time without the editing note after it, or the connector at the end of a broken line."""
    return re.sub(r"(?:\s+(?:SEQUENCE|FLASHBACK|MONTAGE|AND|OR|&))+$", "", text, flags=re.IGNORECASE)


def _set_year_apart(time: str) -> str:
    """`NIGHT 2008` is two indications of time, `SUMMER 1995` one."""
    words = time.split()
    alone = len(words) > 1 and _YEAR.fullmatch(_time_token(words[-1])) and _time_token(words[-2]) in TIMES_AFTER_PLACES
    return f"{' '.join(words[:-1])}, {words[-1]}" if alone else time

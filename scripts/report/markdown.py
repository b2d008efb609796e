"""The Markdown of this workflow's tables as HTML: headings, paragraphs, lists and tables, with emphasis and code."""

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

_INLINE = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s](?:[^*]*[^*\s])?)\*")
_CELL = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")
_NUMBER = re.compile(r"[-+−~±]?\d[\d,.]*(?:\s*[%k]|\s*±.*|\s*\(.*\))?|[–-]?")


def as_html(text: str) -> Markup:
    """The text as HTML, in which nothing of it is markup. Its headings are lower than those of the page."""
    return Markup("\n").join(_blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Markup]:
    for kind, group in groupby(lines, _kind):
        part = list(group)
        if kind == "table":
            rows = [[cell.replace("\\|", "|").strip() for cell in _CELL.split(row.strip())[1:-1]] for row in part]
            yield table_html(rows[0], rows[2:] if len(part) > 1 and _RULE.fullmatch(part[1].strip()) else rows[1:])
        elif kind == "list":
            yield Markup("<ul>{}</ul>").format(
                Markup("").join(Markup("<li>{}</li>").format(_inline(x[2:])) for x in part)
            )
        elif kind == "heading":
            # The first one is the title of the table, which the page has already.
            yield from (Markup("<h4>{}</h4>").format(_inline(x.lstrip("# "))) for x in part if x.startswith("## "))
        elif kind == "paragraph":
            yield Markup("<p>{}</p>").format(_inline(" ".join(part)))


def _kind(line: str) -> str:
    for start, kind in (("|", "table"), ("- ", "list"), ("#", "heading")):
        if line.startswith(start):
            return kind
    return "paragraph" if line.strip() else ""


def _inline(text: str) -> Markup:
    made, end = Markup(""), 0
    for match in _INLINE.finditer(text):
        tag, inner = next(
            (t, g) for t, g in zip(("code", "strong", "em"), match.groups(), strict=True) if g is not None
        )
        made += escape(text[end : match.start()]) + Markup("<{0}>{1}</{0}>").format(Markup(tag), inner)
        end = match.end()
    return made + escape(text[end:])


def table_html(header: list[str], rows: list[list[str]]) -> Markup:
    """A table in a box of its own that scrolls; columns of numbers are set right. Cells may have inline Markdown."""
    numeric = [
        any(row[column] for row in rows) and all(_NUMBER.fullmatch(row[column]) for row in rows if column < len(row))
        for column in range(len(header))
    ]
    marks = [Markup(' class="number"') if right else Markup("") for right in numeric]

    def line(cells: list[str], tag: str) -> Markup:
        # The name of a group of rows.
        if len(cells) > 2 and cells[0] and not any(cells[1:]):
            return Markup('<tr><th colspan="{}">{}</th></tr>').format(len(header), _inline(cells[0]))
        parts = (
            Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), mark, _inline(cell))
            for cell, mark in zip(cells, marks, strict=False)
        )
        return Markup("<tr>{}</tr>").format(Markup("").join(parts))

    return Markup('<div class="wide" tabindex="0"><table><thead>{}</thead><tbody>{}</tbody></table></div>').format(
        line(header, "th"), Markup("").join(line(row, "td") for row in rows)
    )

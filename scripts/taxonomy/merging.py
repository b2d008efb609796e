"""Merging of two label lists by the similarity of their labels (paper section 3.2)."""

from dataclasses import dataclass

import numpy as np

from scripts.taxonomy.lexicon import english_count, is_kind_of, n_kinds, place_sense, same_place
from scripts.taxonomy.places import spelling_key

COMMON, SLUGLINES, HVU, HUMAN = "common", "sluglines", "hvu", "human"

# A label with more hyponyms in WordNet is too generic (body of water: 75, river: none).
GENERIC_KINDS = 70
GENERIC_HEADS = frozenset(
    "landform landforms area space region site property resources venue attraction terrain landscape panorama view lot "
    "public structure facility landmark place location environment".split()
)


@dataclass(frozen=True)
class Candidate:
    """A label of one or both lists, with its numbers of sluglines and scripts (0 for labels of HVU only)."""

    label: str
    source: str
    n_sluglines: int = 0
    n_scripts: int = 0


@dataclass(frozen=True)
class Proposal:
    """What the rules propose for a candidate.

    Attributes:
        candidate: the label.
        stage: `common` if it was compared with the common labels alone, `within` if with L_N too.
        question: merge or remove, to be put to an expert.
        nearest, cosine: the most similar label it was compared with; empty and None without one.
        decision: keep, merge or remove.
        into: target of a merge, otherwise empty.
        reason: why, as text.
    """

    candidate: Candidate
    stage: str
    question: str
    nearest: str
    cosine: float | None
    decision: str
    into: str
    reason: str

    @property
    def cosine_text(self) -> str:
        """The cosine with four decimals, as in tables; empty without one."""
        return "" if self.cosine is None else f"{self.cosine:.4f}"


def unite(slugline_labels: dict[str, tuple[int, int]], hvu_labels: list[str]) -> list[Candidate]:
    """The candidates: common labels first, then the others (Eq. 1), each part by name.

    A label with another spelling in HVU (neighbourhood, neighborhood) is common too, in HVU's spelling.

    Args:
        slugline_labels: n_sluglines and n_scripts by label.
        hvu_labels: the scene labels of HVU.
    """
    spelt = {spelling_key(label): label for label in hvu_labels}
    slugline_labels = {spelt.get(spelling_key(label), label): use for label, use in slugline_labels.items()}
    common = set(slugline_labels) & set(hvu_labels)

    def candidate(label: str) -> Candidate:
        source = COMMON if label in common else SLUGLINES if label in slugline_labels else HVU
        return Candidate(label, source, *slugline_labels.get(label, (0, 0)))

    labels = set(slugline_labels) | set(hvu_labels)
    return [candidate(label) for label in sorted(labels, key=lambda label: (label not in common, label))]


def nearest_column(similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index and value of every row's largest entry, the first of equal ones.

    Args:
        similarity: (N, M); without columns the indices are -1 and the values NaN.
    """
    if similarity.shape[1] == 0:
        return np.full(len(similarity), -1), np.full(len(similarity), np.nan)
    best = similarity.argmax(axis=1)
    return best, similarity[np.arange(len(similarity)), best]


def near_pairs(similarity: np.ndarray, threshold: float) -> list[tuple[int, int, float]]:
    """Pairs (i, j, similarity) where j is the most similar other of i, above the threshold.

    Args:
        similarity: (N, N), symmetric; its diagonal does not matter.
        threshold: pairs must be above it, not equal to it.

    Returns:
        Every pair once, the most similar first, ties in the order of i and j.
    """
    others = np.array(similarity, dtype=float)
    np.fill_diagonal(others, -np.inf)
    best, value = nearest_column(others)
    found = {
        (min(one, other), max(one, other)): float(cosine)
        for one, (other, cosine) in enumerate(zip(best.tolist(), value.tolist(), strict=True))
        if cosine > threshold
    }
    return sorted(((*pair, cosine) for pair, cosine in found.items()), key=lambda pair: (-pair[2], pair[0], pair[1]))


def propose(
    candidates: list[Candidate], embeddings: np.ndarray, merge_threshold: float, similar_threshold: float
) -> list[Proposal]:
    """The decision on every candidate without an expert.

    A label of one list merges into its most similar common label if the cosine is greater than
    `merge_threshold`. Among the others, L_N, the more specific label of a pair above
    `similar_threshold` merges into the more generic one if one is a kind of the other; if this is
    not known, both stay until an expert decides.

    Args:
        candidates: see `unite`.
        embeddings: (N, D), a unit vector per candidate.
        merge_threshold, similar_threshold: cosines; 0.6 and 0.7 in the paper.

    Returns:
        One proposal per candidate, in their order.
    """
    similarity = embeddings.astype(np.float64) @ embeddings.astype(np.float64).T
    common = [place for place, candidate in enumerate(candidates) if candidate.source == COMMON]
    others = [place for place, candidate in enumerate(candidates) if candidate.source != COMMON]
    best, cosine = nearest_column(similarity[np.ix_(others, common)])
    proposals = {place: _kept_common(candidates[place]) for place in common}
    rest = []
    for place, column, value in zip(others, best.tolist(), cosine.tolist(), strict=True):
        if column >= 0 and value > merge_threshold:
            nearest = candidates[common[column]].label
            reason = f"its cosine with the common label {nearest} is above {merge_threshold:g}"
            proposals[place] = Proposal(candidates[place], "common", "merge", nearest, value, "merge", nearest, reason)
        else:
            rest.append(place)
    within = _propose_within([candidates[place] for place in rest], similarity[np.ix_(rest, rest)], similar_threshold)
    proposals |= dict(zip(rest, within, strict=True))
    return [proposals[place] for place in range(len(candidates))]


def _kept_common(candidate: Candidate) -> Proposal:
    return Proposal(candidate, "common", "remove", "", None, "keep", "", "both lists have it")


def _propose_within(candidates: list[Candidate], similarity: np.ndarray, threshold: float) -> list[Proposal]:
    """Proposals for L_N."""
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    best, cosine = nearest_column(others) if len(candidates) > 1 else nearest_column(others[:, :0])
    pairings, missed = _pair_up(candidates, similarity, threshold)
    proposals = []
    for place, candidate in enumerate(candidates):
        near = candidates[best[place]].label if best[place] >= 0 else ""
        value = float(cosine[place]) if near else None
        question, decision, into, reasons = "remove", "keep", "", []
        others = [pairing for pairing in pairings.values() if pairing.generic == place]
        if place in pairings:
            pairing = pairings[place]
            question, near, value = (
                "merge",
                candidates[pairing.generic].label,
                float(similarity[place, pairing.generic]),
            )
            decision, into = ("merge", near) if pairing.is_kind else ("keep", "")
            reasons.append(pairing.reason)
        elif taken := _names(candidates, [pairing.specific for pairing in others if pairing.is_kind]):
            reasons.append(f"{taken} would merge into it")
        elif fault := _fault(candidate):
            decision = "remove"
            reasons.append(fault)
        elif asked := _names(candidates, [pairing.specific for pairing in others]):
            reasons.append(f"whether {asked} should merge into it is a question of its own")
        if place in missed:
            other = missed[place]
            if place not in pairings:
                question, near, value = "merge", candidates[other].label, float(similarity[place, other])
            nearer = candidates[pairings[other].generic].label
            reasons.append(f"{candidates[other].label} is similar, but more similar to {nearer}")
        reason = "; ".join(reasons) or "nothing near it is similar enough to merge with"
        proposals.append(Proposal(candidate, "within", question, near, value, decision, into, reason))
    return proposals


def _names(candidates: list[Candidate], places: list[int]) -> str:
    return " and ".join(sorted(candidates[place].label for place in places))


@dataclass(frozen=True)
class Pairing:
    """Two near labels: which is the specific and which the generic one, why, and whether one is a kind of the other."""

    specific: int
    generic: int
    is_kind: bool
    reason: str


def _pair_up(
    candidates: list[Candidate], similarity: np.ndarray, threshold: float
) -> tuple[dict[int, Pairing], dict[int, int]]:
    """The pairing of every label that could merge, by index; pairings have no circles.

    Also returns, by index, the other side of each near pair that is not a pairing, because its
    specific side has a nearer pairing or because it would close a circle. That other side has a pairing.
    """
    pairings: dict[int, Pairing] = {}
    missed: dict[int, int] = {}
    for one, other, _ in near_pairs(similarity, threshold):
        pairing = more_generic(candidates, one, other)
        end = pairing.generic
        while end in pairings:
            end = pairings[end].generic
        if pairing.specific in pairings:
            missed.setdefault(pairing.generic, pairing.specific)
        elif end == pairing.specific:
            missed.setdefault(pairing.specific, pairing.generic)
        else:
            pairings[pairing.specific] = pairing
    return pairings, missed


def more_generic(candidates: list[Candidate], one: int, other: int) -> Pairing:
    """Which of two candidates is the generic one: by head noun, lexicon, frequency, then length.

    One is a kind of the other, or the same, only by head noun or lexicon; tennis court and basketball
    court are similar too.
    """
    for specific, generic in ((one, other), (other, one)):
        name, whole = candidates[specific].label, candidates[generic].label
        if name.endswith(f" {whole}"):
            return Pairing(specific, generic, True, f"{name} is a {whole} by its head noun")
    for specific, generic in ((one, other), (other, one)):
        name, whole = candidates[specific].label, candidates[generic].label
        if is_kind_of(name, whole) and not is_kind_of(whole, name):
            return Pairing(specific, generic, True, f"{name} is a kind of {whole} in WordNet")
    same = same_place(candidates[one].label, candidates[other].label)
    relation = "the same place in WordNet" if same else "similar, but neither is known to be a kind of the other"
    specific, generic = sorted((one, other), key=lambda place: _commonness(candidates[place]))
    rare, frequent = candidates[specific], candidates[generic]
    counts = f"{_use_of(frequent)}, {_use_of(rare)}"
    why = counts if frequent.n_scripts else f"{frequent.label} is the commoner word"
    return Pairing(specific, generic, same, f"{relation}; {why}")


def _commonness(candidate: Candidate) -> tuple:
    """Sort key: use in scripts, then in English, then length."""
    label = candidate.label
    return candidate.n_scripts, candidate.n_sluglines, english_count(label), -len(label), label


def _use_of(candidate: Candidate) -> str:
    if not candidate.n_scripts:
        return f"no slugline has {candidate.label}"
    return f"{candidate.label} stands in {candidate.n_sluglines} slugline(s) of {candidate.n_scripts} script(s)"


def _fault(candidate: Candidate) -> str:
    """Why a label of L_N seems too generic or not a place, or empty; an expert decides."""
    label = candidate.label
    kinds, head = n_kinds(label), label.split()[-1]
    if head in GENERIC_HEADS:
        return f"too generic: {head} says little of what is seen"
    if kinds > GENERIC_KINDS and not candidate.n_scripts:
        return f"too generic: WordNet knows {kinds} kinds of it"
    if not (place_sense(label) or place_sense(head)):
        return "no place: neither it nor its last word is one in WordNet"
    return ""

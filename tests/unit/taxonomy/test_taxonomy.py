"""From places to labels, merges and the expert's answers, on made-up lists and matrices."""

import hashlib
import re

import numpy as np
import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.pages.colours import label_colours
from scripts.lib.tables.rows import read_csv
from scripts.taxonomy.apply_review import SHEET_COLUMNS, merge_rows, questions
from scripts.taxonomy.cluster_labels import cluster, taxonomy_rows
from scripts.taxonomy.compare_taxonomies import compare
from scripts.taxonomy.embeddings import Embeddings
from scripts.taxonomy.grammar import NAME_SEPARATOR
from scripts.taxonomy.lexicon import place_sense
from scripts.taxonomy.list_absent import absent_parts, absent_rows, places_names
from scripts.taxonomy.list_evidence import evidence
from scripts.taxonomy.list_hvu_labels import hvu_labels
from scripts.taxonomy.merging import Candidate, Proposal, more_generic, near_pairs, nearest_column, propose, unite
from scripts.taxonomy.places import candidates, count_labels
from scripts.taxonomy.plot_label_map import map_labels, place_names, plot_map
from scripts.taxonomy.propose_merges import from_row, to_row
from scripts.taxonomy.read_sluglines import read_sluglines
from scripts.taxonomy.review import Answer, decide, final_labels
from tests.helpers import ROOT

# Who owns a place may be a place: THE BUILDING'S ENTRANCE.
GENERIC_OWNERS = {"building", "island", "loft"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("GOTHAM RIVER", ["river"]),
        ("FRANK'S HOUSE", ["house"]),
        ("THE LIVING ROOM", ["living room", "room"]),
        ("MEN'S ROOM", ["men's room", "room"]),
        ("GRAVEYARDS", ["graveyard"]),
        ("THE STAIRS", ["stairs"]),
        ("CELLBLOCK FIVE", ["cellblock"]),
        ("ROOM 304", ["room"]),
        ("OLD DARK ALLEY", ["alley"]),
        ("“PRANCING PONY” INN", ["pony inn", "inn"]),
        ("JAMBA JUICE", []),
        ("LATER", []),
        ("CONTINUOUS", []),
        ("DAY", []),
        ("LONDON", []),
        ("THE OTHER SIDE", []),
        ("", []),
    ],
)
def test_what_a_place_may_stand_for(name, wanted):
    assert [noun for nouns in candidates(name) for noun in nouns] == wanted


def test_both_places_of_a_phrase_count():
    assert candidates("ROOM IN DERELICT HOUSE") == [["room"], ["house"]]


def labels_of(rows):
    return {row["label"]: (row["n_sluglines"], row["n_scripts"]) for row in rows}


def test_a_name_lives_in_one_film_and_a_place_in_many():
    sluglines = [
        ("a", ["PHONE BOOTH"]),
        ("b", ["PHONE BOOTH"]),
        ("c", ["VOTING BOOTH"]),
        ("d", ["BOOTH"]),
        ("a", ["KLINGON BRIDGE"]),
        ("a", ["KLINGON BRIDGE"]),
        ("b", ["RIVER BRIDGE"]),
        ("c", ["LIGHTHOUSE"]),
        ("b", ["PALACE HOTEL", "LOBBY"]),
        ("d", ["LOBBY", "HOTEL LOBBY"]),
    ]
    assert labels_of(count_labels(sluglines, 2)) == {
        "phone booth": (2, 2),
        "booth": (2, 2),
        "bridge": (3, 2),
        "lobby": (2, 2),
    }
    assert {"lighthouse", "voting booth"} <= set(labels_of(count_labels(sluglines, 1)))
    assert count_labels(sluglines, 5) == [] == count_labels([], 1)


def test_rare_phrases_of_two_scripts_together_make_a_label():
    """`village jail` and `county jail` stand in one script each, jail in both."""
    assert labels_of(count_labels([("a", ["VILLAGE JAIL"]), ("b", ["COUNTY JAIL"])], 2)) == {"jail": (2, 2)}


def test_spelling_variants_meet_in_the_commoner_form():
    sluglines = [
        ("a", ["THEATRE"]),
        ("b", ["MOVIE THEATERS"]),
        ("c", ["THEATRE"]),
        ("a", ["NIGHT CLUB"]),
        ("b", ["NIGHTCLUB"]),
    ]
    assert labels_of(count_labels(sluglines, 2)) == {"theatre": (3, 3), "night club": (2, 2)}
    assert labels_of(count_labels([*sluglines, ("c", ["NIGHTCLUB"])], 2))["nightclub"] == (3, 3)


def test_hvu_gives_its_248_scene_labels(shared_data):
    labels = hvu_labels(read_csv(shared_data / "hvu/HVU_Tags_Categories_V1.0.csv"))
    published = (shared_data / "movieclip/MovieCLIP_taxonomy_split.txt").read_text().replace("_", " ").split("\n")
    assert len(labels) == 248 and len(set(labels) & set(filter(None, published))) == 100


def test_a_tag_file_of_another_kind_is_refused():
    with pytest.raises(UserError, match="columns Tag and Category"):
        hvu_labels([{"tag": "beach", "kind": "scene"}])
    with pytest.raises(UserError, match="no tag of the category scene"):
        hvu_labels([{"Tag": "running", "Category": "action"}])


def test_nearest_column_with_ties_and_without_columns():
    best, value = nearest_column(np.array([[0.2, 0.7, 0.7], [0.9, 0.1, 0.0]]))
    assert best.tolist() == [1, 0] and value.tolist() == [0.7, 0.9]
    best, value = nearest_column(np.zeros((2, 0)))
    assert best.tolist() == [-1, -1] and np.isnan(value).all()
    assert len(nearest_column(np.zeros((0, 3)))[0]) == 0


def test_near_pairs_are_above_the_threshold_and_come_once():
    similarity = np.array([[1, 0.8, 0.7, 0.1], [0.8, 1, 0.9, 0.1], [0.7, 0.9, 1, 0.7], [0.1, 0.1, 0.7, 1]])
    assert near_pairs(similarity, 0.7) == [(1, 2, 0.9), (0, 1, 0.8)]
    assert near_pairs(similarity, 0.69) == [(1, 2, 0.9), (0, 1, 0.8), (2, 3, 0.7)]
    assert near_pairs(np.ones((1, 1)), 0.5) == near_pairs(np.zeros((0, 0)), 0.5) == []


def vectors_of(similarity):
    """Unit vectors with these cosines."""
    return np.linalg.cholesky(np.asarray(similarity, dtype=float))


def test_merging_into_the_common_labels_happens_above_the_threshold_only():
    """0.75 and 0.6 are chosen so that the products are exact in binary or below."""
    listed = [
        Candidate("sea", "common"),
        Candidate("street", "common"),
        Candidate("ocean", "hvu"),
        Candidate("quay", "hvu"),
    ]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0.75, 0, np.sqrt(1 - 0.75**2)], [0, 0, 1]])
    decided = {one.candidate.label: one for one in propose(listed, vectors, 0.7499, 0.99)}
    assert (decided["ocean"].decision, decided["ocean"].into, decided["ocean"].stage) == ("merge", "sea", "common")
    assert decided["sea"].decision == decided["street"].decision == "keep"
    exactly = {one.candidate.label: one for one in propose(listed, vectors, 0.75, 0.99)}
    assert exactly["ocean"].decision == "keep" and exactly["ocean"].stage == "within"


def test_a_tie_goes_to_the_first_common_label():
    listed = [Candidate("bay", "common"), Candidate("sea", "common"), Candidate("ocean", "hvu")]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0.5, 0.5, np.sqrt(0.5)]])
    assert propose(listed, vectors, 0.4, 0.9)[2].into == "bay"


def test_without_common_labels_nothing_merges_into_them():
    listed = unite({"alley": (3, 2)}, ["beach"])
    assert [one.decision for one in propose(listed, np.eye(2), 0.6, 0.7)] == ["keep", "keep"]
    assert propose([], np.zeros((0, 4)), 0.6, 0.7) == []
    only_common = propose(unite({"beach": (3, 2)}, ["beach"]), np.ones((1, 1)), 0.6, 0.7)
    assert [(one.candidate.source, one.decision) for one in only_common] == [("common", "keep")]


def test_lists_meet_in_hvus_spelling():
    listed = unite({"neighborhood": (5, 2), "night club": (3, 2)}, ["nightclub", "neighbourhood", "theatre"])
    assert [(one.label, one.source, one.n_scripts) for one in listed] == [
        ("neighbourhood", "common", 2),
        ("nightclub", "common", 2),
        ("theatre", "hvu", 0),
    ]


def test_a_pair_whose_specific_side_is_asked_about_already_is_asked_at_the_other():
    """The mall is nearer to another mall; a shop that is near it is no label without neighbours."""
    names = ["strip mall", "shopping mall", "shop"]
    listed = [Candidate("strip mall", "sluglines", 4, 2), *(Candidate(name, "hvu") for name in names[1:])]
    vectors = vectors_of([[1, 0.75, 0.5], [0.75, 1, 0.72], [0.5, 0.72, 1]])
    strip, mall, shop = propose(listed, vectors, 0.6, 0.7)
    assert (mall.question, mall.nearest, shop.question, shop.nearest) == (
        "merge",
        "strip mall",
        "merge",
        "shopping mall",
    )
    assert (shop.decision, shop.cosine_text) == ("keep", "0.7200")
    assert shop.reason == "shopping mall is similar, but more similar to strip mall"
    assert strip.question == "remove"
    assert strip.reason == "whether shopping mall should merge into it is a question of its own"


@pytest.mark.parametrize("seed", range(20))
def test_no_label_that_is_near_another_is_said_to_be_alone(shared_data, seed):
    """Random cosines of real labels: each near pair is a question of one of its labels, or stands in its reason."""
    random = np.random.default_rng(seed)
    labels = random.choice(hvu_labels(read_csv(shared_data / "hvu/HVU_Tags_Categories_V1.0.csv")), 40, replace=False)
    listed = [Candidate(str(label), "hvu", *random.integers(0, 9, 2).tolist()) for label in labels]
    vectors = random.normal(size=(40, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    proposals = propose(listed, vectors, 0.6, 0.7)
    asked = {(one.candidate.label, one.nearest) for one in proposals if one.question == "merge"}
    reasons = {one.candidate.label: one.reason for one in proposals}
    for one, other, _ in near_pairs(vectors @ vectors.T, 0.7):
        pair = listed[one].label, listed[other].label
        told = any(f"{pair[1 - side]} is similar, but" in reasons[pair[side]] for side in (0, 1))
        assert told or {pair, pair[::-1]} & asked
        assert not any("nothing near it" in reasons[label] for label in pair)


def test_chains_end_and_never_go_round():
    names = ["creek", "river", "stream", "brook"]
    similarity = np.full((4, 4), 0.9)
    np.fill_diagonal(similarity, 1.0)
    proposals = propose([Candidate(name, "hvu") for name in names], vectors_of(similarity), 0.6, 0.7)
    verdicts = decide(proposals, [])
    assert 1 <= len(final_labels(verdicts)) < 4


@pytest.mark.parametrize(
    ("one", "other", "specific", "reason"),
    [
        (Candidate("football stadium", "hvu"), Candidate("stadium", "hvu"), "football stadium", "by its head noun"),
        (Candidate("river", "hvu"), Candidate("creek", "hvu", 50, 9), "river", "9 script(s)"),
        (Candidate("cemetery", "hvu", 3, 3), Candidate("graveyard", "hvu", 5, 3), "cemetery", "the same place"),
        (Candidate("clinic", "hvu"), Candidate("hospital", "hvu"), "clinic", "similar, but neither"),
        (Candidate("bungalow", "sluglines", 9, 9), Candidate("house", "hvu"), "bungalow", "kind of house"),
        (Candidate("zzzz", "hvu"), Candidate("zz", "hvu"), "zzzz", "commoner"),
    ],
)
def test_which_of_two_is_the_generic_one(one, other, specific, reason):
    for pair in ([one, other], [other, one]):
        pairing = more_generic(pair, 0, 1)
        assert pair[pairing.specific].label == specific and reason in pairing.reason
        assert pairing.is_kind == ("similar" not in pairing.reason)


def proposals_for(*rows):
    """Proposals inside L_N by (label, decision, into)."""
    return [
        Proposal(Candidate(label, "hvu"), "within", "merge" if into else "remove", into, 0.8, decision, into, "because")
        for label, decision, into in rows
    ]


def answers(*rows):
    return [
        Answer(label, decision, into, "", optional, line)
        for line, (label, decision, into, *rest) in enumerate(rows, 2)
        for optional in [bool(rest)]
    ]


WATER = (("brook", "merge", "creek"), ("creek", "merge", "river"), ("river", "keep", ""), ("haze", "remove", ""))


def final(proposals, *rows, rare=()):
    return {row["label"]: row["merged_from"] for row in final_labels(decide(proposals, answers(*rows), rare))}


def test_unanswered_questions_follow_the_suggestion():
    verdicts = decide(proposals_for(*WATER), [])
    assert {row["label"]: row["merged_from"] for row in final_labels(verdicts)} == {"river": "brook|creek"}
    assert {verdict.decided_by for verdict in verdicts} == {"suggestion"}


def test_the_experts_answers_win():
    proposals = proposals_for(*WATER)
    assert final(proposals, ("creek", "keep", "")) == {"creek": "brook", "river": ""}
    assert final(proposals, ("haze", "keep", "")) == {"haze": "", "river": "brook|creek"}
    assert final(proposals, ("brook", "remove", ""), ("pier", "add", "")) == {"pier": "", "river": "creek"}
    assert final(proposals, ("river", "merge", "pier"), ("pier", "add", "")) == {"pier": "brook|creek|river"}
    history = merge_rows(proposals, decide(proposals, answers(("creek", "keep", ""))))
    assert {row["label"]: row["decided_by"] for row in history}["creek"] == "expert"


def test_a_suggestion_does_not_merge_into_what_the_expert_removed():
    assert final(proposals_for(*WATER), ("river", "remove", "")) == {"creek": "brook"}


def test_a_suggestion_the_expert_turned_round_stands_as_the_expert_says():
    assert final(proposals_for(*WATER), ("river", "merge", "creek")) == {"creek": "brook|river"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("crek", "remove", "")], "line 2: crek is not a label of this run"),
        ([("river", "keep", ""), ("creek", "merge", "rivver")], "line 3: creek merges into rivver"),
        ([("river", "remove", ""), ("creek", "merge", "river")], "line 3: creek → river, but river is removed"),
        ([("river", "merge", "creek"), ("creek", "merge", "river")], "circle"),
        ([("river", "add", "")], "line 2: river exists already"),
    ],
)
def test_answers_that_do_not_fit_are_named_with_their_line(rows, message):
    with pytest.raises(UserError) as error:
        decide(proposals_for(*WATER), answers(*rows))
    assert message in str(error.value)
    assert "taxonomy.review, or null" in str(error.value)


def test_optional_answers_and_declined_places_need_no_label():
    assert final(proposals_for(*WATER), ("white house", "remove", "", True)) == {"river": "brook|creek"}
    assert final(proposals_for(*WATER), ("pier", "remove", ""), rare=["pier"]) == {"river": "brook|creek"}


def test_the_sheet_asks_the_consequential_first_and_marks_what_is_answered():
    proposals = proposals_for(*WATER)
    given = answers(("haze", "keep", ""))
    rare = [{"label": "pier", "n_sluglines": "4", "n_scripts": "3"}]
    sheet = questions(proposals, rare, given, decide(proposals, given), 0.6)
    assert [(row["label"], row["question"], row["suggestion"]) for row in sheet] == [
        ("brook", "merge", "merge"),
        ("creek", "merge", "merge"),
        ("haze", "remove", "remove"),
        ("pier", "add", "remove"),
        ("river", "remove", "keep"),
    ]
    assert [(row["rank"], row["decided_by"]) for row in sheet if row["label"] == "haze"] == [(3, "expert")]
    assert all(row["reason"] for row in sheet)
    assert {tuple(row) for row in sheet} == {tuple(sheet[0])} and set(sheet[0]) == set(SHEET_COLUMNS)


def test_the_sheet_and_the_history_say_the_same_of_who_decided():
    """Also of a doubtful merge by rule, and of an answer that was skipped because a run lacks its target."""
    ruled = Proposal(Candidate("pub", "hvu"), "common", "merge", "bar", 0.61, "merge", "bar", "because")
    kept = Proposal(Candidate("bar", "common"), "common", "remove", "", None, "keep", "", "because")
    proposals, given = [kept, ruled, *proposals_for(*WATER)], answers(("creek", "merge", "lagoon", True))
    verdicts = decide(proposals, given)
    history = {row["label"]: row["decided_by"] for row in merge_rows(proposals, verdicts)}
    sheet = {row["label"]: row["decided_by"] for row in questions(proposals, [], given, verdicts, 0.6)}
    assert sheet == {label: history[label] for label in sheet} and len(sheet) == 5
    assert (sheet["pub"], sheet["creek"]) == ("rule", "suggestion")


def test_proposals_survive_their_table():
    proposals = proposals_for(*WATER)
    assert [from_row({key: str(value) for key, value in to_row(one).items()}) for one in proposals] == proposals


def test_clusters_are_what_lies_close_together_and_named_by_a_member():
    """Three bundles of 20, 15 and 5 directions, whose spread is a tenth of what sets them apart; the largest is 0."""
    bundle = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [20, 15, 5]))
    vectors = np.eye(8)[bundle] + np.random.default_rng(1).normal(scale=0.1, size=(40, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exemplars = cluster(vectors)
    assert all(exemplars[exemplar] == exemplar for exemplar in exemplars)
    history = {"l1": {"source": "hvu", "merged_from": "m"}}
    rows = taxonomy_rows([f"l{place}" for place in range(40)], history, exemplars)
    assert [row["cluster"] for row in rows] == bundle.tolist()
    assert [row["exemplar"] for row in rows] == [f"l{exemplar}" for exemplar in exemplars]
    assert (rows[1]["source"], rows[1]["merged_from"], rows[2]["source"]) == ("hvu", "m", "")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_labels_are_clusters_of_their_own(count):
    assert cluster(np.eye(3)[:count]) == list(range(count))


def test_comparison_of_two_lists():
    names = ["alley", "beach", "coast", "den"]
    vectors = vectors_of([[1, 0, 0, 0.1], [0, 1, 0.8, 0], [0, 0.8, 1, 0], [0.1, 0, 0, 1]])
    embeddings = Embeddings(vectors, {name: place for place, name in enumerate(names)})
    rows = compare(["alley", "beach"], ["alley", "coast", "den"], embeddings)
    assert [(row["label"], row["in"], row["nearest"], row["cosine"]) for row in rows] == [
        ("alley", "both", "alley", ""),
        ("beach", "ours", "coast", "0.800"),
        ("coast", "published", "beach", "0.800"),
        ("den", "published", "alley", "0.100"),
    ]
    assert {row["in"] for row in compare(["alley", "den"], ["den", "alley"], embeddings)} == {"both"}


def test_labels_that_other_lists_lack():
    """In any spelling; what divides a category of Places365 does not count."""
    lists = {"hvu": {"theater", "sea"}, "places365": places_names(["church/indoor", "movie_theater/indoor", "wave"])}
    rows = absent_rows(["theatre", "church", "movie theater", "prison", "sea"], lists, {"prison", "casino"})
    assert [(row["label"], row["hvu"], row["places365"]) for row in rows] == [
        ("theatre", "yes", "no"),
        ("church", "no", "yes"),
        ("movie theater", "no", "yes"),
        ("prison", "no", "no"),
        ("sea", "yes", "no"),
    ]
    assert [row["paper"] for row in rows] == ["", "", "", "named", ""]
    assert absent_parts(rows, lists) == [
        ["HVU's scene tags", "3", "church, movie theater, **prison**"],
        ["Places365", "3", "theatre, **prison**, sea"],
        ["HVU's scene tags and Places365", "1", "**prison**"],
    ]


def test_the_categories_of_places365_are_its_own():
    """The official file has a folder and a number for each; torchvision knows its checksum."""
    from torchvision.datasets.places365 import Places365

    names = (ROOT / "config/places365.txt").read_text(encoding="utf-8").splitlines()
    official = "\n".join(f"/{name[0]}/{name} {number}" for number, name in enumerate(names))
    assert hashlib.md5(official.encode()).hexdigest() == Places365._CATEGORIES_META[1]


def test_five_of_the_six_that_the_paper_names_are_absent(shared_data):
    labels = (shared_data / "movieclip/MovieCLIP_taxonomy_split.txt").read_text().split("\n")
    tags = read_csv(shared_data / "hvu/HVU_Tags_Categories_V1.0.csv")
    places = places_names((ROOT / "config/places365.txt").read_text().splitlines())
    printed = {row["label"] for row in read_csv(ROOT / "config/paper/fig1b.csv")}
    rows = absent_rows(list(filter(None, labels)), {"hvu": set(hvu_labels(tags)), "places365": places}, printed)
    named = {row["label"]: (row["hvu"], row["places365"]) for row in rows if row["paper"]}
    absent = dict.fromkeys(("battlefield", "control room", "funeral", "prison", "war room"), ("no", "no"))
    assert named == absent | {"casino": ("yes", "no")}
    # A hundred as they are written, and theater, which HVU writes theatre.
    assert sum(row["hvu"] == "yes" for row in rows) == 101


def test_on_the_map_similar_labels_are_near_each_other():
    """Three bundles of directions are three groups; the same places each time, between 0 and 1."""
    bundle = np.repeat([0, 1, 2], [20, 15, 5])
    vectors = np.eye(8)[bundle] + np.random.default_rng(1).normal(scale=0.1, size=(40, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    places = map_labels(vectors)
    assert np.array_equal(places, map_labels(vectors))
    assert places.min(axis=0).tolist() == [0, 0] and places.max(axis=0).tolist() == [1, 1]
    distance = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(40)
    assert (bundle[distance.argmin(axis=1)] == bundle).all()
    assert [map_labels(vectors[:n]).shape for n in (1, 3, 4, 5)] == [(n, 2) for n in (1, 3, 4, 5)]


def test_names_on_the_map_do_not_cover_each_other():
    """A hundred names, some of them in one place; where there is room nothing moves."""
    random = np.random.default_rng(0)
    centres = np.vstack([random.random((80, 2)) * [12, 9], np.full((20, 2), 5.0)])
    sizes = np.column_stack([random.uniform(0.3, 1.2, 100), np.full(100, 0.15)])
    moved = place_names(centres, sizes)
    assert np.abs(moved - centres).max() < 1.5
    apart, needed = np.abs(moved[:, None] - moved[None]), (sizes[:, None] + sizes[None]) / 2
    overlaps = (apart < needed - 1e-6).all(axis=2) & ~np.eye(100, dtype=bool)
    assert not overlaps.any()
    free = np.array([[0.0, 0.0], [5.0, 5.0]])
    assert np.array_equal(place_names(free, np.ones((2, 2))), free)


def test_the_map_has_every_name_in_the_colour_of_its_cluster():
    rows = [
        {"label": label, "cluster": cluster, "exemplar": exemplar}
        for label, cluster, exemplar in [("bar", "1", "bar"), ("sea", "0", "sea"), ("lake", "0", "sea")]
    ]
    figure = plot_map(rows, np.array([[0, 0.5], [0.5, 0.5], [1, 0.5]]))
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["bar", "sea", "lake"]
    assert [text.get_weight() for text in axes.texts] == ["bold", "bold", "normal"]
    colours = label_colours(["bar", "sea", "lake"], {"bar": 1, "sea": 0, "lake": 0})
    assert [line.get_color() for line in axes.lines[1::2]] == list(colours.values())


def test_evidence_is_counted_in_any_spelling_and_no_label_is_its_own_neighbour():
    names = ["alley", "theatre", "theater", "zzz"]
    vectors = vectors_of([[1, 0.3, 0.2, 0], [0.3, 1, 0.9, 0], [0.2, 0.9, 1, 0.1], [0, 0, 0.1, 1]])
    embeddings = Embeddings(vectors, {name: place for place, name in enumerate(names)})
    labels = [{"label": name, "n_scripts": "2", "n_sluglines": "3"} for name in ("theater", "alley", "zzz")]
    rows = evidence(labels, {"theatre"}, {"alley", "theater"}, embeddings)
    columns = ("label", "hvu", "published", "wordnet", "nearest", "cosine")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("theater", "yes", "yes", "theater.n.01", "theatre", "0.900"),
        ("alley", "no", "yes", "alley.n.01", "theatre", "0.300"),
        ("zzz", "no", "no", "", "theater", "0.100"),
    ]


def test_fifteen_real_scripts_give_places_and_no_names(shared_data):
    """What `docs/slugline_labels.csv` lists, each label with what speaks for its being a place."""
    paths = sorted((shared_data / "screenplays").glob("*.txt"))
    rows, _ = read_sluglines(paths)
    found = count_labels([(row["script_id"], row["location"].split(NAME_SEPARATOR)) for row in rows], 2)
    listed = read_csv(ROOT / "docs/slugline_labels.csv")
    columns = ("label", "n_scripts", "n_sluglines")
    assert [[row[column] for column in columns] for row in listed] == [
        [str(row[column]) for column in columns] for row in found
    ]
    for row in listed:
        assert row["wordnet"] == (place_sense(row["label"]) or place_sense(row["label"].split()[-1]))
        assert "yes" in (row["hvu"], row["published"]) or row["wordnet"] or float(row["cosine"]) > 0.6, row
    owners = {word.lower() for row in rows for word in re.findall(r"([A-Za-z]+)['’]S\b", row["location"])}
    titles = {word for path in paths for word in path.stem.split("_")} - {"up", "street"}
    words = {word for row in listed for word in row["label"].split()}
    assert len(owners) > 50
    assert words & owners == GENERIC_OWNERS
    assert words & titles == set()

"""Agreement of raters: by hand, against reference libraries, and on simulated raters whose errors are known."""

from types import SimpleNamespace

import krippendorff
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import bootstrap

from scripts.demo.simulate_raters import cast_votes
from scripts.lib.records.votes import CANNOT_TELL, NO_VOTE, OFFERED, VOTE_COLUMNS, Votes, load_votes
from scripts.lib.tables.comparisons import COLUMNS as COMPARED
from scripts.lib.tables.frames import read_frame
from scripts.verification.agreement import COLUMNS, draw_weights, measure_agreement, shared_out
from scripts.verification.dawid_skene import estimate_errors
from scripts.verification.measure_agreement import SHOT_COLUMNS
from scripts.verification.measure_agreement import main as measure
from tests.helpers import ROOT

LABELS = [f"place {number}" for number in range(12)]
RATERS = [
    {"name": "simulated_1", "miss": 0.1, "false_alarm": 0.05, "unsure": 0.02},
    {"name": "simulated_2", "miss": 0.2, "false_alarm": 0.03, "unsure": 0.05},
    {"name": "simulated_3", "miss": 0.15, "false_alarm": 0.1, "unsure": 0.0},
]
# Two labels on four shots. Of the second one A and B do not say the same; A cannot tell the third, nobody the fourth.
BY_HAND = """shot_id,rater,label,offered,value,seconds,source
a-Scene-001,A,bar,1,1,4,page
a-Scene-001,A,cave,2,0,4,page
a-Scene-001,B,bar,1,1,5,page
a-Scene-001,B,cave,2,0,5,page
a-Scene-001,C,bar,1,1,6,page
a-Scene-001,C,cave,2,1,6,page
b-Scene-001,A,cave,1,0,8,page
b-Scene-001,A,bar,2,1,8,page
b-Scene-001,B,cave,1,0,7,page
b-Scene-001,B,bar,2,0,7,page
c-Scene-001,A,cave,1,,10,page
c-Scene-001,A,room,2,,10,page
c-Scene-001,B,cave,1,0,9,mturk
c-Scene-001,B,room,2,0,9,mturk
c-Scene-001,C,cave,1,0,2,page
c-Scene-001,C,room,2,0,2,page
d-Scene-001,A,bar,1,,20,page
d-Scene-001,C,bar,1,,30,page
"""
NOBODY = f"{','.join(VOTE_COLUMNS)}\n"


def tasks_of(offered, study="abc"):
    """`tasks.csv` as far as statistics read it: the fifth shot of five has no vote in `BY_HAND`."""
    table = pd.DataFrame([[*labels, *[""] * (5 - len(labels))] for labels in offered], columns=OFFERED)
    clips = [chr(97 + number) if len(offered) < 26 else f"c{number}" for number in range(len(offered))]
    return table.assign(study=study, clip_id=clips, shot_id=[f"{clip}-Scene-001" for clip in clips], score_1="0.5")


TASKS = tasks_of([["bar", "cave"], ["cave", "bar"], ["cave", "room"], ["bar"], ["room", "bar"]])


@pytest.fixture
def read(tmp_path):
    """`load_votes` of tables given as a frame and as text."""

    def load(tasks, votes):
        tasks.to_csv(tmp_path / "tasks.csv", index=False)
        (tmp_path / "votes.csv").write_text(votes)
        return load_votes(tmp_path / "tasks.csv", tmp_path / "votes.csv")

    return load


def values_of(votes, samples=20):
    return {(row["name"], row["metric"]): row["value"] for row in measure_agreement(votes, samples, 0)}


def votes_of(marks):
    """Votes from marks (T, 5, R) alone."""
    tasks = tasks_of([LABELS[:5]] * len(marks))
    return Votes(tasks, [f"r{n}" for n in range(marks.shape[2])], marks, np.ones((len(marks), marks.shape[2])))


def simulated(n_shots, seed, read, raters=RATERS):
    """Votes of simulated raters on shots of which some have no right label among the five."""
    random = np.random.default_rng(seed)
    tasks = tasks_of([list(random.permutation(LABELS)[:5]) for _ in range(n_shots)])
    place = random.choice(6, n_shots, p=[0.6, 0.15, 0.1, 0.05, 0.04, 0.06])
    truth = [row[rank] if rank < 5 else "elsewhere" for row, rank in zip(tasks[OFFERED].to_numpy(), place, strict=True)]
    rows = pd.concat([cast_votes(tasks, truth, rater, seed) for rater in raters])
    rows["offered"] = rows.groupby(["rater", "shot_id"]).cumcount() + 1
    return read(tasks, rows.assign(source="page")[list(VOTE_COLUMNS)].to_csv(index=False))


def test_a_small_study_by_hand(read):
    """Every number was counted on paper."""
    rows = {(row["name"], row["metric"]): row for row in measure_agreement(read(TASKS, BY_HAND), 50, 0)}
    expected = {
        ("", "top1_majority"): (1 / 3, 3),
        ("", "top5_majority"): (1 / 3, 3),
        ("", "accepted"): (1 / 4, 4),
        ("", "top1_votes"): (3 / 7, 7),
        ("", "top5_votes"): (4 / 7, 7),
        ("", "cannot_tell"): (3 / 10, 10),
        ("", "percent_agreement"): (7 / 10, 10),
        # 14 votes on 6 labels, 5 of them ticks; two labels of which 1 vote differs: 1 - 13 * (2 / 2 + 1) / (5 * 9).
        ("", "alpha"): (19 / 45, 6),
        ("bar", "offered"): (2, 3),
        ("bar", "accepted"): (1 / 2, 2),
        ("cave", "offered"): (3, 3),
        ("cave", "accepted"): (0, 3),
        ("room", "accepted"): (0, 1),
        ("A", "shots"): (4, 4),
        ("A", "seconds"): (9, 4),
        ("A", "cannot_tell"): (1 / 2, 4),
        ("A", "with_majority"): (2 / 3, 3),
        ("B", "seconds"): (7, 3),
        ("B", "with_majority"): (4 / 5, 5),
        ("C", "with_majority"): (3 / 4, 4),
    }
    for key, (value, n) in expected.items():
        assert rows[key]["value"] == pytest.approx(value, abs=5e-5), key
        assert rows[key]["n"] == n, key
    assert all(tuple(row) == COLUMNS for row in rows.values())


@pytest.mark.parametrize("seed", range(6))
def test_alpha_is_that_of_the_reference_library(seed):
    """From the raters' own marks with gaps; percent agreement from a loop over pairs."""
    random = np.random.default_rng(seed)
    marks = random.choice([1, 0, 0, CANNOT_TELL, NO_VOTE], (40, 5, 2 + seed)).astype(np.int8)
    data = np.where(marks < 0, np.nan, marks).reshape(-1, 2 + seed).T
    found = values_of(votes_of(marks))
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert found["", "alpha"] == pytest.approx(expected, abs=5e-5)
    pairs = [
        data[one, unit] == data[other, unit]
        for unit in range(data.shape[1])
        for one in range(len(data))
        for other in range(one)
        if not np.isnan(data[[one, other], unit]).any()
    ]
    assert found["", "percent_agreement"] == pytest.approx(np.mean(pairs), abs=5e-5)


@pytest.mark.parametrize(
    ("marks", "agreement"),
    [
        (np.random.default_rng(0).integers(0, 2, (9, 5, 1)), None),
        (np.ones((9, 5, 3)), 1),
        (np.zeros((9, 5, 3)), 1),
        (np.full((9, 5, 3), CANNOT_TELL), None),
        # Two raters who never have a shot in common.
        (np.where(np.arange(9)[:, None, None] % 2 == np.arange(2), 1, NO_VOTE) * np.ones((9, 5, 2)), None),
    ],
    ids=["one rater", "all yes", "all no", "nobody can tell", "nothing in common"],
)
def test_degenerate_votes_have_no_alpha(marks, agreement):
    """As the reference library, which raises an error or gives NaN; nothing else fails."""
    data = np.where(marks < 0, np.nan, marks).reshape(-1, marks.shape[2]).T
    try:
        with np.errstate(invalid="ignore"):
            reference = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    except ValueError:
        reference = np.nan
    assert np.isnan(reference)
    found = values_of(votes_of(marks.astype(np.int8)))
    assert found["", "alpha"] is None
    assert found["", "percent_agreement"] == agreement


@pytest.mark.parametrize("seed", range(3))
def test_error_rates_are_within_their_intervals(seed, read):
    """The six configured rates, each in its own 95 % interval, and no interval so wide that this says nothing."""
    rows = measure_agreement(simulated(1000, seed, read), 1000, 0)
    found = {(row["name"], row["metric"]): row for row in rows}
    for rater in RATERS:
        for metric in ("miss", "false_alarm"):
            row = found[rater["name"], metric]
            assert row["low"] <= rater[metric] <= row["high"], (rater["name"], metric)
            assert row["high"] - row["low"] < 0.08
        row = found[rater["name"], "cannot_tell"]
        assert row["low"] <= rater["unsure"] <= row["high"]


def test_intervals_hold_the_error_rates_as_often_as_they_say(read):
    """20 studies of 300 shots: of 120 intervals of 95 %, 108 to 119 hold the true rate (99 % of such counts)."""
    inside = 0
    for seed in range(100, 120):
        found = {(row["name"], row["metric"]): row for row in measure_agreement(simulated(300, seed, read), 200, seed)}
        inside += sum(
            found[rater["name"], metric]["low"] <= rater[metric] <= found[rater["name"], metric]["high"]
            for rater in RATERS
            for metric in ("miss", "false_alarm")
        )
    assert 108 <= inside < 120


def test_error_rates_are_the_most_likely_ones(read):
    """The likelihood, written down and climbed by a general optimiser, has its top there."""
    marks = simulated(400, 3, read).marks.reshape(-1, 3)
    judged, ticked = (marks >= 0).astype(float), (marks == 1).astype(float)
    start = ticked.sum(axis=1) / judged.sum(axis=1).clip(1)
    found = estimate_errors(ticked, judged, np.ones(len(marks)), start)

    def loss(parameters):
        prior, miss, false_alarm = parameters[0], parameters[1:4], parameters[4:]
        chances = [
            np.where(ticked == 1, yes, np.where(judged == 1, 1 - yes, 1)).prod(axis=1)
            for yes in (1 - expit(miss), expit(false_alarm))
        ]
        return -np.log(expit(prior) * chances[0] + expit(-prior) * chances[1]).sum()

    best = minimize(loss, np.full(7, -1.5)).x
    assert found.miss == pytest.approx(expit(best[1:4]), abs=1e-3)
    assert found.false_alarm == pytest.approx(expit(best[4:]), abs=1e-3)


def test_error_rates_need_three_raters(read):
    assert ("simulated_1", "miss") not in values_of(simulated(30, 0, read, RATERS[:2]))


def test_intervals_of_a_share_are_those_of_scipy():
    random = np.random.default_rng(0)
    right = (random.random(200) < 0.7).astype(float)
    value, low, high, n = shared_out(right, np.ones(200), draw_weights(200, 4000, 0))
    reference = bootstrap((right,), np.mean, n_resamples=4000, method="percentile", rng=1).confidence_interval
    assert (value, n) == (right.mean(), 200)
    assert (low, high) == pytest.approx(tuple(reference), abs=0.008)


@pytest.fixture
def run(tmp_path):
    """The job on `TASKS` and these votes: the tables it writes, by name, and the page."""

    def job(votes, movie=None):
        TASKS.to_csv(tmp_path / "tasks.csv", index=False)
        (tmp_path / "votes.csv").write_text(votes)
        times = {"start_frame": 0, "end_frame": 24, "start_time": 0.0, "end_time": 1.0}
        TASKS[["shot_id", "clip_id"]].assign(movie_id="tt1", **times).to_parquet(tmp_path / "shots.parquet")
        TASKS.assign(path=TASKS["clip_id"] + ".mkv")[["clip_id", "path"]].to_csv(tmp_path / "clips.csv", index=False)
        parts = [tmp_path / f"{split}.csv" for split in ("train", "val", "test")]
        for part in parts:
            part.write_text("shot_id,clip_id,movie_id,labels,scores\n")
        with open(parts[0], "a") as train:
            train.write(f"x-Scene-001,x,{movie},bar,0.5\n")
        names = {"agreement": "agreement.csv", "evaluation": "evaluation_set.csv", "discarded": "discarded.csv"}
        output = {key: tmp_path / name for key, name in (names | {"csv": "table.csv", "md": "table.md"}).items()}
        measure(
            SimpleNamespace(
                input=SimpleNamespace(
                    tasks=tmp_path / "tasks.csv",
                    votes=tmp_path / "votes.csv",
                    shots=tmp_path / "shots.parquet",
                    samples=parts if movie else [],
                    printed=ROOT / "config/paper/verification.csv",
                ),
                output=SimpleNamespace(**output),
                params=SimpleNamespace(bootstrap={"samples": 20, "seed": 0}, manifest=tmp_path / "clips.csv"),
            )
        )
        tables = {key: read_frame(path) for key, path in output.items() if key != "md"}
        return SimpleNamespace(**tables, md=output["md"].read_text())

    return job


def test_accepted_and_discarded_shots_are_those_with_votes(run):
    """With the accepted labels, or all that were offered; with the split of their movie if there are splits."""
    made = run(BY_HAND, movie="tt1")
    assert list(made.evaluation) == list(made.discarded) == SHOT_COLUMNS
    assert made.evaluation[["shot_id", "labels"]].to_numpy().tolist() == [["a-Scene-001", "bar"]]
    assert made.discarded["shot_id"].tolist() == [f"{clip}-Scene-001" for clip in "bcd"]
    assert made.discarded["labels"].tolist() == ["cave|bar", "cave|room", "bar"]
    assert made.evaluation.loc[0, ["end_frame", "movie_split", "movie_disjoint"]].tolist() == ["24", "train", "no"]
    assert set(run(BY_HAND, movie="tt2").discarded["movie_disjoint"]) == {"yes"}
    assert set(run(BY_HAND).discarded["movie_split"]) == {""}


def test_another_vote_changes_the_statistics(run):
    """B ticks the label that A has ticked: the tie becomes a majority, and the shot leaves the discarded ones."""
    before, after = run(BY_HAND), run(BY_HAND.replace("b-Scene-001,B,bar,2,0", "b-Scene-001,B,bar,2,1"))
    assert after.evaluation["labels"].tolist() == ["bar", "bar"]
    assert len(after.discarded) == len(before.discarded) - 1
    changed = (before.agreement != after.agreement).any(axis=1)
    metrics = set(before.agreement.loc[changed, "metric"])
    assert {"top5_majority", "accepted", "percent_agreement", "alpha", "with_majority"} <= metrics
    assert not {"top1_majority", "cannot_tell", "seconds", "shots"} & metrics
    assert before.md != after.md


def test_the_table_has_the_papers_numbers_beside_ours(run):
    made = run(BY_HAND)
    assert list(made.csv) == list(COMPARED)
    assert made.csv[["paper", "ours", "n_used", "comparable"]].to_numpy().tolist()[:4] == [
        ["48.4", "33.3", "3", "no"],
        ["80", "33.3", "3", "no"],
        ["78.7", "25.0", "4", "no"],
        ["", "42.9", "7", ""],
    ]
    assert round(100 * 1883 / 2393, 1) == 78.7
    assert "are no people" not in made.md


def test_without_votes_nothing_fails_and_the_page_says_what_to_do(run):
    made = run(NOBODY)
    assert [len(table) for table in (made.agreement, made.evaluation, made.discarded)] == [0, 0, 0]
    assert list(made.evaluation) == SHOT_COLUMNS
    assert set(made.csv["ours"]) == {""}
    assert made.csv["paper"].tolist()[:3] == [48.4, 80, 78.7] or made.csv["paper"].tolist()[:3] == [
        "48.4",
        "80",
        "78.7",
    ]
    assert made.md.startswith("No shot has been annotated yet")

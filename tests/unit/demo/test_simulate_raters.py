"""Votes of simulated raters: what they write, and the way it goes."""

import pandas as pd
import pytest

from scripts.demo.simulate_raters import cast_votes
from scripts.lib.records.shots import Shot
from scripts.lib.records.votes import OFFERED
from scripts.verification.tasks import Task
from scripts.verification.vote_files import find_votes
from scripts.verification.votes import read_votes, vote_rows

RATER = {"name": "simulated_2", "miss": 0.2, "false_alarm": 0.03, "unsure": 0.05}
N_SHOTS = 2000
LABELS = [("bar", "cave"), ("cave",)] * (N_SHOTS // 2)
SHOTS = [Shot(f"c{number}", 1, 0, 24, 0.0, 1.0) for number in range(N_SHOTS)]


@pytest.fixture(scope="module")
def votes():
    """Of one rater on shots of a bar, the label of which is offered for every other shot."""
    table = pd.DataFrame([[*labels, *[""] * (5 - len(labels))] for labels in LABELS], columns=OFFERED)
    tasks = table.assign(study="abc", shot_id=[shot.shot_id for shot in SHOTS])
    return {seed: cast_votes(tasks, ["bar"] * N_SHOTS, RATER, seed) for seed in (0, 1)} | {
        "again": cast_votes(tasks, ["bar"] * N_SHOTS, RATER, 0)
    }


def test_errors_are_as_frequent_as_asked_for(votes):
    """Within three standard deviations; the same seed gives the same votes, another one others."""
    assert votes[0].equals(votes["again"]) and not votes[0].equals(votes[1])
    assert set(votes[0]["label"]) == {"bar", "cave"}
    told = votes[0][votes[0]["verdict"] != "unsure"]
    right = told["label"] == "bar"
    shares = {
        "miss": (told.loc[right, "value"] == "0"),
        "false_alarm": (told.loc[~right, "value"] == "1"),
        "unsure": votes[0].drop_duplicates("shot_id")["verdict"] == "unsure",
    }
    for name, cases in shares.items():
        deviation = (RATER[name] * (1 - RATER[name]) / len(cases)) ** 0.5
        assert abs(cases.mean() - RATER[name]) < 3 * deviation, name


def test_their_files_are_read_like_everybodys_and_their_names_stay(votes, tmp_path):
    """None is refused, all values arrive; another rater's name is hashed."""
    tasks = [Task(shot, labels, ("", "", "")) for shot, labels in zip(SHOTS, LABELS, strict=True)]
    votes[0].to_csv(tmp_path / "votes-simulated_2.csv", index=False)
    votes[1].assign(rater="Ida").to_csv(tmp_path / "votes-ida.csv", index=False)
    read, refusals = read_votes(find_votes(tmp_path), "abc", tasks)
    assert refusals == []
    rows = pd.DataFrame(vote_rows(read, tasks, "salt", [RATER["name"]]))
    own = rows[rows["rater"] == RATER["name"]]
    values = own["value"].map({1: "1", 0: "0"}).fillna("")
    assert values.tolist() == votes[0]["value"].tolist()
    (other,) = set(rows["rater"]) - {RATER["name"]}
    assert len(other) == 12 and "ida" not in other.lower()


def test_files_that_the_run_makes_are_found_before_they_are_there(tmp_path):
    made = [tmp_path / "votes/votes-simulated_1.csv"]
    assert find_votes(tmp_path / "votes", made) == made
    (tmp_path / "votes").mkdir()
    (tmp_path / "votes/votes-ida.csv").touch()
    assert find_votes(tmp_path / "votes", made) == [tmp_path / "votes/votes-ida.csv", *made]

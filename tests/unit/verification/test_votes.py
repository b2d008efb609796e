"""Votes as raters, spreadsheets and Mechanical Turk hand them in: what is malformed is refused, the rest is kept."""

import csv
import hashlib
import hmac
import random
from types import SimpleNamespace as Job

import pandas as pd
import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.labels import LABEL_COLUMNS
from scripts.lib.records.votes import VOTE_COLUMNS
from scripts.verification import read_votes as read_votes_job
from scripts.verification.vote_files import find_votes
from scripts.verification.votes import PAGE_COLUMNS, read_votes, vote_rows
from tests.helpers.studies import make_study, page_rows, values_of, write_votes

SALT = "0123456789abcdef"


@pytest.fixture
def study(tmp_path):
    return make_study(tmp_path / "verification/tasks.csv")


def read(study, *files):
    """Rows of votes.csv, and refusals as (file, line, reason)."""
    votes, refusals = read_votes(files, *study)
    return vote_rows(votes, study[1], SALT), [(each.file, each.line, each.reason) for each in refusals]


def mturk_row(study, task, worker="A1WORKER", ticked=(), suffix=".on", seconds="17", status="Approved", **answers):
    """A row of Mechanical Turk's results; boxes are those of the form, `suffix` as crowd or plain ones have it."""
    boxes = [*LABEL_COLUMNS, "none", "unsure"]
    row = {
        "HITId": "3X",
        "Title": "=not ours",
        "WorkerId": worker,
        "AssignmentStatus": status,
        "WorkTimeInSeconds": seconds,
        "Input.study": study[0],
        "Input.shot_id": task.shot.shot_id,
        **{f"Input.{column}": "" for column in LABEL_COLUMNS},
        **{f"Input.{column}": label for column, label in zip(LABEL_COLUMNS, task.labels, strict=False)},
        **{f"Answer.{box}{suffix}": "true" if box in ticked else "false" for box in boxes},
    }
    return row | answers


def write_mturk(path, rows):
    with open(path, "w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_votes_of_both_kinds_in_one_long_table(study, tmp_path):
    """Offered but not ticked rows are kept, a rater who cannot tell has empty values, and names are gone."""
    first, second, *_, short = study[1]
    page = write_votes(
        tmp_path / "votes-anna.csv",
        [
            *page_rows(study[0], short, ticked=(3,)),
            *page_rows(study[0], first, ticked=(1, 4)),
            *page_rows(study[0], second, verdict="unsure", seconds="0.4"),
        ],
    )
    mturk = write_mturk(
        tmp_path / "batch.csv",
        [
            mturk_row(study, first, ticked=("label_2",)),
            mturk_row(study, second, ticked=("none",)),
            mturk_row(study, short, ticked=("unsure",)),
        ],
    )
    rows, refusals = read(study, page, mturk)
    assert refusals == []
    assert list(rows[0]) == list(VOTE_COLUMNS)
    order = [task.shot.shot_id for task in study[1]]
    assert rows == sorted(rows, key=lambda row: (order.index(row["shot_id"]), row["rater"], row["offered"]))
    codes = {
        source: hmac.new(SALT.encode(), name.encode(), hashlib.sha256).hexdigest()[:12]
        for source, name in {"page": "anna", "mturk": "a1worker"}.items()
    }
    assert {(row["source"], row["rater"]) for row in rows} == set(codes.items())
    of_page = values_of([row for row in rows if row["source"] == "page"])
    assert of_page.loc[first.shot.shot_id].tolist() == [1, 0, 0, 1, 0]
    assert of_page.loc[second.shot.shot_id].isna().all()
    assert of_page.loc[short.shot.shot_id].tolist()[:3] == [0, 0, 1]
    of_mturk = values_of([row for row in rows if row["source"] == "mturk"])
    assert of_mturk.loc[first.shot.shot_id].tolist() == [0, 1, 0, 0, 0]
    assert of_mturk.loc[second.shot.shot_id].tolist() == [0] * 5
    assert of_mturk.loc[short.shot.shot_id].isna().all()
    assert len(rows) == 2 * (5 + 5 + 3)
    assert {row["seconds"] for row in rows} == {2.5, 0.4, 17.0}
    assert [row["label"] for row in rows[:5]] == list(first.labels)


# Cells of the first vote that are changed, and of which line; what is said, and of which lines. Lines 2 to 6 are of
# the first shot, 7 to 11 of the second.
MALFORMED = [
    ({2: {"shot_id": "elsewhere-Scene-001"}}, [(2, "the shot 'elsewhere-Scene-001' is not one"), (3, "is incomplete")]),
    ({n: {"shot_id": "elsewhere-Scene-001"} for n in range(2, 7)}, [(2, "the shot 'elsewhere-Scene-001' is not one")]),
    ({4: {"label": "volcano"}}, [(4, "the label 'volcano' is not offered")]),
    ({4: {"label": ""}}, [(4, "the label '' is not offered")]),
    ({3: {"value": "2"}, 5: {"value": "yes"}}, [(3, "the value '2'"), (5, "the value 'yes'")]),
    ({3: {"value": ""}}, [(2, "do not fit its verdict 'labels'")]),
    ({2: {"value": "0"}}, [(2, "do not fit its verdict 'labels'")]),
    ({6: {"verdict": "none"}}, [(2, "several verdicts")]),
    ({6: {"verdict": "perhaps"}}, [(6, "the verdict 'perhaps'")]),
    ({6: {"seconds": "9"}}, [(2, "several numbers of seconds")]),
    ({n: {"seconds": "nan"} for n in range(2, 7)}, [(2, "the seconds 'nan' is not a number")]),
    ({n: {"seconds": "-1"} for n in range(2, 7)}, [(2, "the seconds '-1' is not a number")]),
    ({4: {"label": "=cmd|' /C calc'!A0"}}, [(4, "the label begins like a formula")]),
    ({n: {"rater": "=HYPERLINK(Anna)"} for n in range(2, 7)}, [(2, "the rater begins like a formula")]),
    ({n: {"rater": " "} for n in range(2, 7)}, [(2, "the rater is empty")]),
    ({n: {"study": "0" * 12} for n in range(2, 7)}, [(2, "is of another study ('000000000000')")]),
]


@pytest.mark.parametrize(("changes", "expected"), MALFORMED)
def test_a_malformed_vote_is_refused_and_the_other_is_not(study, tmp_path, changes, expected):
    first, second = study[1][:2]
    rows = [*page_rows(study[0], first, ticked=(1,)), *page_rows(study[0], second, ticked=(2,))]
    for line, change in changes.items():
        rows[line - 2] |= change
    kept, refusals = read(study, write_votes(tmp_path / "votes.csv", rows))
    told = [(line, reason) for _, line, reason in refusals]
    for line, words in expected:
        assert any(line == where and words in reason for where, reason in told), told
    assert {line for line, _ in told} <= {line for line, _ in expected}
    assert {row["shot_id"] for row in kept} == {second.shot.shot_id}
    assert [row["value"] for row in kept] == [0, 1, 0, 0, 0]
    assert "anna" not in str(refusals).lower()


def test_a_vote_with_a_missing_line_is_incomplete(study, tmp_path):
    first, second = study[1][:2]
    rows = [*page_rows(study[0], first, ticked=(1,))[:4], *page_rows(study[0], second)]
    kept, refusals = read(study, write_votes(tmp_path / "votes.csv", rows))
    assert refusals == [("votes.csv", 2, f"the vote on {first.shot.shot_id} is incomplete: it lacks {first.labels[4]}")]
    assert {row["shot_id"] for row in kept} == {second.shot.shot_id}


def test_a_rater_votes_on_a_shot_once(study, tmp_path):
    """Twice in a file, and in another file under another spelling of the name: the first vote is used."""
    first, second = study[1][:2]
    one = [*page_rows(study[0], first, ticked=(1,)), *page_rows(study[0], first, ticked=(2,))]
    two = [*page_rows(study[0], first, "  ANNA ", ticked=(3,)), *page_rows(study[0], second, "ANNA", ticked=(3,))]
    files = [write_votes(tmp_path / "a.csv", one), write_votes(tmp_path / "b.csv", two)]
    kept, refusals = read(study, *files)
    already = f"the rater has voted on {first.shot.shot_id} already, in line 2"
    assert refusals == [
        ("a.csv", 7, f"{already}; that vote is used"),
        ("b.csv", 2, f"{already} of a.csv; that vote is used"),
    ]
    assert values_of(kept).loc[first.shot.shot_id].tolist() == [1, 0, 0, 0, 0]
    assert values_of(kept).loc[second.shot.shot_id].tolist() == [0, 0, 1, 0, 0]
    assert len({row["rater"] for row in kept}) == 1


HEADER = ",".join(PAGE_COLUMNS)
WHOLE_FILES = {
    "another study": (f"{HEADER}\n000000000000,x,s,l,1,1,labels\n111111111111,x,s,l,1,1,labels\n", 2, "another study"),
    "a missing column": (f"{HEADER.replace(',seconds', '')}\nRATER,x,s,l,1,labels\n", 1, "lacks the column(s) seconds"),
    "an unknown column": (f"{HEADER},RATER\n1,2,3,4,5,6,7,8\n", 1, "has 1 column(s) that the page does not write"),
    "a repeated column": (f"{HEADER},label\n1,2,3,4,5,6,7,8\n", 1, "repeats 1 column(s)"),
    "semicolons": (f"{HEADER.replace(',', ';')}\n", 1, "separated by commas"),
    "no header": ("abc,RATER,shot,label,1,2.0,labels\n", 1, "neither a file of the page"),
    "nothing": ("", 1, "neither a file of the page"),
    "not text": ("PK\x03\x04\0\0", 1, "NUL"),
    "mturk without answers": (
        "WorkerId,AssignmentStatus,WorkTimeInSeconds,Input.study,Input.shot_id,Input.label_1,Input.label_2,"
        "Input.label_3,Input.label_4,Input.label_5\n",
        1,
        "lacks the column(s) Answer.label_1",
    ),
    "mturk without inputs": ("WorkerId,AssignmentStatus,WorkTimeInSeconds,Answer.none\n", 1, "Input.study, Input.shot"),
}


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_a_file_that_is_no_votes_of_this_study_is_refused_with_one_line(study, tmp_path, kind):
    text, line, words = WHOLE_FILES[kind]
    (tmp_path / "a.csv").write_text(text)
    good = write_votes(tmp_path / "b.csv", page_rows(study[0], study[1][0], ticked=(1,)))
    kept, ((file, where, reason),) = read(study, tmp_path / "a.csv", good)
    assert (file, where) == ("a.csv", line) and words in reason
    assert "RATER" not in reason
    assert len(kept) == 5


def test_what_stands_before_a_broken_line_is_kept(study, tmp_path):
    path = write_votes(tmp_path / "a.csv", page_rows(study[0], study[1][0], ticked=(1,)))
    with path.open("a") as stream:
        stream.write(f'{study[0]},anna,"never closed,\n,,,\n')
    kept, ((file, line, reason),) = read(study, path)
    assert len(kept) == 5 and (file, line) == ("a.csv", 7) and "cannot be read as CSV" in reason


def test_files_as_spreadsheets_save_them(study, tmp_path):
    """A byte order mark, CRLF, and another order of columns and rows."""
    rows = page_rows(study[0], study[1][0], ticked=(2,))[::-1]
    columns = PAGE_COLUMNS[::-1]
    text = "\r\n".join([",".join(columns), *(",".join(row[column] for column in columns) for row in rows)])
    (tmp_path / "a.csv").write_bytes(f"\ufeff{text}\r\n".encode())
    kept, refusals = read(study, tmp_path / "a.csv")
    assert refusals == [] and [row["value"] for row in kept] == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("suffix", ["", ".on"])
@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("on", ""), ("TRUE", "FALSE")])
def test_boxes_of_mechanical_turk_in_every_spelling(study, tmp_path, suffix, yes, no):
    task = study[1][0]
    row = mturk_row(study, task, suffix=suffix)
    row |= {key: no for key in row if key.startswith("Answer.")} | {f"Answer.label_3{suffix}": yes}
    # A plain box that nobody ticked has no column.
    del row[f"Answer.unsure{suffix}"]
    kept, refusals = read(study, write_mturk(tmp_path / "batch.csv", [row]))
    assert refusals == [] and [line["value"] for line in kept] == [0, 0, 1, 0, 0]


def test_mechanical_turks_rejected_assignments_are_no_votes(study, tmp_path, caplog):
    rows = [
        mturk_row(study, study[1][0], worker="A1", ticked=("label_1",), status="Rejected"),
        mturk_row(study, study[1][0], worker="A2", ticked=("label_2",), status="Submitted"),
    ]
    with caplog.at_level("INFO", logger="movieclip"):
        kept, refusals = read(study, write_mturk(tmp_path / "batch.csv", rows))
    assert refusals == [] and [row["value"] for row in kept] == [0, 1, 0, 0, 0]
    assert "batch.csv: 1 rejected assignment(s) are left out" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Input.shot_id": "gone-Scene-001"}, "the shot 'gone-Scene-001'"),
        ({"Input.label_2": "volcano"}, "the labels that were shown are not those"),
        ({"Input.study": "0" * 12}, "another study"),
        ({"WorkTimeInSeconds": ""}, "the WorkTimeInSeconds '' is not a number"),
        ({"WorkerId": ""}, "the WorkerId is empty"),
        ({"Answer.label_1.on": "maybe"}, "the answer 'maybe' to label_1"),
        ({"Answer.label_1.on": "=1+1"}, "the Answer.label_1.on begins like a formula"),
        ({"Answer.label_1.on": "false"}, "nothing is ticked"),
        ({"Answer.none.on": "true"}, "label_1 and none are ticked together"),
    ],
)
def test_a_malformed_assignment_is_refused_and_the_other_is_not(study, tmp_path, change, words):
    good, bad = (mturk_row(study, task, ticked=("label_1",)) for task in study[1][:2])
    kept, ((_, line, reason),) = read(study, write_mturk(tmp_path / "batch.csv", [good, bad | change]))
    assert line == 3 and words in reason
    assert len(kept) == 5


def test_a_box_beyond_the_labels_cannot_be_ticked(study, tmp_path):
    row = mturk_row(study, study[1][-1], ticked=("label_1", "label_5"))
    kept, ((_, line, reason),) = read(study, write_mturk(tmp_path / "batch.csv", [row]))
    assert (kept, line) == ([], 2) and "label_5 is ticked, which has no label" in reason


def test_fuzzed_files_lose_only_the_votes_that_were_touched(study, tmp_path):
    """Random cells are spoilt: votes without a spoilt cell are kept as they are, and spoilt files are never a crash."""
    odd = ["", " ", "=1+1", "\t", "Anna\n", "é😀", "1e400", "-1", "none", "a" * 3000, '"', ",", "0", "1", "labels"]
    for seed in range(150):
        chance = random.Random(seed)
        votes = [(task, chance.sample(range(1, 4), chance.randint(0, 3))) for task in study[1]]
        rows = [row for task, ticked in votes for row in page_rows(study[0], task, "Zoe", ticked)]
        spoilt = chance.sample(range(len(rows)), 3)
        clean = {row["shot_id"] for row in rows} - {rows[place]["shot_id"] for place in spoilt}
        expected = {row["shot_id"]: {} for row in rows if row["shot_id"] in clean}
        for row in rows:
            if row["shot_id"] in clean:
                expected[row["shot_id"]][row["label"]] = int(row["value"])
        for place in spoilt:
            rows[place][chance.choice(["study", "label", "value", "seconds", "verdict"])] = chance.choice(odd)
        kept, refusals = read(study, write_votes(tmp_path / "fuzzed.csv", rows))
        found: dict[str, dict] = {}
        for row in kept:
            found.setdefault(row["shot_id"], {})[row["label"]] = row["value"]
        assert {shot_id: found.get(shot_id) for shot_id in expected} == expected, seed
        assert all(1 < line <= len(rows) * 2 for _, line, _ in refusals)


def run_job(tmp_path, votes):
    salt = tmp_path / "salt.txt"
    salt.write_text(f"{SALT}\n")
    output = Job(votes=tmp_path / "verification/votes.csv", refused=tmp_path / "verification/refused.csv")
    source = Job(tasks=tmp_path / "verification/tasks.csv", votes=votes, salt=salt)
    return read_votes_job.main(Job(input=source, output=output, params=Job(simulated=[]))), output


def test_no_rater_is_named_in_results_or_log(study, tmp_path, caplog):
    first, second = study[1][:2]
    rows = [
        *page_rows(study[0], first, "Zacharias", ticked=(1,)),
        *page_rows(study[0], first, "Zacharias", ticked=(1,)),
        *page_rows(study[0], second, "Zacharias", ticked=(1,), seconds="?"),
    ]
    with caplog.at_level("INFO", logger="movieclip"):
        summary, output = run_job(tmp_path, [write_votes(tmp_path / "votes-z.csv", rows)])
    assert summary == "1 vote(s) of 1 rater(s) in 1 file(s), 2 refused"
    assert "votes-z.csv, line 7: the rater has voted" in caplog.text
    refused = pd.read_csv(output.refused)
    assert list(refused) == ["file", "line", "reason"] and list(refused["line"]) == [7, 12]
    everything = caplog.text + output.votes.read_text() + output.refused.read_text() + summary
    assert "zacharias" not in everything.lower()


def test_without_votes_the_table_is_empty_and_the_page_is_to_be_handed_out(study, tmp_path):
    summary, output = run_job(tmp_path, [])
    assert output.votes.read_text() == "shot_id,rater,label,offered,value,seconds,source\n"
    assert output.refused.read_text() == "file,line,reason\n"
    assert "hand out" in summary and "annotate.html" in summary and "verification.votes" in summary


def test_the_folder_of_votes(tmp_path):
    assert find_votes(None) == []
    with pytest.raises(UserError, match=r"verification\.votes: there is no folder .*mkdir -p"):
        find_votes(tmp_path / "votes")
    (tmp_path / "votes/inner").mkdir(parents=True)
    for name in ("b.csv", "A.CSV", "notes.txt", ".csv"):
        (tmp_path / "votes" / name).touch()
    assert [path.name for path in find_votes(tmp_path / "votes")] == ["A.CSV", "b.csv"]


@pytest.mark.parametrize("text", [None, "", "short"])
def test_a_salt_that_hides_nothing_is_refused(study, tmp_path, text):
    if text is not None:
        (tmp_path / "s.txt").write_text(text)
    with pytest.raises(UserError, match=r"verification\.salt"):
        read_votes_job.read_salt(tmp_path / "s.txt")


def test_another_salt_gives_other_codes(study, tmp_path):
    votes, _ = read_votes([write_votes(tmp_path / "a.csv", page_rows(study[0], study[1][0]))], *study)
    codes = {vote_rows(votes, study[1], salt)[0]["rater"] for salt in (SALT, SALT[::-1])}
    assert len(codes) == 2 and all(len(code) == 12 for code in codes)

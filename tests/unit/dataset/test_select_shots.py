"""Which shots become samples and with which labels: against plain loops over one shot at a time."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.dataset.select_shots import kept_table
from scripts.dataset.select_shots import main as select
from scripts.dataset.selection import (
    best_labels,
    calibrate_threshold,
    chosen_labels,
    is_candidate,
    read_labelled_shots,
    select_labels,
    verified_videos,
)
from scripts.lib.jobs.errors import UserError
from scripts.lib.records.samples import FACTS, renamed_labels
from tests.helpers import ROOT

LABELS = ["bar", "beach", "cave", "desert", "room", "cell"]
KEEP_ALL = np.arange(len(LABELS))


def scores_of(*rows):
    """Rows of five scores, missing ranks NaN."""
    return np.array([[*row, *[np.nan] * (5 - len(row))] for row in rows], np.float32)


def labels_of(long):
    """Label numbers of each kept shot, in the order of rank."""
    return {int(shot): part["label_index"].tolist() for shot, part in long.groupby("shot")}


def test_exact_thresholds():
    """0.4 reaches 0.4, 0.1 is not above 0.1: for scores of fp32 and for those that were born as fp16."""
    below, above = np.nextafter(np.float32(0.4), np.float32(0)), np.nextafter(np.float32(0.1), np.float32(1))
    scores = scores_of([0.4, 0.1], [below, 0.3], [0.4, above], [0.5], [0.41, 0.2, 0.15, 0.1, 0.1])
    chosen = chosen_labels(scores, 0.4, 0.1, 5)
    assert chosen.sum(axis=1).tolist() == [1, 0, 2, 1, 3]
    born = np.array([[0.4, 0.1], [0.4, 0.1]], np.float16)
    born[1] = np.nextafter(born[1], np.float16(1))
    # As numbers: compared with a plain 0.4, fp16 would round that first.
    assert float(born[0, 0]) < 0.4 < float(born[1, 0]) and float(born[0, 1]) < 0.1 < float(born[1, 1])
    assert chosen_labels(born.astype(np.float32), 0.4, 0.1, 5).tolist() == [[False, False], [True, True]]


@pytest.mark.parametrize(("top_k", "expected"), [(1, 1), (2, 2), (4, 4), (5, 5)])
def test_no_more_labels_than_top_k(top_k, expected):
    assert chosen_labels(scores_of([0.5, 0.2, 0.2, 0.2, 0.2]), 0.4, 0.1, top_k).sum() == expected


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_selection_is_what_a_loop_over_shots_gives(data):
    """Any scores with ties, merges, drops: the same labels as taking each shot by itself."""
    n = data.draw(st.integers(0, 8))
    grid = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    rows = [sorted(data.draw(st.lists(st.sampled_from(grid), min_size=5, max_size=5)), reverse=True) for _ in range(n)]
    label_index = [data.draw(st.permutations(range(6)))[:5] for _ in range(n)]
    renamed = np.array([data.draw(st.sampled_from([label, label, 0, -1])) if label else 0 for label in range(6)])
    scores = np.array(rows, np.float32).reshape(n, 5)
    long = select_labels(
        np.array(label_index, int).reshape(n, 5), scores, chosen_labels(scores, 0.4, 0.1, 5), renamed, None
    )
    expected = {}
    for shot in range(n):
        if rows[shot][0] < 0.4 or renamed[label_index[shot][0]] < 0:
            continue
        names = []
        for rank in range(5):
            name = renamed[label_index[shot][rank]]
            if (rank == 0 or rows[shot][rank] > 0.1) and name >= 0 and name not in names:
                names.append(name)
        expected[shot] = names
    assert labels_of(long) == expected


def test_merged_labels_take_their_highest_rank_and_dropped_best_labels_their_shots():
    """cell becomes room: once, at the rank where either came first. A shot of a dropped place is left out."""
    renamed = renamed_labels(LABELS, {"cell": "room"}, ["bar"])
    label_index = np.array([[5, 4, 1, 2, 3], [4, 0, 5, 1, 2], [0, 4, 5, 1, 2]])
    scores = scores_of(*[[0.5, 0.2, 0.15, 0.05, 0.05]] * 3)
    long = select_labels(label_index, scores, chosen_labels(scores, 0.4, 0.1, 5), renamed)
    assert labels_of(long) == {0: [4, 1], 1: [4]}
    assert long["score"].tolist() == pytest.approx([0.5, 0.15, 0.5])


def test_rare_labels_go_until_none_is_left():
    """Leaving out one label's shots can make another rare; samples of the rest stay."""
    label_index = np.array([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [2, 1, 0, 3, 4], [0, 3, 2, 1, 4]])
    scores = scores_of([0.5, 0.3], [0.5, 0.3], [0.5, 0.3], [0.6, 0.01])
    chosen = chosen_labels(scores, 0.4, 0.1, 5)
    assert labels_of(select_labels(label_index, scores, chosen, KEEP_ALL, 1)) == {
        0: [0, 1],
        1: [0, 1],
        2: [2, 1],
        3: [0],
    }
    assert labels_of(select_labels(label_index, scores, chosen, KEEP_ALL, 3)) == {0: [0], 1: [0], 3: [0]}
    assert labels_of(select_labels(label_index, scores, chosen, KEEP_ALL, 9)) == {}


@pytest.mark.parametrize(
    ("merges", "drop", "words"),
    [
        ({}, [], ["'inn|hotel' contains a |"]),
        ({"cel": "room"}, [], ["dataset.merges: 'cel'", "did you mean 'cell'?"]),
        ({}, ["castle"], ["dataset.drop: 'castle'"]),
        ({"cell": "room", "room": "bar"}, [], ["'cell' goes to 'room', which is merged or dropped itself"]),
        ({"cell": "room"}, ["room"], ["'cell' goes to 'room'"]),
        ({"cell": "room"}, ["cell"], ["both merged and dropped"]),
    ],
)
def test_merges_that_cannot_be_are_told(merges, drop, words):
    with pytest.raises(UserError) as refusal:
        renamed_labels([*LABELS, "inn|hotel"] if not (merges or drop) else LABELS, merges, drop)
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.parametrize("fraction", [0.001, 0.1, 0.25, 0.5, 0.999, 1.0])
def test_a_calibrated_threshold_keeps_the_share(fraction):
    """As sorting gives it; ties with the last one are kept, and never is nothing."""
    scores = np.random.default_rng(0).random(1000).astype(np.float32)
    threshold = calibrate_threshold(scores, fraction)
    assert (scores >= threshold).sum() == max(1, round(1000 * fraction))
    tied = np.round(scores, 1).astype(np.float32)
    threshold, n = calibrate_threshold(tied, fraction), max(1, round(1000 * fraction))
    assert threshold == np.sort(tied)[::-1][n - 1]
    assert (tied >= threshold).sum() >= n > (tied > threshold).sum()


def shots_table(flags, clips, movies):
    """Rows of shots.parquet, all of the label bar with 0.5 and cave with 0.25."""
    n = len(flags)
    table = pd.DataFrame({"shot_id": [f"{clip}-Scene-001" for clip in clips], "clip_id": clips, "movie_id": movies})
    table = table.assign(title="", year="", genres="", flags=flags)
    for rank, (name, score) in enumerate([("bar", 0.5), ("cave", 0.25), (None, np.nan)] + [(None, np.nan)] * 2):
        table[f"label_{rank + 1}"] = pd.Series([name] * n, dtype="str")
        table[f"score_{rank + 1}"] = np.full(n, score, np.float32)
    return table


def test_flags_and_verified_clips_are_left_out():
    """Only the flags that are asked for; all shots of an excluded clip."""
    shots = shots_table(["", "black", "short|uniform", ""], ["a", "b", "c", "d"], [""] * 4)
    assert is_candidate(shots, [], set()).tolist() == [True] * 4
    assert is_candidate(shots, ["black"], set()).tolist() == [True, False, True, True]
    assert is_candidate(shots, ["uniform"], {"d"}).tolist() == [True, True, False, False]


def test_videos_of_verified_windows_are_named(tmp_path):
    (tmp_path / "a.txt").write_text("v_-x_seg_0_10/v_-x_seg_0_10-Scene-001.mp4 200\ny/y-Scene-001.mp4 0\n")
    assert verified_videos([tmp_path / "a.txt"]) == {"-x", "y"}
    assert verified_videos([]) == set()


@pytest.fixture
def kept_of(tmp_path):
    """Select from shots of files, with the demo's settings but for `changed`: the table of kept shots."""

    def kept(shots, paths, verified=(), tasks=(), **changed):
        lines = [f"{clip}/{clip}-Scene-001.mp4 0\n" for clip in verified]
        (tmp_path / "verified.txt").write_text("".join(lines))
        pd.DataFrame({"clip_id": tasks}, dtype=str).to_csv(tmp_path / "tasks.csv", index=False)
        shots.assign(start_frame=0, end_frame=1).to_parquet(tmp_path / "shots.parquet")
        clips = shots.assign(path=paths).drop_duplicates("clip_id")
        clips[["clip_id", "path", "movie_id", *FACTS]].to_csv(tmp_path / "manifest.csv", index=False)
        (tmp_path / "labels.txt").write_text("\n".join(LABELS))
        default, own = (yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in ("default", "demo"))
        demo = default["dataset"] | own["dataset"]
        source = {"shots": tmp_path / "shots.parquet", "labels": tmp_path / "labels.txt"}
        select(
            SimpleNamespace(
                input=SimpleNamespace(**source, verified=[tmp_path / "verified.txt"], tasks=[tmp_path / "tasks.csv"]),
                params=SimpleNamespace(settings=demo | changed, manifest=tmp_path / "manifest.csv"),
                output=[tmp_path / "kept.parquet"],
            )
        )
        return pd.read_parquet(tmp_path / "kept.parquet")

    return kept


def test_shots_of_verified_videos_are_left_out_whatever_their_clips_are_called(kept_of):
    """By id, window, folder's slug (of which `-` at the id's start is lost), file, and another window of the file."""
    paths = {
        "abcdefghijA": "2017/abcdefghijA.mkv",
        "v_-bcdefghijB_seg_20_30": "2017/-bcdefghijB.mkv",
        "2017-cdefghijC": "2017/-cdefghijC.mkv",
        "2018-defghijklmD": "films/scene.mkv",
        "tt1_part_2": "films/long.mkv",
        "v_efghijklmnE_seg_0_10": "films/long.mkv",
        "other": "2018/zzzzzzzzzzz.mkv",
    }
    windows = [f"v_{video}_seg_0_10" for video in ("-bcdefghijB", "-cdefghijC", "defghijklmD", "efghijklmnE")]
    shots = shots_table([""] * 7, list(paths), [""] * 7)
    kept = kept_of(shots, list(paths.values()), ["2019-abcdefghijA", *windows])
    assert kept["clip_id"].tolist() == ["other"]


def test_shots_of_a_studys_videos_are_left_out_as_verified_ones_are(kept_of):
    """With every clip of the task's file, every window of its video, and what other lists have verified."""
    paths = {
        "part_1": "films/long.mkv",
        "part_2": "./films/long.mkv",
        "v_abc_seg_0_10": "v_abc_seg_0_10.mp4",
        "v_abc_seg_10_20": "v_abc_seg_10_20.mp4",
        "abc": "other/abc.mkv",
        "listed": "listed.mkv",
        "alone": "alone.mkv",
    }
    shots = shots_table([""] * 7, list(paths), ["tt1"] * 7)
    kept = kept_of(shots, list(paths.values()), ["listed"], tasks=["part_2", "v_abc_seg_0_10"])
    assert kept["clip_id"].tolist() == ["alone"]


def test_windows_of_one_file_are_of_one_movie(kept_of):
    """Of the one that another window tells, else of their own; what is told stays."""
    movies = {"a": "", "b": "tt1", "c": "", "d": "", "v_x_seg_0_10": "", "v_x_seg_10_20": "", "e": "tt2", "f": "tt1"}
    paths = ["one.mkv", "one.mkv", "two.mkv", "./two.mkv", "v_x_seg_0_10.mp4", "v_x_seg_10_20.mp4", "e.mkv", "e.mkv"]
    shots = shots_table([""] * 8, list(movies), list(movies.values())).assign(year=["", "1999", *[""] * 6])
    kept = kept_of(shots, paths).set_index("clip_id")
    assert kept["movie_id"].tolist() == ["tt1", "tt1", "c", "c", "x", "x", "tt2", "tt1"]
    assert kept["year"].tolist() == ["1999", "1999", "", "", "", "", "", "1999"]


def test_a_share_is_kept_of_the_shots_that_may_be_kept(kept_of):
    """Flagged shots, those of verified videos, and those whose best label is dropped are not among them."""
    shots = shots_table(["black"] * 20 + [""] * 80, [f"c{n}" for n in range(100)], [""] * 100)
    shots["score_1"] = np.linspace(0.9, 0.5, 100, dtype=np.float32)
    shots.loc[40:59, "label_1"] = "beach"
    verified = [f"c{n}" for n in range(20, 40)]
    kept = kept_of(shots, shots["clip_id"], verified, keep_fraction=0.5, drop=["beach"])
    assert kept["clip_id"].tolist() == [f"c{n}" for n in range(60, 80)]
    with pytest.raises(UserError, match="none of the 100 shots can become a sample"):
        kept_of(shots, shots["clip_id"], verified, keep_fraction=0.5, drop=["beach", "bar"])


def test_labels_of_kept_shots_are_in_the_order_of_rank():
    """With their scores; labels that are not there are none."""
    shots = shots_table(["", ""], ["a", "b"], ["tt1", ""])
    label_index, scores = best_labels(shots, LABELS)
    assert label_index[0].tolist() == [0, 2, -1, -1, -1]
    long = select_labels(label_index, scores, chosen_labels(scores, 0.4, 0.1, 5), KEEP_ALL)
    table = kept_table(shots, long, LABELS, shots.set_index("clip_id"))
    assert table["clip_id"].tolist() == ["a", "b"]
    assert table["labels"].tolist() == ["bar|cave"] * 2
    assert table["scores"].tolist() == ["0.5|0.25"] * 2


def test_labels_are_numbered_by_the_list_whatever_order_the_file_has(tmp_path):
    """Parquet numbers labels as they come, in each part of the file anew."""
    random = np.random.default_rng(0)
    shots = shots_table([""] * 60, [f"c{n}" for n in range(60)], [""] * 60).assign(start_frame=0, end_frame=1)
    for rank in range(1, 6):
        shots[f"label_{rank}"] = pd.Series(random.choice(LABELS, 60), dtype="str")
    shots.to_parquet(tmp_path / "shots.parquet", row_group_size=20)
    for table in (shots, read_labelled_shots(tmp_path / "shots.parquet")):
        label_index, _ = best_labels(table, LABELS)
        named = np.array(LABELS, object)[label_index]
        assert (named == shots[[f"label_{rank}" for rank in range(1, 6)]].to_numpy(object)).all()


def test_no_shot_at_all_is_an_empty_table():
    shots = shots_table([""], ["a"], [""])
    label_index, scores = best_labels(shots, LABELS)
    long = select_labels(label_index, scores, chosen_labels(scores, 0.9, 0.1, 5), KEEP_ALL)
    assert len(kept_table(shots, long, LABELS, shots.set_index("clip_id"))) == 0

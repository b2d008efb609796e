import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import Clip
from scripts.lib.workflow.plan import Row, Sizes, estimate, parts_of, quantities, read_costs, sample_clips

HEAD = "| rule | unit | a job covers | core s a job | core s a unit | GPU s a unit | MB a unit | measured |\n"
ROWS = """| `detect_shots` | gigapixel | shard | 2 | 10 | 0 | 0 | here |
| `embed_frames` | frame | shard | 9 | 0.5 | 0.25 | 1 | here |
| `embed_frames small` | frame | shard | 9 | 0.1 | 0 | 0 | here |
| `collect_shots` | shot | run | 1 | 2 | 0 | 0 | here |
| `(others)` | job | run | 36 | 0 | 0 | 0 | mean |
"""


@pytest.mark.parametrize(
    ("frames", "seen"), [("all", 60 * 2 * 96 * 24), ("4 fps", 60 * 2 * 96 * 4), ("2 per shot", 2 * 10 * 2 * 96)]
)
def test_frames_that_the_encoder_sees(frames, seen):
    assert quantities(Sizes(96, minutes=2, shots_per_minute=10), frames, 1)["frame"] == seen


def test_sizes_come_from_the_clips_that_can_be_opened(make_video, tmp_path):
    clip = make_video([(1, 48)], size=(100, 50)).clip
    sizes = sample_clips([clip, clip.__class__("gone", str(tmp_path / "gone.mp4"))], None)
    assert (sizes.count, sizes.known, sizes.megapixels) == (2, 1, 0.005)
    assert sizes.minutes == pytest.approx(2 / 60)


def test_windows_and_whole_shards_share_the_footage():
    """A film of 90 minutes in three windows, and two shards of other clips: 10 minutes known, 10 assumed."""
    shards = {"00000": [Clip("film", "f.mkv", duration=5400.0)], "00001": [Clip("a", "a.mkv", duration=600.0)]}
    shards["00002"] = [Clip("b", "b.mkv")]
    parts = parts_of(shards, {"00000": 3}, Sizes(3, minutes=110 / 3), 0)
    assert 3 * 110 / parts["window"] == pytest.approx(90) and 2 * 110 / parts["whole shard"] == pytest.approx(20)
    assert (parts["run"], parts["shard"], parts["model"]) == (1, 3, 1)
    assert parts_of({"0": shards["00001"]}, {}, Sizes(1, minutes=10), 0)["whole shard"] == 1
    assert sample_clips([*shards["00000"], *shards["00002"]], None).minutes == pytest.approx((90 + 2.04) / 2)


def test_costs_of_shards_of_the_run_and_of_rules_without_a_row(tmp_path):
    """One of two shards is left to do; a rule whose row names the tagger's model takes that row."""
    (tmp_path / "scaling.md").write_text(HEAD + ROWS)
    costs = read_costs(tmp_path / "scaling.md")
    work = {"gigapixel": 100, "frame": 7200, "shot": 1000, "job": 1}
    jobs = {"detect_shots": 1, "embed_frames": 2, "collect_shots": 1, "make_table1": 1, "a_new_rule": 1}
    parts = {"run": 1, "shard": 2, "model": 1}
    rows = {row.rule: row for row in estimate(jobs, costs, work, parts, "large")}
    assert rows["detect_shots"].core_hours == pytest.approx((2 + 50 * 10) / 3600)
    assert rows["embed_frames"] == Row("embed_frames", 2, pytest.approx((18 + 3600) / 3600), 0.5, 7.2)
    assert rows["collect_shots"].core_hours == pytest.approx(2001 / 3600)
    assert rows["(others)"] == Row("(others)", 2, pytest.approx(0.02), 0, 0)
    (small,) = estimate({"embed_frames": 2}, costs, work, parts, "small")[:1]
    assert small.core_hours == pytest.approx((18 + 720) / 3600)


@pytest.mark.parametrize(("text", "message"), [(HEAD, "no row"), (ROWS.replace("36", "many"), "not a number")])
def test_a_table_that_cannot_be_read_is_told(tmp_path, text, message):
    (tmp_path / "scaling.md").write_text(text)
    with pytest.raises(UserError, match=message):
        read_costs(tmp_path / "scaling.md")

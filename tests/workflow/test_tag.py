"""The main job on real files: label a folder of videos, good and broken."""

import json
import shutil

import h5py
import pandas as pd
import pytest
from pympi import Eaf

from tests.helpers.runs import unexplained

CONFIG = ("--configfile", "config/tag.yaml", "--config")
TAG = ("tag", *CONFIG)
# Where figures, pictures and pages are not what is looked at.
SHOTS, SCORES = "results/tag/dataset/shots.parquet", "results/tag/dataset/shot_scores.h5"


@pytest.fixture(scope="module")
def collection(shared_data, tmp_path_factory):
    """A folder with a space in its name: the good clips, the broken ones, and difficult names."""
    folder = tmp_path_factory.mktemp("my videos")
    for source in (*(shared_data / "videos").iterdir(), *(shared_data / "broken_videos").iterdir()):
        if source.suffix != ".json":
            shutil.copy(source, folder)
    small = shared_data / "videos/tc_h265_video.mp4"
    for name in ("a b.mp4", "a_b.mp4", "Кино.mp4", "-dash.mp4"):
        shutil.copy(small, folder / name)
    (folder / "reel two").mkdir()
    shutil.copy(small, folder / "reel two" / "a b.mp4")
    return folder


def settings(folder, shared_data, tagger, **clips):
    clips = json.dumps({"folder": str(folder), "shard_size": 100, **clips})
    return (f"clips={clips}", f"sources={json.dumps({'mirror': str(shared_data)})}", tagger)


def test_every_file_is_labelled_or_listed_with_a_reason(workspace, collection, shared_data, small_tagger):
    done = workspace.snakemake(*TAG, *settings(collection, shared_data, small_tagger, max_failed_fraction=0.9))
    assert "Ignored 2 file(s) whose suffix is not that of a video: 1 .gif, 1 .wav" in done.stdout
    results = workspace.path / "results/tag"
    shots = pd.read_parquet(results / "dataset/shots.parquet")
    failures = pd.read_csv(results / "dataset/failures.csv")
    manifest = pd.read_csv(results / "manifest.csv")
    assert set(shots["clip_id"]) | set(failures["clip_id"]) == set(manifest["clip_id"])
    assert set(failures["path"]) == {
        "mpy_zero_length_result.webm",
        "small_AudioVideoInterleave.avi",
        "small_Mpeg4.mp4",
    }
    assert failures["reason"].str.len().min() > 20
    clips = pd.concat(map(pd.read_csv, sorted((results / "clips").glob("*.csv")))).set_index("clip_id")
    assert clips.loc["cve_vid1", "n_frames"] == 56
    assert "56 of the 74" in clips.loc["cve_vid1", "reason"]
    assert shots["label_1"].notna().all()
    with h5py.File(workspace.path / SCORES) as file:
        assert file["scores"].shape == (len(shots), 179)
    assert (results / "figures/fig1c.png").stat().st_size > 10_000

    # The default fraction stops the run and says why.
    stopped = workspace.snakemake(*TAG, *settings(collection, shared_data, small_tagger), check=False)
    assert stopped.returncode != 0
    assert "the file is empty (0 bytes)" in stopped.stdout
    assert "raise that fraction" in stopped.stdout


def test_a_new_file_comes_last_and_leaves_finished_shards_alone(workspace, shared_data, small_tagger, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("b.mp4", "c.mp4"):
        shutil.copy(shared_data / "videos/tc_h265_video.mp4", folder / name)
    options = settings(folder, shared_data, small_tagger, shard_size=2)
    workspace.snakemake(SHOTS, *CONFIG, *options)
    shutil.copy(shared_data / "videos/tc_h265_video.mp4", folder / "a.mp4")
    jobs = workspace.planned(SHOTS, *CONFIG, *options)
    assert jobs["detect_shots"] == jobs["embed_frames"] == jobs["score_shots"] == 1
    workspace.snakemake(SHOTS, *CONFIG, *options)
    assert pd.read_csv(workspace.path / "results/tag/manifest.csv")["path"].tolist() == ["b.mp4", "c.mp4", "a.mp4"]
    assert len(pd.read_parquet(workspace.path / SHOTS)) == 3


def test_own_shot_list_and_window_and_sampling(workspace, shared_data, small_tagger, tmp_path):
    """A manifest with a window, the user's own shots, two frames a shot."""
    manifest = tmp_path / "clips.csv"
    manifest.write_text(
        "clip_id,path,movie_id,start_time,end_time\n"
        "bikes,videos/skv_bikes.mp4,m1,,\n"
        "bikes_middle,videos/skv_bikes.mp4,m1,2,4\n"
    )
    shots = tmp_path / "shots.csv"
    shots.write_text(
        "clip_id,start_frame,end_frame\nbikes,0,30\nbikes,30,76\nbikes,100,250\nbikes_middle,0,26\nbikes_middle,26,50\n"
    )
    clips = {"manifest": str(manifest), "folder": None, "root": str(shared_data)}
    embeddings = "results/tag/embeddings/clip_vit_b32/00000.h5"
    workspace.snakemake(
        embeddings,
        *CONFIG,
        f"clips={json.dumps(clips)}",
        f"sources={json.dumps({'mirror': str(shared_data)})}",
        f"shots={json.dumps({'list': str(shots)})}",
        small_tagger.replace('"all"', '"2 per shot"'),
    )
    with h5py.File(workspace.path / embeddings) as file:
        assert file["clips/bikes/frame"][:].tolist() == [0, 15, 30, 53, 100, 175]
        assert file["clips/bikes_middle/frame"][:].tolist() == [0, 13, 26, 38]
        assert file["clips/bikes_middle/time"][:].tolist() == pytest.approx([0, 0.52, 1.04, 1.52])


def test_all_scenes_of_one_place_in_elan(workspace, shared_data, small_tagger, tmp_path):
    """A film scholar's command: with time codes, of a folder of films, without a dataset; one place after all."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("skv_bikes.mp4", "slhck_scenecut_test.mp4"):
        shutil.copy(shared_data / "videos" / name, folder)
    command = ("export", *CONFIG, *settings(folder, shared_data, small_tagger))
    results = workspace.path / "results/tag"
    workspace.snakemake(*command)
    every = pd.read_csv(results / "export/scenes.csv")
    assert unexplained(results) == set()
    place = every["label"].iloc[-1]
    chosen = every[every["label"] == place]
    only = f"export={{labels: ['{place}']}}"
    assert workspace.planned(*command, only) == {"export": 1, "export_films": 1}
    workspace.snakemake(*command, only)
    shown = pd.read_csv(results / "export/scenes.csv")
    assert shown["file_start"].tolist() == chosen["file_start"].tolist()
    for clip_id, scenes in shown.groupby("clip_id"):
        found = Eaf(results / f"export/{clip_id}.eaf").get_annotation_data_for_tier("scene")
        times = [(round(1000 * row.start_time), round(1000 * row.end_time), place) for row in scenes.itertuples()]
        assert [entry[:3] for entry in found] == times
    assert {path.stem for path in (results / "export").glob("*.eaf")} == set(shown["clip_id"])


def test_vit_b32_from_a_local_file(workspace, shared_data, tmp_path):
    """The tagger as shipped: ViT-B/32 from a file, here of random weights, and the 179 labels."""
    import open_clip
    from safetensors.torch import save_file

    weights = tmp_path / "random.safetensors"
    save_file(open_clip.create_model("ViT-B-32-quickgelu").state_dict(), weights)
    folder = tmp_path / "films"
    folder.mkdir()
    shutil.copy(shared_data / "videos/slhck_scenecut_test.mp4", folder)
    tagger = f"encoders={json.dumps({'clip_vit_b32': {'pretrained': str(weights), 'frames': '1 per shot'}})}"
    workspace.snakemake(SHOTS, SCORES, *CONFIG, *settings(folder, shared_data, tagger))
    shots = pd.read_parquet(workspace.path / SHOTS)
    assert shots["start_frame"].tolist() == [0, 24, 49, 74, 99, 124, 149, 174]
    with h5py.File(workspace.path / SCORES) as file:
        assert file["scores"].shape == (8, 179)

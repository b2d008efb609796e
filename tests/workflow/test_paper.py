"""The paper's run: what it fetches, what it plans, and what it says while something is still to be had."""

import json
import shutil

import pandas as pd
import pytest

from scripts.lib.records.clips import read_manifest

PAPER = ("--configfile", "config/paper.yaml", "--config")
COMMAND = "uv run snakemake retrieve --cores 1 --configfile config/paper.yaml"


@pytest.fixture(scope="module")
def mirror(shared_data):
    return f"sources={json.dumps({'mirror': str(shared_data)})}"


def refused(workspace, *arguments):
    """What a dry run says that cannot be planned."""
    done = workspace.snakemake("--dry-run", *arguments, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout and 'File "' not in done.stdout
    return done.stdout


def test_what_is_missing_is_told_with_the_way_to_it(workspace, mirror):
    """No list of clips, no screenplays: the targets that need them say so, the others are planned."""
    assert COMMAND in refused(workspace, "dataset", *PAPER, mirror)
    told = refused(workspace, "taxonomy", *PAPER, "run=paper")
    assert "no folder resources/screenplays" in told and "taxonomy.labels" in told
    assert workspace.planned("retrieve", *PAPER, "run=paper")["list_clips"] == 1
    jobs = workspace.planned("taxonomy", *PAPER, mirror)
    assert jobs["read_sluglines"] == 1 and "detect_shots" not in jobs
    assert not (workspace.path / "resources").exists()


def test_retrieve_makes_the_manifest_and_everything_can_be_planned_offline(workspace, mirror, tmp_path):
    """From the mirror; the weights, which no mirror has here, are a local file."""
    weights = tmp_path / "weights.safetensors"
    weights.touch()
    encoders = {"clip_vit_b32": {"pretrained": str(weights)}}
    options = (*PAPER, mirror, f"encoders={json.dumps(encoders)}")
    done = workspace.snakemake("retrieve", *options)
    assert "34185 clips of 3613 movies; 829 without a year" in done.stdout
    clips = read_manifest(workspace.path / "resources/clips.csv")
    assert len(clips) == 34185
    assert clips[0].path == "2019/Sv-BxH3SVS8.mkv"
    without_mirror = (*PAPER, *options[-1:])
    assert workspace.planned("retrieve", *without_mirror) == {}
    jobs = workspace.planned(*options)
    assert jobs["detect_shots"] == jobs["embed_frames"] == jobs["score_shots"] == 342
    assert "retrieve_source" not in jobs and jobs["find_clips"] == 342
    assert {"cluster_labels", "sample_shots", "split_samples", "make_table2", "make_gallery"} <= jobs.keys()
    youtube = "clips={download: youtube}"
    assert workspace.planned("retrieve", *options, youtube)["find_clips"] == 342
    one = workspace.planned("results/paper/shots/00007.csv", *options, youtube)
    assert one == {"find_clips": 1, "detect_shots": 1}


YT_DLP = """
import shutil
from pathlib import Path
from yt_dlp.utils import YoutubeDLError

class YoutubeDL:
    def __init__(self, options):
        self.folder = Path(options["paths"]["home"])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def extract_info(self, url):
        video_id = url.removeprefix("https://www.youtube.com/watch?v=")
        if video_id.startswith("private"):
            raise YoutubeDLError(f"ERROR: [youtube] {video_id}: Private video. Sign in if you've been granted access")
        file = Path(shutil.copy(FILM, self.folder / f"{video_id}.mp4"))
        return {"requested_downloads": [{"filepath": str(file)}]}
"""


@pytest.fixture
def own_clips(workspace, make_video, tmp_path):
    """Two ids and a tagger of random weights, as options by `clips.download`; a made-up yt-dlp has one of the films."""
    import open_clip
    from safetensors.torch import save_file

    film = make_video([(1, 30), (2, 30)]).path
    package = workspace.path / "yt_dlp"
    package.mkdir()
    (package / "__init__.py").write_text(f"FILM = {film!r}\n{YT_DLP}")
    (package / "utils.py").write_text("class YoutubeDLError(Exception):\n    pass\n")
    open_clip.add_model_config(workspace.path / "config/demo/clip_small.json")
    save_file(open_clip.create_model("clip_small").state_dict(), tmp_path / "random.safetensors")
    (tmp_path / "clips.csv").write_text("clip_id,path\n-dash_first,-dash_first.mkv\nprivate_one,private_one.mkv\n")
    clips = {"manifest": str(tmp_path / "clips.csv"), "folder": None, "root": str(tmp_path / "films"), "shard_size": 10}
    tagger = {"model": "config/demo/clip_small.json", "pretrained": str(tmp_path / "random.safetensors")}
    (tmp_path / "labels.txt").write_text("bar\nkitchen\n")

    def options(download):
        return (
            *("--configfile", "config/tag.yaml", "--config"),
            f"clips={json.dumps({**clips, 'download': download})}",
            f"encoders={json.dumps({'clip_vit_b32': tagger})}",
            f"taxonomy={json.dumps({'labels': str(tmp_path / 'labels.txt')})}",
        )

    return options


def test_downloaded_clips_are_worked_on_and_a_private_one_is_a_failure_with_its_reason(workspace, own_clips, tmp_path):
    """A whole run from ids to shots, with a made-up yt-dlp in the place of the real one."""
    options, off = own_clips("youtube"), own_clips(None)
    results = workspace.path / "results/tag"
    done = workspace.snakemake("results/tag/dataset/failures.csv", *options)
    assert "find_clips 00000: 1 ok, 1 private" in done.stdout
    failures = pd.read_csv(results / "dataset/failures.csv")
    assert failures[["clip_id", "step"]].to_numpy().tolist() == [["private_one", "find_clips"]]
    assert failures["reason"][0] == "private: Private video. Sign in if you've been granted access"
    shots = pd.read_csv(results / "shots/00000.csv")
    assert shots[["clip_id", "start_frame"]].to_numpy().tolist() == [["-dash_first", 0], ["-dash_first", 30]]
    assert pd.read_csv(results / "downloads/00000.csv")["status"].tolist() == ["ok", "private"]

    # Not to download any more runs nothing again; nor does asking again in vain; a clip that comes does.
    target, asked = "results/tag/dataset/failures.csv", "results/tag/downloads/00000.csv"
    assert workspace.planned(target, *off) == {}
    workspace.snakemake(asked, *options, "--forcerun", "find_clips")
    assert workspace.planned(target, *options).keys() <= {"list_failures"}
    shutil.copy(tmp_path / "films/-dash_first.mkv", tmp_path / "films/private_one.mkv")
    workspace.snakemake(asked, *off, "--forcerun", "find_clips")
    assert {"detect_shots", "embed_frames"} <= workspace.planned(target, *options).keys()


def test_downloads_can_be_switched_on_after_a_run(workspace, own_clips, tmp_path):
    """And the description of a tagger's model is noticed when it is edited."""
    off, on = own_clips(None), own_clips("youtube")
    targets = ("results/tag/dataset/failures.csv", "results/tag/embeddings/clip_vit_b32.labels.h5")
    (tmp_path / "films").mkdir()
    workspace.snakemake(*targets, *off)
    assert pd.read_csv(workspace.path / targets[0])["step"].tolist() == ["detect_shots"] * 2
    assert workspace.planned(*targets, *on) == {}
    description = workspace.path / "config/demo/clip_small.json"
    description.write_text(description.read_text().replace('"head_width": 32', '"head_width": 16'))
    assert workspace.planned(*targets, *on) == {"embed_frames": 1, "embed_labels": 1, "list_failures": 1}


def test_weights_of_no_tagger_are_refused(workspace):
    """In a run that has taggers, and in one of published files."""
    for name in ("paper", "published"):
        told = refused(workspace, "resources/weights/ViT-L-14/tag.safetensors", "--configfile", f"config/{name}.yaml")
        assert "no encoder of this configuration uses the weights resources/weights/ViT-L-14/tag.safetensors" in told
    other = {"model": "ViT-L-14", "pretrained": "own/some", "frames": "all", "dtype": "fp16"}
    other_too = (*PAPER, f"encoders={json.dumps({'other': other})}")
    assert workspace.planned("resources/weights/ViT-L-14/own--some.safetensors", *other_too) == {"retrieve_weights": 1}

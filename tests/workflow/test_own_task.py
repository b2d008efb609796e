"""A multi-label task of one's own, from a CSV and a configuration of ten lines, as docs/downstream.md says."""

import re
import shutil

import h5py
import torch
import yaml
from safetensors.torch import save_file

from scripts.lib.networks.video_models import build_network
from scripts.lib.tables.rows import read_csv, write_csv
from tests.helpers import ROOT
from tests.helpers.trainings import TINY

FEATURES = "results/birds/downstream/birds/{}/features/00000.h5"


def test_the_documents_configuration_is_valid_and_short(workspace):
    """It plans both of its extractors, for which nothing is trained and no clip is needed."""
    (given,) = re.findall(r"```yaml\n(run: birds.*?)```", (ROOT / "docs/downstream.md").read_text(), re.DOTALL)
    assert len(given.strip().splitlines()) <= 10
    (workspace.path / "birds.yaml").write_text(given)
    (workspace.path / "birds.csv").write_text("video_id,split,labels\na,train,wren\n")
    jobs = workspace.planned("--configfile", "birds.yaml")
    assert (jobs["list_videos"], jobs["cache_videos"], jobs["extract_features"]) == (1, 1, 2)
    assert not {"train_model", "detect_shots", "cache_clips"} & jobs.keys()


def test_own_videos_have_features_and_edits_run_only_what_they_change(workspace, make_video):
    """By a tiny network in place of Swin-B; a missing and a broken video do not stop it."""
    folder = workspace.path / "films"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.mp4", "b.mkv", "sub/c.mp4")):
        shutil.copy(make_video([(number, 50)], size=(64, 48)).path, folder / name)
    (folder / "broken.mp4").write_bytes(b"no video")
    rows = [
        {"video_id": "a", "path": "a.mp4", "split": "train", "labels": "wren|robin", "start_time": 0.5},
        {"video_id": "b", "split": "train", "labels": "robin"},
        {"video_id": "c", "split": "test", "labels": "wren"},
        {"video_id": "broken", "path": "broken.mp4", "split": "test", "labels": ""},
        {"video_id": "gone", "split": "test", "labels": "wren"},
    ]
    write_csv(workspace.path / "birds.csv", ["video_id", "path", "split", "labels", "start_time"], rows)
    torch.manual_seed(0)
    save_file(build_network("swin", 4, **TINY["swin"]).state_dict(), workspace.path / "tiny.safetensors")
    own = {
        "run": "birds",
        "chapters": ["downstream"],
        "models": {"swin_b": {"arguments": TINY["swin"], "pretrained": "tiny.safetensors"}},
        "downstream": {
            "run": ["birds"],
            "features": ["swin_b_kinetics"],
            **dict.fromkeys(("scene", "motion"), "swin_b_kinetics"),
            "tasks": {"birds": {"videos": "birds.csv", "root": "films"}},
        },
    }
    target = FEATURES.format("swin_b_kinetics")
    options = (target, "--configfile", "birds.yaml")
    (workspace.path / "birds.yaml").write_text(yaml.safe_dump(own))
    workspace.snakemake(*options)
    with h5py.File(workspace.path / target) as file:
        assert {*file["video_id"].asstr()} == {"a", "b", "c"}
        assert file["features"].shape == (3, 2 * TINY["swin"]["width"])
        reasons = dict(zip(file["failures/video_id"].asstr(), file["failures/reason"].asstr(), strict=True))
    assert "the file is not there" in reasons["gone"] and "not a video" in reasons["broken"]
    listed = read_csv(workspace.path / "results/birds/downstream/birds/videos.csv")
    assert sorted(row["split"] for row in listed) == ["test", "test", "test", "train", "val"]
    assert workspace.planned(*options) == {}
    own["downstream"]["tasks"]["birds"]["head"] = {"epochs": 3, "arguments": {"hidden": [8]}}
    (workspace.path / "birds.yaml").write_text(yaml.safe_dump(own))
    assert workspace.planned(*options) == {}
    own["downstream"]["tasks"]["birds"]["labels"] = ["wren", "robin"]
    (workspace.path / "birds.yaml").write_text(yaml.safe_dump(own))
    # Labels change no window: once the videos are listed and found anew, nothing is decoded again.
    workspace.snakemake("results/birds/downstream/birds/found/00000.csv", "--configfile", "birds.yaml")
    labels = read_csv(workspace.path / "results/birds/downstream/birds/labels.csv")
    assert [row["label"] for row in labels] == ["wren", "robin"]
    assert workspace.planned(*options) == {}

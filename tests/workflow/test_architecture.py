"""A detector, an encoder, a model and a downstream task are added as docs/architecture.md says, and used."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import torch
import torchvision
import yaml

from scripts.lib.networks.image_networks import IMAGENET_MEAN, IMAGENET_STD
from scripts.lib.tables.rows import read_csv, write_csv
from tests.helpers import ROOT

RUN = "results/examples"
OWN = {"run": "examples", "chapters": ["shots", "tagging", "dataset", "models", "downstream"]}
# The examples' values are for real collections.
SMALL = {
    "clips": {"folder": "clips"},
    "cache": {"frames": 2, "short_side": 24},
    "models": {"mc3_r18": {"arguments": {"frames": 2, "size": 24}, "epochs": 1}},
    "training": {"bootstrap": 10},
    "downstream": {"common": {"clips": 1, "head": {"epochs": 1}}, "seeds": [0]},
}
GREY, LIGHT, PINK = (40, 40, 40), (200, 200, 200), (255, 145, 200)
BIRDS = {"robin_1": (200, 60, 40), "robin_2": (180, 80, 60), "wren_1": (90, 70, 50), "wren_2": (110, 100, 60)}
SAMPLES = {"train": ("a-Scene-001", "a-Scene-002"), "val": ("b-Scene-001",), "test": ("b-Scene-002",)}


@dataclass(frozen=True)
class Block:
    """A block of the document's examples.

    Attributes:
        section: its heading.
        file: the last one that is named before it, to which it belongs.
        kind: diff for lines that are added to the file; otherwise it is the file.
    """

    section: str
    file: str
    kind: str
    text: str

    def put(self, root: Path) -> None:
        """Write it as a reader of the document would."""
        path = root / self.file
        if self.kind != "diff":
            assert not path.exists(), f"{self.file} exists already"
            path.write_text(self.text)
            return
        lines = self.text.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in marks) for marks in (" -", " +"))
        before = path.read_text()
        assert before.count(old) == 1, f"{self.file} has these lines {before.count(old)} times, not once:\n{old}"
        path.write_text(before.replace(old, new))


def blocks() -> list[Block]:
    """The blocks of the document's examples, in order."""
    text = (ROOT / "docs/architecture.md").read_text().partition("## Adding something\n")[2].partition("\n## ")[0]
    found = []
    for section in text.split("\n### ")[1:]:
        for block in re.finditer(r"```(\w+)\n(.*?)```", section, re.DOTALL):
            *_, file = re.findall(r"`([\w./]+\.(?:csv|py|yaml))`", section[: block.start()])
            found.append(Block(section.partition("\n")[0], file, *block.groups()))
    return found


def write_material(root: Path, make_video) -> None:
    """Two clips, four videos of birds, the samples of the clips' shots, and random weights of a ResNet."""
    for folder in ("clips", "films", f"{RUN}/dataset/splits"):
        (root / folder).mkdir(parents=True)
    for name in ("a", "b"):
        shutil.copy(make_video([(GREY, 12), (LIGHT, 12), (PINK, 12)], size=(64, 48)).path, root / f"clips/{name}.mp4")
    for name, colour in BIRDS.items():
        shutil.copy(make_video([(colour, 12)], size=(64, 48)).path, root / f"films/{name}.mp4")
    for split, shots in SAMPLES.items():
        rows = [{"shot_id": shot, "labels": ("bar", "cave")[int(shot[-1]) - 1]} for shot in shots]
        write_csv(root / f"{RUN}/dataset/splits/{split}.csv", ["shot_id", "labels"], rows)
    labels = [{"label": label, "pos_weight": 1.0, "pos_weight_samples": 1.0} for label in ("bar", "cave")]
    write_csv(root / f"{RUN}/dataset/labels.csv", labels[0], labels)
    torch.manual_seed(0)
    torch.save(torchvision.models.resnet18().state_dict(), root / "resnet18.pth")


def resnet_features(weights: Path, colours) -> np.ndarray:
    """What torchvision's ResNet gives for plain pictures before its last layer, (N, 512)."""
    network = torchvision.models.resnet18().eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.fc = torch.nn.Identity()
    pixels = (torch.tensor(colours) / 255 - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)
    with torch.inference_mode():
        return network(pixels[:, :, None, None].expand(-1, -1, 224, 224)).numpy()


def test_examples_are_short():
    lengths = dict.fromkeys((block.section for block in blocks()), 0)
    for block in blocks():
        lengths[block.section] += len(block.text.splitlines())
    assert list(lengths) == ["A detector", "An encoder, a tagger", "A model", "A downstream task"]
    assert max(lengths.values()) < 30, lengths


def test_examples_work_as_written(workspace, make_video):
    """Applied to a copy, each makes its results in one run on tiny clips."""
    root = workspace.path
    write_material(root, make_video)
    for block in blocks():
        block.put(root)
    written = [block.file for block in blocks() if block.file.endswith(".py")]
    for check in ("check", "format --check"):
        ruff = [sys.executable, "-m", "ruff", *check.split(), "--config", ROOT / "pyproject.toml"]
        subprocess.run([*ruff, *written], cwd=root, check=True)
    (root / "own.yaml").write_text(yaml.safe_dump(OWN))
    (root / "small.yaml").write_text(yaml.safe_dump(SMALL))
    given = [block.file for block in blocks() if block.kind == "yaml"]
    targets = ("shots/00000.csv", "models/mc3_r18/metrics.json", "downstream/birds/resnet18/metrics.json")
    rules = "detect_shots cache_clips train_model list_videos find_videos cache_videos extract_features train_head"
    workspace.snakemake(
        *(f"{RUN}/{target}" for target in targets),
        *("--allowed-rules", *rules.split(), "--configfile", "own.yaml", *given, "small.yaml"),
    )
    shots = [(row["clip_id"], row["start_frame"]) for row in read_csv(root / RUN / targets[0])]
    # Of pink instead of light grey it is only the colour that changes.
    assert shots == [("a", "0"), ("a", "12"), ("b", "0"), ("b", "12")]
    trained = json.loads((root / RUN / targets[1]).read_text())
    assert (trained["model"], trained["epochs"], trained["n_used"]) == ("mc3_r18", 1, {"train": 2, "val": 1, "test": 1})
    with h5py.File(root / RUN / "downstream/birds/resnet18/features/00000.h5") as file:
        assert list(file["video_id"].asstr()) == list(BIRDS)
        features = file["features"][:]
    expected = resnet_features(root / "resnet18.pth", list(BIRDS.values()))
    np.testing.assert_allclose(features, expected, atol=0.05 * np.abs(expected).max())
    assert json.loads((root / RUN / targets[2]).read_text())["n_used"] == {"train": 2, "val": 1, "test": 1}

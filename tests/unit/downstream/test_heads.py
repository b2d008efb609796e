"""Heads on made-up features of two kinds, their fusion, Tables 4 to 6 and Fig. 11."""

import json
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file
from sklearn.metrics import average_precision_score

from scripts.downstream import (
    fuse_heads,
    make_downstream_table,
    make_table4,
    make_table5,
    make_table6,
    plot_fig11,
    train_head,
)
from scripts.downstream.comparing import same_number
from scripts.downstream.features import read_video_features, write_video_features
from scripts.downstream.fuse_heads import GRID, choose_weight, fuse
from scripts.downstream.make_table5 import genre_key
from scripts.downstream.measures import ID
from scripts.downstream.plot_fig11 import ALL, difference_table, plot_differences
from scripts.downstream.train_head import training_of
from scripts.lib.evaluation.predictions import Predictions, read_predictions
from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.classifiers import leave_out, train_classifier
from scripts.lib.networks.training import checkpoint_of
from scripts.lib.networks.video_models import build_network
from scripts.lib.pages.figures import save_figure
from scripts.lib.records.samples import SEPARATOR
from scripts.lib.tables.rows import read_csv
from scripts.lib.workflow.tasks import task_settings
from tests.helpers import ROOT

GENRES = "Action Animation Biography Comedy Crime Drama Family Fantasy Horror Mystery Romance Sci-Fi Thriller".split()
TASKS = {"hvu": [f"place {number}" for number in range(26)], "moviescope": GENRES}
# Kind of features: width, and noise.
KINDS = {"scene": (24, 0.5), "motion": (16, 1.0)}
SEEDS = [0, 1, 2]
BOOTSTRAP = {"samples": 30, "seed": 0}
HEAD = {
    "network": "perceptron",
    "arguments": {"hidden": [32, 32], "dropout": 0.2},
    "optimiser": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.001},
    "schedule": {"name": "constant"},
    "epochs": 8,
    "patience": 3,
    "batch_size": 60,
    "micro_batch": 60,
    "pos_weight": "none",
}
PAPER = {number: str(ROOT / f"config/paper/table{number}.csv") for number in (4, 5, 6)}


class Files(SimpleNamespace):
    """A job's files by name, or all of them, as Snakemake gives them."""

    def __getitem__(self, name):
        return getattr(self, name)

    def __iter__(self):
        for value in vars(self).values():
            yield from [value] if isinstance(value, str) else value


def write_task(folder, classes, seed):
    """videos.csv, labels.csv, and two shards of each kind of features; every tenth video has none."""
    random = np.random.default_rng(seed)
    targets = random.random((300, len(classes))) < 2.5 / len(classes)
    videos = pd.DataFrame(
        {
            "video_id": [f"-v{number:03d}" for number in range(300)],
            "path": "x.mp4",
            "split": ["train"] * 180 + ["val"] * 50 + ["test"] * 70,
            "labels": [SEPARATOR.join(np.array(classes)[row]) for row in targets],
        }
    )
    folder.mkdir()
    videos.to_csv(folder / "videos.csv", index=False)
    weights = {"pos_weight": 2.0, "pos_weight_samples": 3.0}
    pd.DataFrame({"label": classes, **weights}).to_csv(folder / "labels.csv", index=False)
    for kind, (width, noise) in KINDS.items():
        mixed = targets @ random.normal(size=(len(classes), width)) + noise * random.normal(size=(300, width))
        for shard in range(2):
            rows = [row for row in range(shard, 300, 2) if row % 10]
            gone = [row for row in range(shard, 300, 2) if row % 10 == 0]
            ids = videos["video_id"]
            (folder / kind).mkdir(exist_ok=True)
            write_video_features(
                folder / kind / f"{shard:05d}.h5",
                {ids[row]: mixed[row].astype(np.float32) for row in rows},
                {ids[row]: 4 for row in rows},
                {ids[row]: "no file" for row in gone},
                {},
            )


def job_of_head(folder, task, kind, head=HEAD, out=None):
    """The job of `train_head`, whose files go to a folder of their own."""
    out = Path(out or folder / "heads" / task / kind)
    out.mkdir(parents=True)
    names = {"model": "model.safetensors", "metrics": "metrics.json", "predictions": "predictions.h5"}
    return SimpleNamespace(
        input=Files(
            features=[str(folder / task / kind / f"{shard:05d}.h5") for shard in range(2)],
            videos=str(folder / task / "videos.csv"),
            labels=str(folder / task / "labels.csv"),
        ),
        output=Files(**{key: str(out / name) for key, name in names.items()}, history=str(out / "history.csv")),
        params=SimpleNamespace(head=head, seeds=SEEDS, precision="fp32", bootstrap=BOOTSTRAP),
        wildcards=SimpleNamespace(task=task, features=kind),
    )


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    """A folder with two tasks whose heads have been trained, and fused: heads/<task>/<kind>/."""
    folder = tmp_path_factory.mktemp("heads")
    for number, (task, classes) in enumerate(TASKS.items()):
        write_task(folder / task, classes, number)
        for kind in KINDS:
            train_head.main(job_of_head(folder, task, kind))
        out = folder / "heads" / task
        (out / "fusion").mkdir()
        fuse_heads.main(
            SimpleNamespace(
                input=Files(
                    **{kind: str(out / kind / "predictions.h5") for kind in KINDS},
                    metrics=[str(out / kind / "metrics.json") for kind in KINDS],
                ),
                output=Files(metrics=str(out / "fusion/metrics.json"), predictions=str(out / "fusion/predictions.h5")),
                params=SimpleNamespace(bootstrap=BOOTSTRAP),
                wildcards=SimpleNamespace(task=task),
            )
        )
    return folder


def metrics_of(heads, name):
    return json.loads((heads / f"heads/{name}/metrics.json").read_text())


def sklearn_ap(found):
    """Average precision by seed and class, (S, C); NaN without positives."""
    return np.array(
        [
            [
                average_precision_score(wanted, scores) if wanted.any() else np.nan
                for wanted, scores in zip(found.targets.T, logits.T, strict=True)
            ]
            for logits in found.logits
        ]
    )


@pytest.mark.parametrize("name", ["hvu/scene", "moviescope/motion"])
def test_measures_of_a_head_are_sklearns(heads, name):
    """Mean and deviation over seeds, by class and over classes; videos without features lower n_used only."""
    metrics, found = metrics_of(heads, name), read_predictions(heads / f"heads/{name}/predictions.h5", ID)
    assert set(found) == {"val", "test"}
    assert metrics["n_expected"] == {"train": 180, "val": 50, "test": 70}
    assert metrics["n_used"] == {"train": 162, "val": 45, "test": 63}
    expected = sklearn_ap(found["test"])
    measures = metrics["sets"]["test"]
    assert measures["class_ap"] == pytest.approx(expected.mean(axis=0), abs=1e-6)
    assert measures["class_deviation"] == pytest.approx(expected.std(axis=0, ddof=1), abs=2e-6)
    by_seed = np.nanmean(expected, axis=1)
    assert measures["mAP_by_seed"] == pytest.approx(by_seed, abs=1e-6)
    assert len(set(measures["mAP_by_seed"])) == 3
    assert measures["mAP"]["value"] == pytest.approx(by_seed.mean(), abs=1e-6)
    assert measures["mAP"]["deviation"] == pytest.approx(by_seed.std(ddof=1), abs=2e-6)
    assert measures["mAP"]["low"] < measures["mAP"]["value"] < measures["mAP"]["high"]
    assert measures["mAP"]["low"] > measures["random_mAP"]


def test_the_files_of_a_head_have_every_seed(heads):
    folder = heads / "heads/hvu/scene"
    weights = load_file(folder / "model.safetensors")
    metrics = metrics_of(heads, "hvu/scene")
    for seed in SEEDS:
        own = [value for key, value in weights.items() if key.startswith(f"{seed}.")]
        assert sum(value.size for value in own) == metrics["n_parameters"] == 24 * 32 + 32 * 32 + 32 * 26 + 32 + 32 + 26
    history = pd.read_csv(folder / "history.csv")
    assert list(history.groupby("seed").size()) == metrics["epochs"]
    best = history.loc[history.groupby("seed")["score"].idxmax()]
    assert list(best["epoch"]) == metrics["best_epochs"]
    assert best["score"].tolist() == pytest.approx(metrics["sets"]["val"]["mAP_by_seed"], abs=1e-6)
    assert not list((folder / "checkpoints").iterdir())
    with h5py.File(folder / "predictions.h5") as file:
        assert file["test/logits"].shape == (3, 63, 26)


def test_a_seed_that_has_ended_is_not_trained_again(heads, tmp_path):
    """After an interruption: its history, with the seconds, is that of the checkpoint, and all weights are the same."""
    job = job_of_head(heads, "hvu", "motion", out=tmp_path / "again")
    settings = {"head": HEAD, "precision": "fp32", "seed": 1}
    checkpoint = checkpoint_of(tmp_path / "again/checkpoints", settings, job.input)
    checkpoint.parent.mkdir()
    videos, labels = (
        pd.read_csv(path, dtype=str, keep_default_na=False) for path in (job.input.videos, job.input.labels)
    )
    features = read_video_features(job.input.features, videos[ID])
    sets = leave_out(dict(iter(videos.groupby("split"))), features, ID)
    before = train_classifier(
        "cpu", training_of(HEAD, sets, features, labels, seed=1, precision="fp32", checkpoint=checkpoint)
    )
    train_head.main(job)
    history = pd.read_csv(job.output.history)
    assert history.loc[history["seed"] == 1, "seconds"].tolist() == [row["seconds"] for row in before.history]
    assert history.loc[history["seed"] == 1, "loss"].tolist() == pytest.approx([row["loss"] for row in before.history])
    first, again = (load_file(path) for path in (heads / "heads/hvu/motion/model.safetensors", job.output.model))
    assert first.keys() == again.keys()
    assert all((first[key] == again[key]).all() for key in first)


def test_weights_of_positives_and_width_reach_the_training(heads, tmp_path):
    labels = pd.read_csv(heads / "hvu/labels.csv", dtype=str)
    sets = {"train": pd.DataFrame({ID: ["a"], "labels": "place 1"})}
    features = {"a": np.ones((1, 512), np.float32)}
    for kind, weight in {"release": 2.0, "usual": 3.0}.items():
        head = HEAD | {"pos_weight": kind}
        job = training_of(head, sets, features, labels, seed=7, precision="fp16", checkpoint=tmp_path / "c.pt")
        assert (job.pos_weight == weight).all()
        assert job.model["arguments"]["width"] == 512
        assert job.training["seed"] == 7


def test_a_task_without_a_test_video_is_refused(heads, tmp_path):
    job = job_of_head(heads, "hvu", "scene", out=tmp_path / "head")
    videos = pd.read_csv(job.input.videos, dtype=str)
    job.input.videos = str(tmp_path / "videos.csv")
    videos[videos["split"] != "test"].to_csv(job.input.videos, index=False)
    with pytest.raises(UserError, match="no video of the split test has features"):
        train_head.main(job)


@pytest.mark.parametrize(
    ("task", "n_classes", "shapes", "n_parameters"),
    [
        ("hvu", 248, [(4096, 1024), (4096, 4096), (248, 4096)], 21_995_768),
        ("moviescope", 13, [(512, 1024), (512, 512), (13, 512)], 794_125),
    ],
)
def test_the_heads_of_the_configuration_are_the_papers(task, n_classes, shapes, n_parameters):
    """M_scene and M_trailer of section 5.3, with drop-out of 0.2 after the first layer only."""
    config = yaml.safe_load((ROOT / "config/default.yaml").read_text())
    head = task_settings(config, task)["head"]
    network = build_network(head["network"], n_classes, width=1024, **head["arguments"])
    assert [tuple(value.shape) for value in network.state_dict().values() if value.ndim == 2] == shapes
    assert sum(value.numel() for value in network.parameters()) == n_parameters
    kinds = [type(layer).__name__ for layer in network.backbone.layers]
    assert kinds == ["Linear", "ReLU", "Dropout", "Linear", "ReLU"]
    assert network.backbone.layers[2].p == 0.2
    assert network.head[0].p == 0


def hand(logits, ids=("a", "b", "c")):
    return Predictions(list(ids), np.array(logits, np.float32), np.array([[1, 0], [0, 1], [1, 0]], bool))


def test_late_fusion_is_the_mean_of_logits():
    first = hand([[[4, 0], [2, 2], [0, -2]], [[1, 1], [1, 1], [1, 1]]])
    second = hand([[[0, 2], [2, -6], [1, 0]], [[3, 3], [5, 5], [-1, 0]]])
    assert fuse(first, second).logits.tolist() == [[[2, 1], [2, -2], [0.5, -1]], [[2, 2], [3, 3], [0, 0.5]]]
    assert fuse(first, second, 0.25).logits[0, 0].tolist() == [1, 1.5]
    assert (fuse(first, second, 1.0).logits == first.logits).all()


def test_heads_of_different_videos_are_not_fused():
    logits = np.zeros((1, 3, 2))
    with pytest.raises(UserError, match=r"(?s)2 video\(s\) have been predicted by one.*  - c\n  - d"):
        fuse(hand(logits), hand(logits, "abd"))
    with pytest.raises(UserError, match=r"(?s)another order.*  - a beside b\n  - b beside a$"):
        fuse(hand(logits), hand(logits, "bac"))
    with pytest.raises(UserError, match="other seeds"):
        fuse(hand(logits), hand(np.zeros((2, 3, 2))))


def test_fusion_of_trained_heads(heads):
    """Equal weights are the mean of the stored logits; the chosen weight is the best of the grid on val by sklearn."""
    out = heads / "heads/hvu"
    scene, motion, fused = (
        read_predictions(out / name / "predictions.h5", ID) for name in ("scene", "motion", "fusion")
    )
    for part in ("val", "test"):
        assert fused[part].logits == pytest.approx((scene[part].logits + motion[part].logits) / 2, abs=1e-6)
    metrics = metrics_of(heads, "hvu/fusion")
    tried = [
        np.nanmean(sklearn_ap(scene["val"]._replace(logits=w * scene["val"].logits + (1 - w) * motion["val"].logits)))
        for w in GRID
    ]
    assert [row["mAP"] for row in metrics["tried_on_val"]] == pytest.approx(tried, abs=1e-5)
    assert metrics["weights"] == {"equal": 0.5, "chosen": GRID[int(np.argmax(tried))]}
    values = {name: np.nanmean(sklearn_ap(found["test"])) for name, found in (("scene", scene), ("equal", fused))}
    assert metrics["results"]["equal"]["mAP"]["value"] == pytest.approx(values["equal"], abs=1e-6)
    gain = metrics["differences"]["equal_over_scene"]
    assert gain["value"] == pytest.approx(values["equal"] - values["scene"], abs=2e-6)
    own = metrics["results"]["equal"]["mAP"]
    assert gain["high"] - gain["low"] < own["high"] - own["low"]


def test_equally_good_weights_are_decided_for_the_nearest_to_equal():
    first, nothing = hand([[[4, 0], [0, 2], [3, 1]]]), hand(np.zeros((1, 3, 2)))
    weight, tried = choose_weight(first, nothing)
    assert weight == 0.5
    assert tried[0]["mAP"] < tried[1]["mAP"] == tried[-1]["mAP"] == 1


def table(heads, module, tmp_path, **inputs):
    """A table's rows and its text, made from the trained heads; values of `inputs` are paths below heads/."""
    paths = {
        key: [str(heads / "heads" / one) for one in value] if isinstance(value, list) else str(heads / value)
        for key, value in inputs.items()
    }
    output = Files(csv=str(tmp_path / "t.csv"), md=str(tmp_path / "t.md"))
    module.main(SimpleNamespace(input=Files(**paths), output=output))
    return read_csv(output.csv), Path(output.md).read_text()


def test_table4_quotes_others_and_has_ours_in_its_row(heads, tmp_path):
    rows, text = table(heads, make_table4, tmp_path, metrics="heads/hvu/scene/metrics.json", printed=PAPER[4])
    assert [(row["row"], row["paper"]) for row in rows] == [
        ("3D-ResNet", "50.6"),
        ("3D-STCNet", "51.9"),
        ("HATNet", "55.8"),
        ("M_scene", "55.92"),
    ]
    assert [bool(row["quoted_from"]) for row in rows] == [True] * 3 + [False]
    assert [row["ours"] for row in rows[:3]] == [""] * 3
    found = metrics_of(heads, "hvu/scene")["sets"]["test"]["mAP"]
    ours = rows[-1]
    assert (ours["n_used"], ours["n_expected"], ours["comparable"]) == ("63", "16k", "no")
    assert float(ours["ours"]) == pytest.approx(100 * found["value"], abs=0.006)
    assert float(ours["deviation"]) == pytest.approx(100 * found["deviation"], abs=0.006)
    assert f"| M_scene | 55.92 | {ours['ours']} ± {ours['deviation']} ({ours['low']}–{ours['high']}) |" in text
    assert "| HATNet *quoted* | 55.8 | – |" in text
    assert "63 of 70 listed test videos" in text


def test_the_papers_table5_adds_up():
    """Overall is the mean over the 13 genres, as far as rounding allows."""
    rows = read_csv(PAPER[5])
    assert len(rows) == 7
    for row in rows:
        genres = [
            float(value) for name, value in row.items() if name not in ("row", "quoted_from", "videos", "Overall")
        ]
        assert len(genres) == 13
        assert float(row["Overall"]) == pytest.approx(np.mean(genres), abs=0.06)


def test_table5_has_every_row_and_genre_of_the_papers(heads, tmp_path):
    paths = {"metrics": "heads/moviescope/scene/metrics.json", "labels": "moviescope/labels.csv", "printed": PAPER[5]}
    rows, text = table(heads, make_table5, tmp_path, **paths)
    assert len(rows) == 7 * 14
    cells = {(row["row"], row["column"]): row for row in rows}
    measures = metrics_of(heads, "moviescope/scene")["sets"]["test"]
    for genre, own in (("SciFi", "Sci-Fi"), ("Romantic", "Romance"), ("Drama", "Drama")):
        ours = measures["class_ap"][GENRES.index(own)]
        assert float(cells["M_trailer", genre]["ours"]) == pytest.approx(100 * ours, abs=0.006)
    assert cells["M_trailer", "SciFi"]["paper"] == "47.99"
    assert cells["fstTConv", "Biography"]["paper"] == "21.2"
    assert cells["fstTConv", "Biography"]["ours"] == ""
    assert float(cells["M_trailer", "Overall"]["ours"]) == pytest.approx(100 * measures["mAP"]["value"], abs=0.006)
    assert cells["M_trailer", "Overall"]["comparable"] == "no"
    wide = [line for line in text.splitlines() if line.count("|") == 16]
    assert len(wide) == 2 + 8
    assert "not the paper's" not in text


def test_table5_of_other_genres_says_so(heads, tmp_path):
    labels = pd.read_csv(heads / "moviescope/labels.csv")
    labels["label"] = ["western", *GENRES[1:]]
    labels.to_csv(tmp_path / "labels.csv", index=False)
    paths = {"metrics": "heads/moviescope/scene/metrics.json", "printed": PAPER[5]}
    rows, text = table(heads, make_table5, tmp_path, labels=str(tmp_path / "labels.csv"), **paths)
    cells = {(row["row"], row["column"]): row for row in rows}
    assert cells["M_trailer", "Action"]["ours"] == ""
    assert (cells["M_trailer", "western"]["paper"], cells["M_trailer", "western"]["delta"]) == ("", "")
    assert cells["M_trailer", "western"]["ours"]
    assert ("C3D", "western") not in cells
    assert "Not in the paper: western. Not here: Action." in text
    assert genre_key("Science Fiction") == genre_key("SciFi")


def table6_paths(*tasks):
    names = {"scene": "scene", "motion": "motion", "fusion": "fusion"}
    return {key: [f"{task}/{name}/metrics.json" for task in tasks] for key, name in names.items()}


def test_table6_has_both_tasks_side_by_side(heads, tmp_path):
    rows, text = table(heads, make_table6, tmp_path, printed=PAPER[6], **table6_paths("hvu", "moviescope"))
    assert [row["paper"] for row in rows] == ["55.92", "56.05", "57.73", "", "56.14", "53.29", "56.29", ""]
    expected = [metrics_of(heads, f"{task}/{kind}")["sets"]["test"]["mAP"]["value"] for task in TASKS for kind in KINDS]
    assert [float(rows[place]["ours"]) for place in (0, 1, 4, 5)] == pytest.approx(
        np.multiply(expected, 100), abs=0.006
    )
    fused = metrics_of(heads, "moviescope/fusion")["results"]
    assert [float(row["ours"]) for row in rows[6:]] == pytest.approx(
        [100 * fused[key]["mAP"]["value"] for key in ("equal", "chosen")], abs=0.006
    )
    assert rows[3]["comparable"] == ""
    assert text.count("\n| M_scene") == 2
    alone, text = table(heads, make_table6, tmp_path, printed=PAPER[6], **table6_paths("moviescope"))
    assert alone == rows[4:]
    assert "hvu" not in text.lower()


def test_the_paper_counts_as_the_same_number_as_printed():
    assert same_number(16_200, "16k")
    assert not same_number(14_900, "16k")
    assert same_number(542, "542")
    assert not same_number(541, "542")


def test_all_tasks_are_in_one_table(heads, tmp_path):
    names = [f"{task}/{kind}/metrics.json" for task in TASKS for kind in (*KINDS, "fusion")]
    rows, text = table(heads, make_downstream_table, tmp_path, metrics=names)
    assert len(rows) == 2 * 4
    assert float(rows[0]["mAP"]) == metrics_of(heads, "hvu/scene")["sets"]["test"]["mAP"]["value"]
    assert [row["features"] for row in rows[:4]] == [
        "scene",
        "motion",
        "late fusion",
        "late fusion, weight chosen on val",
    ]
    assert text.count("63 of 70") == 8


def test_differences_by_class_have_paired_intervals(heads):
    """The table of Fig. 11 is that of sklearn's average precision with the weights of the bootstrap samples."""
    scene, motion = (read_predictions(heads / f"heads/hvu/{kind}/predictions.h5", ID)["test"] for kind in KINDS)
    found = difference_table(scene, motion, TASKS["hvu"], BOOTSTRAP).set_index("label")
    assert (found["difference"].iloc[:-1].diff().dropna() <= 0).all()
    random = np.random.default_rng(BOOTSTRAP["seed"])
    n = len(scene.targets)
    weights = [np.bincount(random.integers(n, size=n), minlength=n) for _ in range(BOOTSTRAP["samples"])]
    for index in np.argsort(-scene.targets.sum(axis=0))[:3]:
        wanted = scene.targets[:, index]

        def gain(weight, index=index, wanted=wanted):
            ap = [
                np.mean([average_precision_score(wanted, one[:, index], sample_weight=weight) for one in kind.logits])
                for kind in (scene, motion)
            ]
            return ap[0] - ap[1]

        drawn = np.array([gain(weight) for weight in weights if weight[wanted].any()])
        value = gain(np.ones(n))
        row = found.loc[TASKS["hvu"][index]]
        low, high = value + np.quantile(drawn, [0.025, 0.975]) - drawn.mean()
        assert row[["difference", "low", "high"]].tolist() == pytest.approx([value, low, high], abs=1e-5)
        assert row["positives"] == wanted.sum()
    gap = metrics_of(heads, "hvu/fusion")["differences"]["scene_over_motion"]
    assert found.loc[ALL, ["difference", "low", "high"]].tolist() == pytest.approx(list(gap.values()), abs=2e-6)


def test_fig11_shows_every_class(heads, tmp_path):
    output = Files(csv=str(tmp_path / "fig11.csv"), figures=[str(tmp_path / "fig11.png"), str(tmp_path / "fig11.svg")])
    paths = {kind: str(heads / f"heads/hvu/{kind}/predictions.h5") for kind in KINDS}
    job = SimpleNamespace(
        input=Files(**paths, labels=str(heads / "hvu/labels.csv")),
        output=output,
        params=SimpleNamespace(bootstrap=BOOTSTRAP),
    )
    assert plot_fig11.main(job).startswith("mean ")
    drawn = pd.read_csv(output.csv)
    assert len(drawn) == read_predictions(paths["scene"], ID)["test"].targets.any(axis=0).sum() + 1
    random = np.random.default_rng(0)
    many = pd.DataFrame(
        {"label": [f"scene {k}" for k in range(248)], "positives": 9, "difference": random.normal(size=248)}
    )
    many = many.assign(low=many["difference"] - 1, high=many["difference"] + 1)
    figure = plot_differences(many)
    labels = [text.get_text() for ax in figure.axes for text in ax.get_yticklabels()]
    assert labels == [f"scene {k} (9)" for k in range(248)]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    better, worse = (many["low"] > 0).sum(), (many["high"] < 0).sum()
    assert [text.rpartition("(")[2] for text in texts] == [f"{n})" for n in (better, 248 - better - worse, worse)]
    save_figure(figure, [tmp_path / "many.png"])

"""The jobs that embed, score and collect a shard, one after the other, whatever its clips are called."""

import shlex
import shutil
from copy import copy
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file, save_file

from benchmarks.weights import write_random_weights
from scripts.lib.jobs.errors import UserError
from scripts.lib.networks.encoders import load_clip
from scripts.lib.records.clips import fingerprint, write_manifest
from scripts.lib.records.shots import Shot, write_shots
from scripts.lib.tables.shards import write_shard_csv
from scripts.tagging import collect_shots, embed_frames, embed_labels, list_failures, score_shots
from scripts.tagging.plot_score_matrix import read_clip

# What the roots of these files hold, what a clip's group holds, and a clip that fails.
NAMES = ("labels", "prompts", "clips", "failures", "features", "S", "gone")
MODEL = "config/demo/clip_small.json"
ATTRIBUTES = {
    "light": {"day": ["by day"], "night": ["at night", "in the dark"]},
    "place": {"in": ["in"], "out": ["out"]},
}
SETTINGS = {"labels": ("bar", "beach", "cave"), "prompt": "a {label}", "note": "first", "attributes": ATTRIBUTES}
FLAGS = {"black_luma": 0.06, "uniform_spread": 0.03, "short_seconds": 0.5}


class Files(SimpleNamespace):
    """Named files as a rule has them."""

    def __getitem__(self, index):
        return list(vars(self).values())[index]

    def get(self, name):
        """The file of this name, or None."""
        return vars(self).get(name)


class Shard:
    """A shard's files in a folder, and its jobs."""

    def __init__(self, folder, clips, labels, prompt, note, attributes):
        self.folder, self.clips, self.prompt, self.size = folder, clips, prompt, len(clips)
        self.attributes = attributes
        self.mark = fingerprint(clips)
        folder.mkdir(exist_ok=True)
        write_manifest(clips, folder / "manifest.csv")
        (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
        write_random_weights(MODEL, folder / "weights.safetensors")
        self.note_in_weights(note)
        # One clip had another frame when its shots were found.
        rows = [{"clip_id": clip.clip_id, "status": "ok", "n_frames": 6 + (clip.clip_id == "gone")} for clip in clips]
        write_shard_csv(folder / "clips.csv", rows[0], rows, self.mark)
        shots = [Shot(clip.clip_id, n, 3 * n - 3, 3 * n, 0.5 * n - 0.5, 0.5 * n) for clip in clips for n in (1, 2)]
        write_shots(folder / "shots.csv", shots, self.mark)

    def note_in_weights(self, note):
        """Another note makes another file of the same numbers."""
        path = self.path("weights.safetensors")
        save_file(load_file(path), path, metadata={"note": note})

    def path(self, name):
        """A file of the shard, or a list of them."""
        return [self.path(each) for each in name] if isinstance(name, list) else str(self.folder / name)

    def run(self, script, outputs, inputs, **params):
        """One job."""
        script.main(
            SimpleNamespace(
                input=Files(**{name: self.path(file) for name, file in inputs.items()}),
                output=Files(**{name: self.path(file) for name, file in outputs.items()}),
                params=SimpleNamespace(clips=self.mark, manifest=self.path("manifest.csv"), **params),
                wildcards=SimpleNamespace(shard="00000"),
                config={
                    "clips": {"shard_size": self.size, "shard_minutes": 30, "root": None, "folder": None},
                    "tagging": {"batch_size": 8},
                },
                threads=1,
            )
        )

    def embed(self):
        files = {"clips": "clips.csv", "shots": "shots.csv", "weights": "weights.safetensors"}
        encoder = {"model": MODEL, "dtype": "fp32", "frames": "all"}
        self.run(embed_frames, {"h5": "frames.h5"}, files, encoder=encoder, window=None)

    def embed_labels(self):
        files = {"labels": "labels.txt", "weights": "weights.safetensors"}
        params = {"attributes": self.attributes, "prompts": [self.prompt]}
        self.run(embed_labels, {"h5": "labels.h5"}, files, model=MODEL, **params)

    def score(self):
        files = {"frames": "frames.h5", "labels": "labels.h5"}
        self.run(score_shots, {"h5": "scores.h5"}, files, logit_scale="model", score="softmax")

    def list_failures(self):
        files = {"clips": ["clips.csv"], "embeddings": ["frames.h5"], "downloads": []}
        self.run(list_failures, {"csv": "failures.csv"}, files)

    def collect(self, *others):
        """Also the shards that follow this one in the manifest."""
        names = {"shots": "shots.csv", "scores": "scores.h5", "embeddings": "frames.h5"}
        files = {kind: [shard.path(name) for shard in (self, *others)] for kind, name in names.items()}
        outputs = {"shots": "shots.parquet", "scores": "shot_scores.h5"}
        files["failures"] = "failures.csv"
        self.run(collect_shots, outputs, files, context=None, flags=FLAGS, max_failed_fraction=0.5)


@pytest.fixture(scope="module")
def shard(make_video, tmp_path_factory):
    """Everything done."""
    clips = [make_video([(number, 6)], clip_id=name, size=(64, 48)).clip for number, name in enumerate(NAMES)]
    shard = Shard(tmp_path_factory.mktemp("shard"), clips, **SETTINGS)
    for job in (shard.embed, shard.embed_labels, shard.score, shard.list_failures, shard.collect):
        job()
    return shard


@pytest.fixture
def copied(shard, tmp_path):
    """A copy of the shard to change."""
    other = copy(shard)
    other.folder = shutil.copytree(shard.folder, tmp_path / "a copy")
    return other


def test_a_clip_may_be_called_like_anything_in_its_file(shard):
    """Embedded, scored, collected and drawn like any other; the failed one is told with its reason."""
    table = pd.read_parquet(shard.path("shots.parquet"))
    assert list(table["clip_id"]) == [name for name in NAMES[:-1] for _ in range(2)]
    assert set(table["label_1"]) <= set(SETTINGS["labels"]) and set(table["flags"]) == {""}
    failures = pd.read_csv(shard.path("failures.csv"))
    assert failures["clip_id"].tolist() == ["gone"] and "the file has changed" in failures["reason"][0]
    for name in NAMES[:-1]:
        matrix, labels, times = read_clip(name, [(shard.path("scores.h5"), shard.path("frames.h5"), shard.mark)])
        assert (matrix.shape, tuple(labels), len(times)) == ((3, 6), SETTINGS["labels"], 6)


def test_each_shot_has_the_likeliest_value_of_each_attribute(shard, copied):
    """Its mean over the frames of a softmax over the values, of which each is the mean of its prompts."""
    table = pd.read_parquet(shard.path("shots.parquet"))
    assert list(table.columns)[-4:] == ["light", "light_score", "place", "place_score"]
    encoder = load_clip(MODEL, shard.path("weights.safetensors"), "fp32", device="cpu")
    with h5py.File(shard.path("frames.h5")) as file:
        frames = file["clips/labels/features"][:].astype(float)
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    for name, values in ATTRIBUTES.items():
        prompts = [encoder.encode_prompts(texts).astype(float) for texts in values.values()]
        means = [(of / np.linalg.norm(of, axis=1, keepdims=True)).mean(axis=0) for of in prompts]
        odds = np.exp(encoder.logit_scale * frames @ np.array([mean / np.linalg.norm(mean) for mean in means]).T)
        scores = (odds / odds.sum(axis=1, keepdims=True)).reshape(2, 3, -1).mean(axis=1)
        rows = table[table["clip_id"] == "labels"]
        assert rows[name].tolist() == [list(values)[best] for best in scores.argmax(axis=1)]
        assert np.allclose(rows[f"{name}_score"], scores.max(axis=1), atol=1e-4)
    copied.attributes = {}
    for job in (copied.embed_labels, copied.score, copied.collect):
        job()
    assert list(pd.read_parquet(copied.path("shots.parquet"))) == list(table)[:-4]


def test_embeddings_of_another_model_are_not_scored(copied):
    """Other weights, or another model with the same; what the message says to do helps."""
    copied.note_in_weights("second")
    copied.embed_labels()
    with pytest.raises(UserError, match="not of the same model") as refusal:
        copied.score()
    assert "--forcerun embed_labels" in str(refusal.value)
    assert f"rm {shlex.quote(copied.path('frames.h5'))}" in str(refusal.value)
    copied.embed()
    copied.score()
    with h5py.File(copied.path("labels.h5"), "r+") as file:
        file.attrs["encoder"] = "clip_small_with_another_activation"
    with pytest.raises(UserError, match="not of the same model"):
        copied.score()


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"labels": ("bar", "beach", "pub")},
        {"prompt": "the {label}"},
        {"note": "second"},
        {"attributes": ATTRIBUTES | {"light": {"day": ["by day"], "night": ["at night"]}}},
    ],
    ids=str,
)
def test_shards_that_were_scored_differently_are_not_collected(copied, make_video, tmp_path, changed):
    """One table would have the scores of two label lists, prompts or models."""
    clip = make_video([(9, 6)], clip_id="next", size=(64, 48)).clip
    second = Shard(tmp_path / "second", [clip], **{**SETTINGS, **changed})
    for job in (second.embed, second.embed_labels, second.score):
        job()
    write_manifest([*copied.clips, clip], copied.path("manifest.csv"))
    if not changed:
        copied.collect(second)
        assert pd.read_parquet(copied.path("shots.parquet"))["clip_id"].iloc[-1] == "next"
        return
    with pytest.raises(UserError, match=r"second/scores\.h5 was not scored like .*--forcerun score_shots"):
        copied.collect(second)


@pytest.mark.parametrize("name", ["clips", "features"])
@pytest.mark.parametrize("job", ["score", "list_failures", "collect"])
def test_files_of_an_earlier_version_are_refused(copied, job, name):
    """They had the clips' groups in the root; one of them may be called like the group that holds them now."""
    changed = copied.path("scores.h5" if job == "collect" else "frames.h5")
    with h5py.File(changed, "r+") as file:
        file.move(f"clips/{name}", "kept")
        del file["clips"]
        file.move("kept", name)
    with pytest.raises(UserError, match="made by an earlier version") as refusal:
        getattr(copied, job)()
    assert f"rm {shlex.quote(changed)}" in str(refusal.value)


@pytest.mark.parametrize("damaged", ["scores.h5", "frames.h5"])
def test_the_file_that_is_damaged_is_the_one_to_delete(copied, damaged):
    """Embeddings cost hours on a GPU: they are not given up for scores that cannot be read."""
    path = copied.path(damaged)
    with h5py.File(path) as file:
        columns = ("shot_scores", "S") if damaged == "scores.h5" else ("time", "luma_mean")
        places = [file[f"clips/labels/{name}"].id.get_chunk_info(0).byte_offset for name in columns]
    content = bytearray(Path(path).read_bytes())
    for place in places:
        content[place] ^= 1
    Path(path).write_bytes(content)
    shard = [(copied.path("scores.h5"), copied.path("frames.h5"), copied.mark)]
    for read in (copied.collect, lambda: read_clip("labels", shard)):
        with pytest.raises(UserError) as refusal:
            read()
        assert f"rm {shlex.quote(path)}" in str(refusal.value)

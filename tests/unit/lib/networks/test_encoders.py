"""The image and text towers give what open_clip gives, and weights can do no harm."""

import json
import pickle
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import open_clip
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.transforms import Compose

from scripts.lib.jobs.errors import UserError
from scripts.lib.media.frame_batches import Work, read_work
from scripts.lib.media.video import Video
from scripts.lib.networks.encoders import PREPROCESS_KEY, ClipEncoder, load_clip, register_model
from scripts.lib.networks.features import brightness, embed_frames
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot, write_shots
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import write_shard_csv
from tests.helpers import ROOT

VIT = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 48, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
SIZES = [(64, 64), (180, 320), (320, 180), (47, 301), (333, 17), (1, 1), (576, 720)]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tiny networks are slower on several threads, the more so on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def random_model(description, folder):
    """A model with random weights: open_clip's own object, its preprocessing, and the file of weights."""
    torch.manual_seed(7)
    model, _, preprocess = open_clip.create_model_and_transforms(register_model(str(description)))
    weights = folder / f"{Path(description).stem}.safetensors"
    save_file(model.state_dict(), weights)
    return model.eval(), preprocess, weights


@pytest.fixture(scope="module")
def resnet(repository, tmp_path_factory):
    """The demo's ResNet: description, model, preprocessing, weights."""
    description = repository / "config" / "demo" / "clip_small.json"
    return description, *random_model(description, tmp_path_factory.mktemp("resnet"))


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    """A vision transformer of two layers: description, model, preprocessing, weights."""
    description = tmp_path_factory.mktemp("vit") / "tiny_vit.json"
    description.write_text(json.dumps(VIT))
    return description, *random_model(description, description.parent)


def reference_features(model, preprocess, pictures):
    """open_clip as its manual shows it: one PIL picture at a time."""
    with torch.inference_mode():
        return np.concatenate([model.encode_image(preprocess(Image.fromarray(rgb))[None]).numpy() for rgb in pictures])


def arithmetic(preprocess):
    """What is left of open_clip's preprocessing once a picture is cropped; test_geometry.py is about the rest."""
    return Compose(preprocess.transforms[-2:])


@pytest.mark.parametrize("architecture", ["resnet", "vit"])
def test_pictures_of_any_shape_are_embedded_as_by_open_clip(request, architecture):
    """Cropping in one place and arithmetic in another changes nothing, for odd sizes either."""
    description, model, preprocess, weights = request.getfixturevalue(architecture)
    encoder = load_clip(str(description), weights, device="cpu")
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (*size, 3), np.uint8) for size in SIZES]
    crops = np.stack([encoder.crop(picture) for picture in pictures])
    assert crops.shape == (len(SIZES), *encoder.size, 3)
    assert crops.dtype == np.uint8
    ours = encoder.encode_frames(crops)
    assert ours.dtype == np.float32
    assert np.abs(ours - reference_features(model, arithmetic(preprocess), crops)).max() < 1e-5
    theirs = reference_features(model, preprocess, pictures)
    assert np.abs(ours - theirs).max() < 2e-3 * np.abs(theirs).max()


def test_weights_that_are_loaded_are_not_said_to_be_random(vit, caplog):
    """open_clip warns of random weights whenever it does not load them itself; other warnings stay."""
    load_clip(str(vit[0]), vit[3], device="cpu")
    assert "randomly" not in caplog.text
    open_clip.create_model(register_model(str(vit[0])))
    assert "randomly" in caplog.text


def test_prompts_are_embedded_as_by_open_clip(vit):
    """Tokens are cut at the model's own context length, and batches change nothing."""
    description, model, _, weights = vit
    prompts = ["a photo of a dune", "köln, 東京 😀", "word " * 60]
    encoder = load_clip(str(description), weights, device="cpu")
    with torch.inference_mode():
        reference = model.encode_text(open_clip.tokenize(prompts, context_length=16)).numpy()
    for batch_size in (256, 2):
        assert np.abs(encoder.encode_prompts(prompts, batch_size) - reference).max() < 1e-5
    assert encoder.logit_scale == pytest.approx(1 / 0.07, rel=1e-5)
    assert encoder.logit_bias == 0


def test_a_sigmoid_model_has_its_bias(tmp_path):
    """In the form of SigLIP: a tower of timm with attention pooling, text without a causal mask, a learnt bias."""
    description = tmp_path / "tiny_sigmoid.json"
    text = {"no_causal_mask": True, "proj_bias": True, "pool_type": "last", "act_kwargs": {"approximate": "tanh"}}
    tower = {"timm_model_name": "test_vit", "timm_model_pretrained": False, "timm_pool": "map", "timm_proj": "none"}
    description.write_text(
        json.dumps(
            {
                "embed_dim": 64,
                "init_logit_bias": -10,
                "custom_text": True,
                "vision_cfg": {**tower, "image_size": 48},
                "text_cfg": {**VIT["text_cfg"], **text},
            }
        )
    )
    model, preprocess, weights = random_model(description, tmp_path)
    model.logit_bias.data.fill_(-12.5)
    save_file(model.state_dict(), weights)
    encoder = load_clip(str(description), weights, device="cpu")
    assert encoder.logit_bias == -12.5
    crops = np.stack([encoder.crop(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))])
    ours = encoder.encode_frames(crops)
    assert np.abs(ours - reference_features(model, arithmetic(preprocess), crops)).max() < 1e-5
    assert encoder.encode_prompts(["a bar"]).shape == ours.shape


def test_half_precision_is_not_taken_on_a_cpu(vit):
    """fp16 in a configuration is for GPUs; here it computes, and says that it computes, in float32."""
    description, *_, weights = vit
    assert load_clip(str(description), weights, "fp16", device="cpu").dtype == "float32"


def test_preprocessing_stored_with_the_weights_wins(vit, tmp_path):
    """Mean, std, interpolation and resize mode travel with weights that were trained with others."""
    description, model, _, weights = vit
    stored = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "interpolation": "bilinear", "resize_mode": "squash"}
    other = tmp_path / "other.safetensors"
    save_file(load_file(weights), other, metadata={PREPROCESS_KEY: json.dumps(stored)})
    picture = np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8)
    settings = open_clip.transform.PreprocessCfg(size=(48, 48), **stored)
    preprocess = open_clip.transform.image_transform_v2(settings, is_train=False)
    encoder = load_clip(str(description), other, device="cpu")
    crop = encoder.crop(picture)
    assert np.abs(crop - np.array(Compose(preprocess.transforms[:-2])(Image.fromarray(picture)), int)).max() <= 1
    ours = encoder.encode_frames(crop[None])
    assert np.abs(ours - reference_features(model, arithmetic(preprocess), [crop])).max() < 1e-5
    plain = load_clip(str(description), weights, device="cpu")
    assert np.abs(ours - plain.encode_frames(plain.crop(picture)[None])).max() > 1e-3
    assert encoder.preprocessing != plain.preprocessing


class Bomb:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["pickle", "torch", "torch legacy", "safetensors name"])
def test_weights_that_bring_code_are_refused_and_nothing_runs(vit, tmp_path, form):
    """A downloaded file is data, whatever it is called."""
    marker, path = tmp_path / "executed", tmp_path / ("w.safetensors" if form == "safetensors name" else "w.pt")
    content = {"state_dict": {"visual.proj": Bomb(marker)}}
    if form.startswith("torch"):
        torch.save(content, path, _use_new_zipfile_serialization=form == "torch")
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(UserError, match=r"w\."):
        load_clip(str(vit[0]), path, device="cpu")
    assert not marker.exists()
    pickle.loads(pickle.dumps(content))
    assert marker.exists(), "the bomb of this test is a dud"


@pytest.mark.filterwarnings("ignore:.*torch.jit", "ignore:.*TorchScript archive")
def test_unusable_weights_are_refused_in_words(vit, resnet, tmp_path):
    """Another architecture, a file cut short, a script archive, an empty file, none at all."""
    truncated, script, empty = tmp_path / "cut.safetensors", tmp_path / "script.pt", tmp_path / "empty.pt"
    truncated.write_bytes(vit[3].read_bytes()[:-1000])
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), str(script))
    empty.touch()
    for weights in (resnet[3], truncated, script, empty, tmp_path / "none.pt", tmp_path / "none.safetensors"):
        with pytest.raises(UserError) as refusal:
            load_clip(str(vit[0]), weights, device="cpu")
        assert str(weights) in str(refusal.value)


def test_a_torch_file_of_plain_tensors_is_taken(vit, tmp_path):
    """A training checkpoint with a state dict inside gives the same features as safetensors."""
    description, _, _, weights = vit
    path = tmp_path / "epoch_1.pt"
    torch.save({"epoch": 1, "state_dict": {f"module.{k}": v for k, v in load_file(weights).items()}}, path)
    crops = np.random.default_rng(2).integers(0, 256, (2, 48, 48, 3), np.uint8)
    one, two = (load_clip(str(description), file, device="cpu").encode_frames(crops) for file in (weights, path))
    assert np.array_equal(one, two)


def test_unknown_models_are_named_with_the_nearest(tmp_path):
    """A typing error in a model's name, or in the path of a description."""
    with pytest.raises(UserError, match=r"no model 'ViT-B-32-quikgelu'; did you mean 'ViT-B-32-quickgelu'"):
        register_model("ViT-B-32-quikgelu")
    with pytest.raises(UserError, match="does not exist"):
        register_model(str(tmp_path / "none.json"))
    # Named like one of open_clip's own, which must not be taken in its place.
    for text, words in (
        ("[" * 50_000, "is not a JSON object"),
        ("7", "is not a JSON object"),
        ("{}", "lacks embed_dim"),
    ):
        (tmp_path / "ViT-B-32.json").write_text(text)
        with pytest.raises(UserError, match=words):
            register_model(str(tmp_path / "ViT-B-32.json"))


class Counting(ClipEncoder):
    """Notes how many frames the image tower is given at a time."""

    def encode_frames(self, crops):
        self.sizes.append(len(crops))
        return super().encode_frames(crops)


@pytest.fixture(scope="module")
def films(make_video):
    """Three clips whose lengths fit no batch, with their shots; the second has a gap between shots."""
    rendered = [
        make_video([(1, 20), (2, 17)], clip_id="a"),
        make_video([(3, 23)], clip_id="b", size=(90, 160), suffix=".mkv"),
        make_video([((250, 3, 3), 5)], clip_id="c", fps=10),
    ]
    spans = [[(0, 20), (20, 37)], [(0, 9), (12, 23)], [(0, 5)]]
    work = []
    for film, cuts in zip(rendered, spans, strict=True):
        times = [*film.times, film.times[-1] + 0.04]
        shots = [Shot(film.clip.clip_id, n, a, b, times[a], times[b]) for n, (a, b) in enumerate(cuts, start=1)]
        work.append(Work(film.clip, shots, len(film.times)))
    return work


@pytest.fixture(scope="module")
def expected(films, vit):
    """The one-at-a-time reference: per clip, the frames in shots and their features."""
    description, model, preprocess, weights = vit
    crop = load_clip(str(description), weights, device="cpu").crop
    result = {}
    for film in films:
        with Video(film.clip) as video:
            wanted = {frame: shot.number for shot in film.shots for frame in range(shot.start_frame, shot.end_frame)}
            frames = [(f.index, f.time, wanted[f.index], crop(f.rgb())) for f in video if f.index in wanted]
        index, time, shot, pictures = zip(*frames, strict=True)
        result[film.clip.clip_id] = index, time, shot, reference_features(model, arithmetic(preprocess), pictures)
    return result


def embed(path, films, vit, frames="all", batch_size=64, workers=1):
    """Failures, batch sizes and the file's content per clip."""
    encoder = load_clip(str(vit[0]), vit[3], device="cpu")
    encoder = Counting(**vars(encoder))
    encoder.sizes = []
    with h5py.File(path, "w") as file:
        failures = embed_frames(file, films, encoder, None, frames, batch_size, workers)
        return (
            failures,
            encoder.sizes,
            {name: {k: v[:] for k, v in group.items()} for name, group in file["clips"].items()},
        )


@pytest.mark.parametrize(("batch_size", "workers"), [(1, 1), (7, 2), (64, 1), (64, 4)])
def test_batches_and_workers_do_not_show_in_the_features(films, expected, vit, tmp_path, batch_size, workers):
    """Batches run across clips and workers interleave them; each frame still gets its own features."""
    failures, sizes, content = embed(tmp_path / "x.h5", films, vit, batch_size=batch_size, workers=workers)
    assert failures == {}
    assert content.keys() == expected.keys()
    for clip_id, (index, time, shot, features) in expected.items():
        group = content[clip_id]
        assert (group["features"].dtype, group["frame"].dtype, group["shot"].dtype) == (np.float16, np.int32, np.int32)
        assert group["frame"].tolist() == list(index)
        assert group["time"].tolist() == list(time)
        assert group["shot"].tolist() == list(shot)
        assert np.allclose(group["features"].astype(np.float32), features, rtol=1e-3, atol=1e-4)
    assert sizes == [batch_size] * -(-(37 + 20 + 5) // batch_size), "batches run across clips, and all are full"


def test_sampling_and_brightness(films, vit, tmp_path):
    """Fewer frames where asked for; brightness is that of the cropped picture, 0 to 1."""
    _, _, content = embed(tmp_path / "x.h5", films, vit, frames="2 per shot")
    assert {name: group["frame"].tolist() for name, group in content.items()} == {
        "a": [0, 10, 20, 28],
        "b": [0, 4, 12, 17],
        "c": [0, 2],
    }
    assert content["c"]["luma_mean"] == pytest.approx(np.dot([250, 3, 3], [0.299, 0.587, 0.114]) / 255, abs=0.02)
    assert content["c"]["luma_std"].max() < 0.01
    encoder = load_clip(str(vit[0]), vit[3], device="cpu")
    with Video(films[0].clip) as video:
        luma = np.asarray(Image.fromarray(encoder.crop(next(iter(video)).rgb())).convert("L")) / 255
    assert content["a"]["luma_mean"][0] == pytest.approx(luma.mean(), abs=0.003)
    assert content["a"]["luma_std"][0] == pytest.approx(luma.std(), abs=0.003)


def test_brightness_from_a_grid_is_that_of_the_picture(shared_data):
    """A sixteenth of the pixels of real frames gives mean and spread within 0.015, and the same flags."""
    with Video(Clip("c", str(shared_data / "videos" / "sintel_trailer_threejs.mp4"))) as video:
        pixels = np.stack([frame.rgb()[:, 120:344] for frame in video if frame.index % 5 == 0])
    luma = np.stack([np.asarray(Image.fromarray(rgb).convert("L")) for rgb in pixels]) / 255
    ours, mean, spread = brightness(pixels), luma.mean(axis=(1, 2)), luma.std(axis=(1, 2))
    assert np.abs(ours["luma_mean"] - mean).max() < 0.015
    assert np.abs(ours["luma_std"] - spread).max() < 0.015
    assert ((ours["luma_mean"] < 0.06) == (mean < 0.06)).all()
    assert ((ours["luma_std"] < 0.03) == (spread < 0.03)).all()


def test_clips_that_changed_or_vanished_leave_the_others_alone(films, vit, tmp_path):
    """A file replaced since its shots were found has no group, a reason, and no effect on its neighbours."""
    changed = Work(films[1].clip, films[1].shots, films[1].n_frames + 1)
    gone = Work(Clip("gone", str(tmp_path / "gone.mp4")), films[2].shots, 5)
    failures, _, content = embed(tmp_path / "x.h5", [films[0], changed, gone, films[2]], vit, batch_size=7, workers=2)
    assert failures.keys() == {"b", "gone"}
    assert "24 frames at shot detection, 23 now" in failures["b"]
    assert "does not exist" in failures["gone"]
    assert content.keys() == {"a", "c"}
    assert Counter(content["a"]["shot"].tolist()) == {1: 20, 2: 17}
    assert embed(tmp_path / "y.h5", [], vit) == ({}, [], {})


def test_work_is_read_back_from_the_tables(films, tmp_path):
    """Failed clips are left out, numbers and times come back exactly."""
    rows = [{"clip_id": film.clip.clip_id, "status": "ok", "n_frames": film.n_frames} for film in films]
    rows[1] = {"clip_id": "b", "status": "failed", "n_frames": ""}
    write_shard_csv(tmp_path / "clips.csv", rows[0], rows, "abc")
    write_shots(tmp_path / "shots.csv", [*films[0].shots, *films[2].shots], "abc")
    found = read_work([film.clip for film in films], tmp_path / "clips.csv", tmp_path / "shots.csv", "abc")
    assert found == [films[0], films[2]]


def test_the_taggers_worth_trying_are_those_of_open_clip():
    """Of config/taggers.csv: name, weights, place on the hub, and a sigmoid where the model has a bias for it."""
    listed = read_csv(ROOT / "config/taggers.csv", "name", "model", "pretrained", "hub_id", "score", "remark")
    known = set(open_clip.list_pretrained())
    for row in listed:
        if not row["model"]:
            assert "not in open_clip" in row["remark"], row["name"]
            continue
        assert (row["model"], row["pretrained"]) in known
        assert open_clip.get_pretrained_cfg(row["model"], row["pretrained"])["hf_hub"].rstrip("/") == row["hub_id"]
        is_sigmoid = "init_logit_bias" in open_clip.get_model_config(row["model"])
        assert row["score"] == ("sigmoid" if is_sigmoid else "softmax"), row["name"]
    # The example of a comparison takes some of them, and as the list says.
    sweep = yaml.safe_load((ROOT / "config/sweep.yaml").read_text())
    score_of = {(row["model"], row["pretrained"]): row["score"] for row in listed}
    for tagger in sweep["taggers"].values():
        encoder = sweep["encoders"][tagger["encoder"]]
        assert tagger["score"] == score_of[encoder["model"], encoder["pretrained"]]

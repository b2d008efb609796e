"""The networks of Table 3 are the published ones, load the published weights, and can learn."""

from functools import partial

import pytest
import torch
from pytorchvideo.models.hub import i3d_r50, slowfast_r50
from pytorchvideo.models.resnet import create_resnet
from pytorchvideo.models.slowfast import create_slowfast
from safetensors.torch import save_file
from torch import nn
from torch.utils.checkpoint import checkpoint
from torchvision.models.swin_transformer import SwinTransformerBlock
from torchvision.models.video import swin3d_b
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem, VideoResNet
from torchvision.models.video.swin_transformer import SwinTransformer3d
from transformers import TimesformerConfig, TimesformerForVideoClassification

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger
from scripts.lib.networks.pretrained import load_pretrained
from scripts.lib.networks.video_models import NETWORKS, build_network

CLIP_NETWORKS = ("slowfast", "i3d", "r2plus1d", "timesformer", "swin")
# The demo's sizes, without the drop-out of the transformers.
TINY = {
    "lstm": {"width": 64, "hidden": 64},
    "perceptron": {"width": 64, "hidden": [64, 64]},
    "slowfast": {"frames": 8, "size": 32, "width": 16},
    "i3d": {"frames": 8, "size": 32, "width": 16},
    "r2plus1d": {"frames": 8, "size": 24, "layers": [1, 1, 1, 1]},
    "timesformer": {"frames": 8, "size": 32, "patch": 16, "width": 192, "layers": 2, "heads": 4, "drop_path": 0.0},
    "swin": {
        "frames": 8,
        "size": 32,
        "patch": [2, 8, 8],
        "width": 96,
        "layers": [2, 2],
        "heads": [4, 8],
        "window": [4, 4, 4],
        "drop_path": 0.0,
        "dropout": 0.0,
    },
}
LEARNING_RATES = {
    "lstm": 1e-2,
    "perceptron": 1e-2,
    "slowfast": 2e-3,
    "i3d": 2e-3,
    "r2plus1d": 1e-3,
    "timesformer": 2e-3,
    "swin": 1e-3,
}
# Kinetics has 400 classes.
PUBLISHED = [
    ("lstm", {"width": 768}, 4_931_984, 512, 0.0),
    ("slowfast", {}, 34_570_000, 2304, 0.5),
    ("i3d", {}, 28_040_000, 2048, 0.5),
    ("r2plus1d", {"planes": "torchvision"}, 61_830_000, 512, 0.0),
    ("r2plus1d", {}, 63_700_000, 512, 0.0),
    ("timesformer", {}, 121_600_000, 768, 0.0),
    ("swin", {}, 88_050_000, 1024, 0.5),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tiny networks are slower on several threads, the more so on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(name, n_classes=25, seed=0):
    torch.manual_seed(seed)
    return build_network(name, n_classes, **TINY[name])


def inputs_of(network, n=16, seed=1):
    """Clips of coloured blocks that change from frame to frame, or sequences of features of several lengths."""
    random = torch.Generator().manual_seed(seed)
    if network.clip is None:
        return torch.randn(n, 12, 64, generator=random), torch.randint(1, 13, (n,), generator=random)
    side = network.clip.size // 4
    blocks = torch.randint(0, 256, (n, network.clip.frames, 4, 4, 3), generator=random, dtype=torch.uint8)
    return (blocks.repeat_interleave(side, 2).repeat_interleave(side, 3),)


def normalised(clips, mean, std):
    """(B, 3, T, H, W) in the reference's own normalisation."""
    values = clips.numpy().astype("float32") / 255
    return torch.from_numpy((values - mean) / std).permute(0, 4, 1, 2, 3).float()


def middle_planes(network):
    """The public checkpoint's middle planes, in torchvision's network (github.com/pytorch/vision/issues/1265)."""
    for layer, planes, middle in ((network.layer2, 128, 288), (network.layer3, 256, 576), (network.layer4, 512, 1152)):
        layer[0].conv2[0] = Conv2Plus1D(planes, planes, middle)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eps = 1e-3
    return network


def r2plus1d_34(layers):
    return middle_planes(VideoResNet(BasicBlock, [Conv2Plus1D] * 4, layers, R2Plus1dStem))


def references(published):
    """The libraries' own networks: full-size ones for published weights, or those of the sizes above."""
    if published:
        return {
            "slowfast": slowfast_r50,
            "i3d": i3d_r50,
            "r2plus1d": lambda: r2plus1d_34([3, 4, 6, 3]),
            "timesformer": lambda: TimesformerForVideoClassification(TimesformerConfig(num_labels=400)),
            "swin": swin3d_b,
        }
    i3d_kernels = ((3, 1, 1), [(3, 1, 1), (1, 1, 1)], [(3, 1, 1), (1, 1, 1)], [(1, 1, 1), (3, 1, 1)])
    timesformer = {"image_size": 32, "patch_size": 16, "hidden_size": 192, "intermediate_size": 768}
    return {
        "slowfast": lambda: create_slowfast(stem_dim_outs=(16, 2), head_pool_kernel_sizes=((2, 1, 1), (8, 1, 1))),
        "i3d": lambda: create_resnet(
            stem_dim_out=16,
            stem_conv_kernel_size=(5, 7, 7),
            stage1_pool=nn.MaxPool3d,
            stage_conv_a_kernel_size=i3d_kernels,
            head_pool_kernel_size=(4, 1, 1),
        ),
        "r2plus1d": lambda: r2plus1d_34([1, 1, 1, 1]),
        "timesformer": lambda: TimesformerForVideoClassification(
            TimesformerConfig(num_labels=400, num_hidden_layers=2, num_attention_heads=4, **timesformer)
        ),
        "swin": lambda: SwinTransformer3d([2, 8, 8], 96, [2, 2], [4, 8], [4, 4, 4]),
    }


def reference_logits(name, reference, clips):
    """The library's logits, with the normalisation and the form of its clips written out."""
    if name == "r2plus1d":
        return reference(normalised(clips, (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)))
    if name == "swin":
        return reference(normalised(clips, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    values = normalised(clips, (0.45, 0.45, 0.45), (0.225, 0.225, 0.225))
    if name == "slowfast":
        slow = {8: [0, 7], 32: [0, 4, 8, 13, 17, 22, 26, 31]}[values.shape[2]]
        return reference([values[:, :, slow], values])
    if name == "timesformer":
        return reference(values.transpose(1, 2)).logits
    return reference(values)


def randomise(network, seed):
    """Weights and statistics that differ from those of any initialisation."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.normal_(module.bias, std=0.1)
    for parameter_name, parameter in network.named_parameters():
        if "embeddings" in parameter_name or "token" in parameter_name:
            nn.init.normal_(parameter, std=0.1)
    return network.eval()


def save_published(name, reference, folder):
    """The reference's state dict in the container and the file type of its library's published weights."""
    path = folder / f"{name}.pth"
    state = reference.state_dict()
    torch.save({"model_state": state} if name in ("slowfast", "i3d") else state, path)
    return path


@pytest.mark.parametrize(("name", "arguments", "parameters", "width", "dropout"), PUBLISHED)
def test_networks_have_the_published_size(name, arguments, parameters, width, dropout):
    with torch.device("meta"):
        network = build_network(name, 400, **arguments)
        found = sum(parameter.numel() for parameter in network.parameters())
        assert found == pytest.approx(parameters, rel=0.005)
        assert (network.width, network.head[0].p) == (width, dropout)
        if network.clip:
            frames, size = network.clip.frames, network.clip.size
            clips = torch.empty(2, frames, size, size, 3, dtype=torch.uint8)
            assert network.features(clips).shape == (2, width)
            assert network(clips).shape == (2, 400)


@pytest.mark.parametrize(("hidden", "n_classes"), [(4096, 248), (512, 13)])
def test_the_heads_of_tasks_are_the_papers(hidden, n_classes):
    """Section 5.3: three fully connected layers, the first from 1,024 features, drop-out of 0.2 after it."""
    network = build_network("perceptron", n_classes, width=1024, hidden=[hidden, hidden], dropout=0.2)
    leaves = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Dropout))]
    assert [(layer.in_features, layer.out_features) for layer in leaves if isinstance(layer, nn.Linear)] == [
        (1024, hidden),
        (hidden, hidden),
        (hidden, n_classes),
    ]
    assert [layer.p for layer in leaves[:3] if isinstance(layer, nn.Dropout)] == [0.2]
    assert isinstance(leaves[1], nn.Dropout)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 1024 * hidden + hidden + hidden * hidden + hidden + hidden * n_classes + n_classes


def test_the_perceptron_sees_the_mean_of_the_frames_that_are_there():
    network = build_network("perceptron", 3, width=4).eval()
    features = torch.randn(2, 5, 4)
    features[0, 2:] = 0
    means = torch.stack([features[0, :2].mean(0), features[1].mean(0)])
    torch.testing.assert_close(network(features, torch.tensor([2, 5])), network.head[1](means))


@pytest.mark.parametrize("name", CLIP_NETWORKS)
def test_published_weights_fit_by_name_and_shape(name):
    """The layout of the libraries' own networks, at full size, is the one that is loaded."""
    with torch.device("meta"):
        network = build_network(name, 400)
        reference = references(published=True)[name]()
    last = f"{network.last}."
    expected = {
        f"head.1.{key.removeprefix(last)}" if key.startswith(last) else f"backbone.{key}": value.shape
        for key, value in reference.state_dict().items()
    }
    assert {key: value.shape for key, value in network.state_dict().items()} == expected


def test_transformers_skip_blocks_as_published():
    """Stochastic depth grows from layer to layer, up to 0.1 (TimeSformer) and 0.3 (Video Swin-B)."""
    with torch.device("meta"):
        networks = build_network("timesformer", 5), build_network("swin", 5)
    rates = [
        [module.p for module in network.modules() if hasattr(module, "p") and hasattr(module, "mode")]
        for network in networks
    ]
    assert rates[0] == pytest.approx([0.1 * layer / 11 for layer in range(12)])
    assert rates[1] == pytest.approx([0.3 * layer / 23 for layer in range(24)])


@pytest.mark.parametrize("name", CLIP_NETWORKS)
def test_published_layouts_give_the_librarys_logits(name, tmp_path):
    """A file as its library publishes it gives that library's logits: key names, normalisation, pathways, head."""
    reference = randomise(references(published=False)[name](), seed=3)
    network = tiny(name, n_classes=400).eval()
    load_pretrained(network, save_published(name, reference, tmp_path))
    clips = inputs_of(network, n=3)[0]
    with torch.inference_mode():
        expected = reference_logits(name, reference, clips)
        assert expected.std() > 1e-3
        torch.testing.assert_close(network(clips), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CLIP_NETWORKS)
def test_a_head_for_other_classes_stays_as_initialised(name, tmp_path, caplog):
    """Fine-tuning on other labels takes everything but the last layer, and the log says so."""
    reference = randomise(references(published=False)[name](), seed=3)
    network = tiny(name)
    before = network.head[1].weight.detach().clone()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level("INFO", logger.name):
            load_pretrained(network, save_published(name, reference, tmp_path))
    finally:
        logger.removeHandler(caplog.handler)
    assert "the head stays as initialised" in caplog.text
    assert torch.equal(network.head[1].weight, before)
    for key, value in reference.state_dict().items():
        if not key.startswith(f"{network.last}."):
            assert torch.equal(network.backbone.state_dict()[key], value), key


@pytest.mark.parametrize("name", NETWORKS)
def test_own_weights_are_read_back(name, tmp_path):
    """As a torch file and as safetensors."""
    trained, network = tiny(name, seed=1), tiny(name, seed=2)
    torch.save(trained.state_dict(), tmp_path / "best.ckpt")
    load_pretrained(network, tmp_path / "best.ckpt")
    assert all(torch.equal(network.state_dict()[key], value) for key, value in trained.state_dict().items())
    network = tiny(name, seed=2)
    save_file(trained.state_dict(), tmp_path / "best.safetensors")
    load_pretrained(network, tmp_path / "best.safetensors")
    assert all(torch.equal(network.state_dict()[key], value) for key, value in trained.state_dict().items())


class Harmful:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda state: {key: state[key] for key in state if key != "stem.0.weight"},
            "backbone.stem.0.weight is missing",
        ),
        (lambda state: state | {"extra.weight": torch.ones(1)}, "backbone.extra.weight is unexpected"),
        (
            lambda state: state | {"stem.0.weight": torch.ones(2, 2)},
            r"backbone.stem.0.weight is \(2, 2\), not \(45, 3,",
        ),
        (lambda state: {f"module.{key}": value for key, value in state.items()}, "… and"),
        (lambda state: [1, 2], "no state dict"),
        (lambda state: {"epoch": 3}, "no state dict"),
        (lambda state: {"stem.0.weight": Harmful()}, "cannot be read"),
    ],
)
def test_other_files_are_refused(change, message, tmp_path, capfd):
    """What is missing, too much or of another shape is named, and nothing in the file is executed."""
    network = tiny("r2plus1d")
    path = tmp_path / "weights.pth"
    torch.save(change(r2plus1d_34([1, 1, 1, 1]).state_dict()), path)
    with pytest.raises(UserError, match=message):
        load_pretrained(network, path)
    assert "executed" not in capfd.readouterr().out


def test_torchvisions_planes_are_not_mistaken_for_the_public_checkpoints(tmp_path):
    """The two kinds of R(2+1)D have the same names; their shapes tell them apart."""
    torch.save(VideoResNet(BasicBlock, [Conv2Plus1D] * 4, [1, 1, 1, 1], R2Plus1dStem).state_dict(), tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"layer2\.0\.conv2\.0\.0\.weight is"):
        load_pretrained(tiny("r2plus1d"), tmp_path / "a.pth")
    load_pretrained(build_network("r2plus1d", 400, layers=[1, 1, 1, 1], planes="torchvision"), tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("slow_fast", {}, "did you mean 'slowfast'"),
        ("swin", {"depth": 3}, "arguments frames, size, patch"),
        ("lstm", {}, "'width'"),
    ],
)
def test_unknown_networks_and_arguments_are_named(name, arguments, message):
    with pytest.raises(UserError, match=message):
        build_network(name, 5, **arguments)


@pytest.mark.parametrize("clips", [torch.zeros(1, 8, 32, 32, 3), torch.zeros(1, 3, 8, 32, 32, dtype=torch.uint8)])
def test_clips_of_another_form_are_refused(clips):
    """Values that are normalised already would be normalised twice."""
    with pytest.raises(ValueError, match="clips are"):
        tiny("i3d")(clips)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_fit_sixteen_samples(name):
    """Wired correctly, each ranks its samples' labels first within 200 steps, and every parameter takes part."""
    network = tiny(name)
    inputs = inputs_of(network)
    random = torch.Generator().manual_seed(2)
    targets = torch.zeros(16, 25)
    for sample, row in enumerate(targets):
        row[torch.randperm(25, generator=random)[: 1 + sample % 3]] = 1
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATES[name])
    warm_up = torch.optim.lr_scheduler.LinearLR(optimiser, 0.05, total_iters=20)
    for step in range(1, 201):
        network.train()
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(network(*inputs), targets).backward()
        assert [key for key, parameter in network.named_parameters() if parameter.grad is None] == []
        optimiser.step()
        warm_up.step()
        if step % 5 == 0 and ranked_first(network, inputs, targets):
            break
    else:
        pytest.fail("after 200 steps some labels are not ranked first")
    with torch.inference_mode():
        logits = network(*inputs)
        assert torch.equal(network(*inputs), logits)
        assert torch.equal(network.head(network.features(*inputs)), logits)
        assert network.features(*inputs).shape == (16, network.width)
        # A sample's logits do not depend on its batch.
        alone = network(*(part[:1] for part in inputs))
        torch.testing.assert_close(alone, logits[:1], rtol=1e-3, atol=1e-4)


def ranked_first(network, inputs, targets):
    """Whether each sample's true labels have higher logits than its others, in evaluation mode."""
    network.eval()
    with torch.inference_mode():
        logits = network(*inputs)
    lowest = logits.masked_fill(targets == 0, torch.inf).amin(1)
    return bool((lowest > logits.masked_fill(targets == 1, -torch.inf).amax(1)).all())


def recompute_blocks(network):
    """Swin's blocks compute their activations again in the backward pass, rather than keep 5.8 GB of them."""
    for block in network.modules():
        if isinstance(block, SwinTransformerBlock):
            block.forward = partial(checkpoint, block.forward, use_reentrant=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIP_NETWORKS)
def test_full_size_networks_train(name, tmp_path):
    """At full size: published layout in, the library's logits out, and one step of the optimiser."""
    reference = randomise(references(published=True)[name](), seed=3)
    network = build_network(name, 400).eval()
    path = save_published(name, reference, tmp_path)
    load_pretrained(network, path)
    path.unlink()  # pytest would keep hundreds of megabytes
    clips = inputs_of(network, n=1)[0]
    with torch.inference_mode():
        expected = reference_logits(name, reference, clips)
    del reference
    recompute_blocks(network)
    logits = network(clips)
    torch.testing.assert_close(logits.detach(), expected, rtol=1e-3, atol=1e-3)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-4)
    nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    before = {key: parameter.detach().clone() for key, parameter in network.named_parameters()}
    optimiser.step()
    for key, parameter in network.named_parameters():
        assert parameter.isfinite().all() and not torch.equal(parameter, before[key]), key

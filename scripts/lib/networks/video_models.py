"""The networks of Table 3 and of the downstream tasks: features, or clips, to logits (paper sections 5.2 and 5.3).

`NETWORKS` has one function per architecture. It takes the number of classes and the architecture's own
arguments, whose defaults are the published size, and returns a `Network`, for which this holds:

- `network(*inputs)` are logits (B, C).
- The inputs of a network of clips are one tensor: RGB frames (B, T, H, W, 3) uint8, as they are stored. It
  normalises them itself, so that bytes and not floats go to the GPU. `network.clip` says which clips it was
  published for.
- The inputs of a network of features are two: features (B, T, D) float32, padded at the end, and lengths (B,).
  Its `network.clip` is None.
- `network.features(*inputs)` are the features (B, `network.width`) that the last layer sees, and
  `network.head` is that layer, with its drop-out: `head(features(x))` is `forward(x)`.
- Each parameter has a gradient after each step, as training on several GPUs wants it.

To add an architecture, add a function here and its section under `models` in the configuration.
"""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from scripts.lib.jobs.errors import UserError, did_you_mean
from scripts.lib.networks.lstm import SequenceClassifier

# Normalisation of the published weights, per channel, after division by 255.
PYTORCHVIDEO = {"mean": (0.45, 0.45, 0.45), "std": (0.225, 0.225, 0.225)}
KINETICS = {"mean": (0.43216, 0.394666, 0.37645), "std": (0.22803, 0.22145, 0.216989)}
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


@dataclass(frozen=True)
class ClipInput:
    """The clips a network takes.

    Attributes:
        frames: T.
        size: H and W, in pixels.
        mean, std: normalisation per channel, after division by 255.
    """

    frames: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class Network(nn.Module):
    """A library's network for classification, with its last layer taken out and kept as `head`.

    Args:
        backbone: the library's network.
        last: its last layer, an `nn.Linear`, by name. State dicts of the library have both under their own names:
            see `load_pretrained`.
        dropout: before the last layer.
        clip: the clips it takes; None if it takes features.
    """

    def __init__(self, backbone: nn.Module, last: str, dropout: float = 0.0, clip: ClipInput | None = None):
        super().__init__()
        linear = backbone.get_submodule(last)
        backbone.set_submodule(last, nn.Identity())
        self.backbone, self.last, self.clip, self.width = backbone, last, clip, linear.in_features
        self.head = nn.Sequential(nn.Dropout(dropout), linear)

    def features(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Features (B, width) of the inputs."""
        return self.backbone(*inputs)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Logits (B, C) of the inputs."""
        return self.head(self.features(*inputs))


class ClipNetwork(Network):
    """A network of clips, whose backbone takes a tensor (B, 3, T, H, W) and gives features."""

    def __init__(self, backbone: nn.Module, last: str, clip: ClipInput, dropout: float = 0.0):
        super().__init__(backbone, last, dropout, clip)
        for name in ("mean", "std"):
            self.register_buffer(name, torch.tensor(getattr(clip, name)).view(3, 1, 1, 1), persistent=False)

    def features(self, clips: torch.Tensor) -> torch.Tensor:
        """Features (B, width) of clips (B, T, H, W, 3) uint8.

        Raises:
            ValueError: the clips have another type or form.
        """
        if clips.dtype != torch.uint8 or clips.ndim != 5 or clips.shape[-1] != 3:
            raise ValueError(f"clips are (B, T, H, W, 3) uint8, not {tuple(clips.shape)} {clips.dtype}")
        values = clips.permute(0, 4, 1, 2, 3).to(torch.float32, memory_format=torch.contiguous_format)
        return self.encode(values.div_(255).sub_(self.mean).div_(self.std))

    def encode(self, values: torch.Tensor) -> torch.Tensor:
        """Features (B, width) of normalised clips (B, 3, T, H, W)."""
        return self.backbone(values)


class SlowFast(ClipNetwork):
    """Takes every frame on the fast pathway and one of `alpha` on the slow one, from the first to the last."""

    def __init__(self, *args, alpha: int, **options):
        super().__init__(*args, **options)
        self.alpha = alpha

    def encode(self, values: torch.Tensor) -> torch.Tensor:
        frames = values.shape[2]
        # as in the training of the published weights: the ends included, rounded down
        slow = torch.linspace(0, frames - 1, frames // self.alpha, device=values.device).long()
        return self.backbone([values.index_select(2, slow), values])


class TimeSformer(ClipNetwork):
    """The backbone takes (B, T, 3, H, W) and gives an output object, with features in place of logits."""

    def encode(self, values: torch.Tensor) -> torch.Tensor:
        return self.backbone(values.transpose(1, 2)).logits


def lstm(n_classes: int, *, width: int, hidden: int = 512, layers: int = 2) -> Network:
    """The LSTM over a shot's frames: two layers of 512 in the paper, no drop-out in the authors' release.

    Args:
        width: of the features: 512 for the ResNet-18 of Places, 768 for ViT-B/16.
    """
    return Network(SequenceClassifier(width, hidden, layers, n_classes), "classifier")


@contextmanager
def without_deprecations() -> Iterator[None]:
    """Hide that torch deprecates what pytorchvideo uses when it is imported: a user can do nothing about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


class PooledPerceptron(nn.Module):
    """The mean of a sequence's features, then linear layers with ReLU between them and drop-out after the first."""

    def __init__(self, widths: list[int], dropout: float, n_classes: int):
        super().__init__()
        layers = []
        for number, (before, after) in enumerate(pairwise(widths)):
            layers += [nn.Linear(before, after), nn.ReLU(), *([nn.Dropout(dropout)] if number == 0 else [])]
        self.layers, self.classifier = nn.Sequential(*layers), nn.Linear(widths[-1], n_classes)

    def forward(self, features: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Logits (B, C) of features (B, T, D), padded at the end with 0, and lengths (B,)."""
        return self.classifier(self.layers(features.sum(dim=1) / lengths.to(features)[:, None]))


def perceptron(n_classes: int, *, width: int, hidden: tuple[int, ...] = (), dropout: float = 0.2) -> Network:
    """Linear layers on the mean of a sample's features: without hidden layers a linear classifier.

    With two it is the head of a task (paper section 5.3): M_scene for HVU has two hidden layers of 4096, M_trailer for
    Moviescope two of 512. The paper does not state an activation.

    Args:
        width: of the features.
        hidden: widths of the hidden layers.
        dropout: after the first hidden layer.
    """
    return Network(PooledPerceptron([width, *hidden], dropout, n_classes), "classifier")


def slowfast(n_classes: int, *, frames: int = 32, size: int = 224, width: int = 64, alpha: int = 4) -> Network:
    """SlowFast R50 (Feichtenhofer et al., ICCV 2019) in pytorchvideo's form, 8 slow and 32 fast frames.

    Args:
        width: of the slow pathway's stem, a multiple of 8; the fast one has an eighth.
    """
    with without_deprecations():
        from pytorchvideo.models.slowfast import create_slowfast

    backbone = create_slowfast(
        model_num_class=n_classes,
        dropout_rate=0,
        stem_dim_outs=(width, width // 8),
        slowfast_fusion_conv_stride=(alpha, 1, 1),
        head_pool=nn.AdaptiveAvgPool3d,
    )
    # drop-out as in configs/Kinetics/SLOWFAST_8x8_R50.yaml of the authors' repository, facebookresearch/SlowFast
    return SlowFast(backbone, "blocks.6.proj", ClipInput(frames, size, **PYTORCHVIDEO), dropout=0.5, alpha=alpha)


def i3d(n_classes: int, *, frames: int = 8, size: int = 224, width: int = 64) -> Network:
    """I3D R50 (Carreira and Zisserman, CVPR 2017, on a ResNet) in the form of pytorchvideo's `i3d_r50`.

    Args:
        width: of the stem.
    """
    with without_deprecations():
        from pytorchvideo.models.resnet import create_resnet

    backbone = create_resnet(
        model_num_class=n_classes,
        dropout_rate=0,
        stem_dim_out=width,
        stem_conv_kernel_size=(5, 7, 7),
        stage1_pool=nn.MaxPool3d,
        stage_conv_a_kernel_size=(
            (3, 1, 1),
            [(3, 1, 1), (1, 1, 1)],
            [(3, 1, 1), (1, 1, 1)],
            [(1, 1, 1), (3, 1, 1)],
        ),
        head_pool=nn.AdaptiveAvgPool3d,
    )
    # drop-out as in configs/Kinetics/c2/I3D_8x8_R50.yaml of facebookresearch/SlowFast
    return ClipNetwork(backbone, "blocks.6.proj", ClipInput(frames, size, **PYTORCHVIDEO), dropout=0.5)


def r2plus1d(
    n_classes: int,
    *,
    frames: int = 32,
    size: int = 112,
    layers: tuple[int, int, int, int] = (3, 4, 6, 3),
    planes: str = "vmz",
) -> Network:
    """R(2+1)D-34 (Tran et al., CVPR 2018), torchvision's network, whose widths are fixed.

    Args:
        layers: blocks of the four stages.
        planes: how many planes lie between a convolution's spatial and temporal part. `vmz`: the number follows
            from that convolution's own planes, as in the authors' VMZ (Caffe2) and the public weights of IG-65M
            and Kinetics; with their epsilon of 1e-3 in batch normalisation. `torchvision`: from those of the
            block's first convolution, for both.
    """
    from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem, VideoResNet

    class Block(BasicBlock):
        def __init__(self, inplanes, planes, conv_builder, *args):
            super().__init__(inplanes, planes, conv_builder, *args)
            # the planes at which both parts together have the weights of a 3 x 3 x 3 convolution
            self.conv2[0] = conv_builder(planes, planes, planes * planes * 27 // (planes * 9 + planes * 3))

    block = {"vmz": Block, "torchvision": BasicBlock}[planes]
    backbone = VideoResNet(block, [Conv2Plus1D] * 4, list(layers), R2Plus1dStem, num_classes=n_classes)
    if planes == "vmz":
        for module in backbone.modules():
            if isinstance(module, nn.BatchNorm3d):
                module.eps = 1e-3
    return ClipNetwork(backbone, "fc", ClipInput(frames, size, **KINETICS))


def timesformer(
    n_classes: int,
    *,
    frames: int = 8,
    size: int = 224,
    patch: int = 16,
    width: int = 768,
    layers: int = 12,
    heads: int = 12,
    drop_path: float = 0.1,
) -> Network:
    """TimeSformer, base, with divided attention (Bertasius et al., ICML 2021), in the form of transformers.

    Args:
        patch: height and width of a patch, in pixels.
        width: of a token; the perceptrons have four times that.
        drop_path: rate of stochastic depth in the last layer (timesformer/models/vit.py of the authors' repository,
            facebookresearch/TimeSformer); it grows linearly from 0 in the first.
    """
    from torchvision.ops import StochasticDepth
    from transformers import TimesformerConfig, TimesformerForVideoClassification

    backbone = TimesformerForVideoClassification(
        TimesformerConfig(
            num_labels=n_classes,
            num_frames=frames,
            image_size=size,
            patch_size=patch,
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=4 * width,
        )
    )
    # The configuration's own key takes whole numbers only.
    for index, layer in enumerate(backbone.timesformer.encoder.layer):
        layer.drop_path = StochasticDepth(drop_path * index / max(layers - 1, 1), "row")
    return TimeSformer(backbone, "classifier", ClipInput(frames, size, **PYTORCHVIDEO))


def swin(
    n_classes: int,
    *,
    frames: int = 32,
    size: int = 224,
    patch: tuple[int, int, int] = (2, 4, 4),
    width: int = 128,
    layers: tuple[int, ...] = (2, 2, 18, 2),
    heads: tuple[int, ...] = (4, 8, 16, 32),
    window: tuple[int, int, int] = (8, 7, 7),
    drop_path: float = 0.3,
    dropout: float = 0.5,
) -> Network:
    """Video Swin-B (Liu et al., CVPR 2022), torchvision's `swin3d_b`.

    Args:
        patch: frames, height and width of a patch.
        width: of a token in the first stage; it doubles from stage to stage.
        layers, heads: of each stage.
        window: of the attention, in patches.
        drop_path: rate of stochastic depth in the last layer, and `dropout` before the last one
            (configs/recognition/swin/swin_base_patch244_window877_kinetics400_1k.py of the authors' repository,
            SwinTransformer/Video-Swin-Transformer).
    """
    from torchvision.models.video.swin_transformer import SwinTransformer3d

    backbone = SwinTransformer3d(
        list(patch),
        width,
        list(layers),
        list(heads),
        list(window),
        stochastic_depth_prob=drop_path,
        num_classes=n_classes,
    )
    return ClipNetwork(backbone, "head", ClipInput(frames, size, **IMAGENET), dropout=dropout)


NETWORKS = {
    "lstm": lstm,
    "perceptron": perceptron,
    "slowfast": slowfast,
    "i3d": i3d,
    "r2plus1d": r2plus1d,
    "timesformer": timesformer,
    "swin": swin,
}


def build_network(name: str, n_classes: int, **arguments) -> Network:
    """A network of `NETWORKS` with the weights of its published initialisation.

    Raises:
        UserError: there is no such network, or it does not have these arguments.
    """
    if name not in NETWORKS:
        raise UserError(f"there is no network {name!r}; {did_you_mean(name, NETWORKS)}")
    build = NETWORKS[name]
    try:
        inspect.signature(build).bind(n_classes, **arguments)
    except TypeError as error:
        _, *known = inspect.signature(build).parameters
        raise UserError(f"the network {name} has the arguments {', '.join(known)}: {error}") from error
    return build(n_classes, **arguments)

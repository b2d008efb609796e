"""Frames are resized and cropped as the model's own preprocessing does it, within 2 of 255."""

import numpy as np
import pytest
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Grayscale, InterpolationMode, Resize

from scripts.lib.media.geometry import resize_and_crop

# (height, width): larger, smaller, as large as, and far narrower than what models take; a single pixel.
SIZES = [(720, 1280), (204, 480), (333, 17), (47, 301), (48, 48), (64, 40), (1, 1)]
MODES = [
    {"size": size, "resize_mode": mode, "interpolation": interpolation, "fill_color": 127}
    for size in (48, (48, 48), (64, 40))
    for mode in ("shortest", "squash", "longest")
    for interpolation in ("bicubic", "bilinear")
]


@pytest.fixture
def width_first(monkeypatch):
    """Pillow resizes the width first, as torch and its own releases before 13 always do.

    Pillow 13 takes the height first where that is less work. As results in between are cut to 0 to
    255, the order shows by up to 13 at hard edges.
    """
    resize = Image.Image.resize

    def in_two_steps(self, size, resample=None, **options):
        return resize(resize(self, (size[0], self.height), resample, **options), size, resample, **options)

    monkeypatch.setattr(Image.Image, "resize", in_two_steps)


def picture(size):
    """Smooth shades with noise on them and hard edges."""
    random = np.random.default_rng(size[0])
    shades = np.linspace(0, 255, size[1])[None, :, None] * np.linspace(0.2, 1, size[0])[:, None, None]
    pixels = shades + random.normal(0, 40, (*size, 3))
    pixels[size[0] // 3 : size[0] // 2] = 255
    return pixels.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("settings", MODES, ids=lambda s: " ".join(map(str, s.values())))
def test_geometry_is_open_clips(settings, width_first):
    """All resize modes and interpolations, square and not, frames with padded rows too."""
    steps = image_transform_v2(PreprocessCfg(**settings), is_train=False).transforms[:-2]
    crop = resize_and_crop(steps)
    for size in SIZES:
        rgb = picture(size)
        expected = np.array(Compose(steps)(Image.fromarray(rgb))).astype(int)
        padded = np.zeros((size[0], size[1] + 5, 3), np.uint8)
        padded[:, : size[1]] = rgb
        for frame in (rgb, padded[:, : size[1]]):
            ours = crop(frame)
            assert ours.dtype == np.uint8
            assert ours.shape == expected.shape
            difference = np.abs(ours - expected)
            assert difference.max() <= 2, size
            assert (difference > 1).mean() < 1e-3, size


@pytest.mark.parametrize(
    "steps",
    [
        [Resize(48), Grayscale(3), CenterCrop(48)],
        [Resize(48, InterpolationMode.NEAREST), CenterCrop(48)],
        [Resize(48, InterpolationMode.LANCZOS), CenterCrop(48)],
    ],
    ids=["another step", "nearest", "lanczos"],
)
def test_other_preprocessing_runs_as_it_is(steps):
    """What is not known to be the same on tensors is left to PIL, bit for bit."""
    rgb = picture((90, 160))
    assert np.array_equal(resize_and_crop(steps)(rgb), np.array(Compose(steps)(Image.fromarray(rgb))))

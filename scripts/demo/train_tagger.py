"""Train the demo's CLIP model on rendered stills with open_clip's own contrastive loss.

Each step has one caption per label, and groups with one image of each label: within a group every image
has exactly one correct caption, so near-duplicates never count as wrong. Each image also has a caption for
its light and one for its setting, which it shares with others: it is told from that of the other value only.
"""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from scripts.demo.studio.sets import light_of, setting_of
from scripts.lib.files.atomic import atomic_path
from scripts.lib.files.hdf5 import open_h5, read_strings
from scripts.lib.jobs.log import logger, progress, run_job
from scripts.lib.networks.encoders import random_model, register_model

# Templates of captions. The paper's prompt is not among them; it is used on the films only.
CAPTIONS = (
    "{label}",
    "a {label}",
    "a picture of a {label}",
    "a film still of a {label}",
    "a scene in a {label}",
    "people in a {label}",
    "a {label} in a movie",
    "a photo of the {label}, a place",
    "background: {label}",
    "a close-up in a {label}",
    "a wide shot of a {label}",
    "the location is a {label}",
)
# Captions of the attributes' values. Their prompts in config/default.yaml are not among them.
VALUES = {
    "inside": ("indoors", "an interior", "inside a building", "a picture taken indoors", "an interior in a movie"),
    "outside": (
        "outdoors",
        "an exterior",
        "outside in the open air",
        "a picture taken outdoors",
        "an exterior in a movie",
    ),
    "day": ("by day", "in daylight", "in the daytime", "a picture taken by day", "a scene in daylight"),
    "night": ("at night", "in the dark", "in the dark of night", "a picture taken at night", "a scene in the dark"),
}
GROUPS = 4
# Of the loss of each attribute, beside that of the labels.
ATTRIBUTE_WEIGHT = 0.2
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.05
WARM_UP = 50
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def train_tagger(
    description: str | Path, stills: dict[str, np.ndarray], lights: dict[str, list[str]], seed: int, steps: int
):
    """A trained open_clip model; the same seed gives the same weights on the same machine.

    Args:
        description: open_clip's JSON of the model.
        stills: images of each label, (N, side, width, 3) uint8, the same N for all.
        lights: N lights of the studio of each label.
        steps: updates, each on `GROUPS` images per label.
    """
    import open_clip
    import torch

    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    # Nothing reads memory before it is written; to fill it takes a tenth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False
    name = register_model(str(description))
    model = random_model(name).train().to(memory_format=torch.channels_last)
    tokenizer = open_clip.get_tokenizer(name)
    # Only the embeddings of tokens in captions can be learnt; to update the other 49,000 takes a tenth of the time.
    used = tokenizer([*_all_captions(stills), *chain(*VALUES.values())]).unique()
    vocabulary = model.token_embedding
    model.token_embedding = torch.nn.Embedding.from_pretrained(vocabulary.weight[used].detach(), freeze=False)
    loss = open_clip.ClipLoss()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.SequentialLR(
        optimiser,
        [
            torch.optim.lr_scheduler.LinearLR(optimiser, 0.02, total_iters=WARM_UP),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps - WARM_UP),
        ],
        milestones=[WARM_UP],
    )
    random, labels = np.random.default_rng(seed), list(stills)
    is_night = {label: np.array([light_of(light) == "night" for light in lights[label]]) for label in labels}
    is_outside = torch.tensor([setting_of(label) == "outside" for label in labels]).repeat(GROUPS)
    with progress(steps, "step", "Training the demo's tagger") as bar:
        for step in range(steps):
            pictures, chosen = _batch(stills, random)
            captions = [*_captions(labels, random), *(random.choice(texts) for texts in VALUES.values())]
            texts = model.encode_text(torch.searchsorted(used, tokenizer(captions)), normalize=True)
            images = model.encode_image(torch.from_numpy(pictures), normalize=True)
            scale, (places, settings, times) = model.logit_scale.exp(), texts.split([len(labels), 2, 2])
            value = sum(loss(group, places, scale) for group in images.view(GROUPS, len(labels), -1)) / GROUPS
            nights = torch.tensor([is_night[label][row] for label, row in zip(labels * GROUPS, chosen, strict=True)])
            for values, is_second in ((settings, is_outside), (times, nights)):
                logits = scale * images @ values.T
                value = value + ATTRIBUTE_WEIGHT * torch.nn.functional.cross_entropy(logits, is_second.long())
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
            bar.update()
            if step % 100 == 0 or step == steps - 1:
                logger.info("step %d: loss %.3f, logit scale %.1f", step, value.item(), model.logit_scale.exp().item())
    with torch.no_grad():
        vocabulary.weight[used] = model.token_embedding.weight
    model.token_embedding = vocabulary
    return model.eval().to(memory_format=torch.contiguous_format)


def _all_captions(labels: Iterable[str]) -> list[str]:
    return [template.replace("{label}", label) for template in CAPTIONS for label in labels]


def _captions(labels: list[str], random: np.random.Generator) -> list[str]:
    return [CAPTIONS[random.integers(len(CAPTIONS))].replace("{label}", label) for label in labels]


def _batch(stills: dict[str, np.ndarray], random: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """`GROUPS` random square crops of each label, half of them mirrored, and which of its images each is of.

    Returns:
        (GROUPS * L, 3, side, side) float32, and GROUPS * L row numbers.
    """
    crops, chosen = [], []
    for _ in range(GROUPS):
        for pictures in stills.values():
            chosen.append(random.integers(len(pictures)))
            picture = pictures[chosen[-1]]
            side = picture.shape[0]
            left = random.integers(picture.shape[1] - side + 1)
            crop = picture[:, left : left + side]
            crops.append(crop[:, ::-1] if random.random() < 0.5 else crop)
    batch = np.stack(crops).astype(np.float32) / 255
    return np.ascontiguousarray(((batch - MEAN) / STD).transpose(0, 3, 1, 2), dtype=np.float32), chosen


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    import torch
    from safetensors.torch import save_file

    # Sums depend on the number of threads; a fixed number gives the same weights.
    torch.set_num_threads(1)
    with open_h5(snakemake.input.stills) as file:
        stills = {label: file[label][:] for label in read_strings(file["labels"])}
        lights = {label: read_strings(file["lights"][label]) for label in stills}
    model = train_tagger(snakemake.input.model, stills, lights, snakemake.params.seed, snakemake.params.steps)
    with atomic_path(snakemake.output[0]) as temporary:
        save_file(model.state_dict(), temporary)


if __name__ == "__main__":
    run_job(main, snakemake)

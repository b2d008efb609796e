"""Features of a shard's videos, by a model without its last layer or by a frozen encoder (paper section 5.3)."""

from collections.abc import Container, Iterator, Sequence

import numpy as np
import torch

from scripts.downstream.features import write_video_features
from scripts.downstream.windows import window_id, windows_of
from scripts.lib.files.atomic import sha256_of
from scripts.lib.jobs.gpu import gpu_of_job
from scripts.lib.jobs.log import progress, run_job
from scripts.lib.jobs.parallel import read_ahead
from scripts.lib.media.clip_cache import ClipCache
from scripts.lib.media.sampling import evenly_spread
from scripts.lib.networks.clip_dataset import ClipDataset
from scripts.lib.networks.encoders import (
    PACKAGES,
    FrameEncoder,
    best_device,
    threads_of_torch,
    usable_batch_size,
    usable_dtype,
)
from scripts.lib.networks.image_networks import load_encoder
from scripts.lib.networks.inputs import batches
from scripts.lib.networks.lstm import pad
from scripts.lib.networks.pretrained import load_pretrained
from scripts.lib.networks.training import autocast
from scripts.lib.networks.video_models import Network, build_network
from scripts.lib.records.clips import Clip, fingerprint
from scripts.lib.records.task_videos import read_found
from scripts.lib.workflow.tasks import task_settings


def features_of_clips(
    network: Network, cache: ClipCache, names: Sequence[str], batch_size: int, dtype: str, workers: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Names and features (width,) of cached windows, by a network of clips.

    Args:
        dtype: of mixed precision, see `usable_dtype`.
        workers: processes that read clips ahead.
    """
    device = str(next(network.parameters()).device)
    dataset = ClipDataset(cache, names, np.zeros((len(names), 0)), network.clip.frames, network.clip.size)
    parts = [np.arange(start, min(start + batch_size, len(names))) for start in range(0, len(names), batch_size)]
    for part, (clips, _) in zip(parts, batches(dataset, parts, device, workers), strict=True):
        with torch.inference_mode(), autocast(device.partition(":")[0], dtype):
            features = network.features(clips).float().cpu().numpy()
        yield from zip((names[row] for row in part), features, strict=True)


def features_of_frames(
    encoder: FrameEncoder,
    network: Network | None,
    max_frames: int | None,
    cache: ClipCache,
    names: Sequence[str],
    batch_size: int,
    workers: int,
) -> Iterator[tuple[str, np.ndarray]]:
    """Names and features of cached windows: the mean of its frames' (D,), or (width,) by a network of features.

    Args:
        max_frames: frames of a window that the network sees, at equal distances.
        batch_size: frames that the encoder takes at once.
        workers: threads that read frames ahead.
    """

    def crops(name: str) -> Iterator[tuple[str, np.ndarray]]:
        n_frames = cache.n_frames(name)
        chosen = evenly_spread(n_frames, min(n_frames, max_frames or n_frames))
        yield name, np.stack([encoder.crop(frame) for frame in cache.frames(name, chosen)])

    for name, pixels in read_ahead(crops, names, workers, depth=2 * workers):
        starts = range(0, len(pixels), batch_size)
        features = np.concatenate([encoder.encode_frames(pixels[start : start + batch_size]) for start in starts])
        if network is None:
            yield name, features.mean(axis=0)
            continue
        sequence, lengths = pad([features])
        with torch.inference_mode():
            state = network.features(sequence.to(encoder.device), lengths).float().cpu().numpy()
        yield name, state[0]


def load_network(settings: dict, weights: str, device: str) -> Network:
    """A network for its features, in evaluation mode; the file's last layer may have any number of classes.

    Args:
        settings: `network` and `arguments`.
        weights: see `load_pretrained`.

    Raises:
        UserError: see `build_network` and `load_pretrained`.
    """
    network = build_network(settings["network"], 1, **settings["arguments"])
    load_pretrained(network, weights)
    return network.to(device).eval()


def mean_features(
    features: dict[str, np.ndarray], owner: dict[str, str]
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """The mean over each video's windows, (D,) float64, and their number, by video id in the order of `owner`.

    Args:
        features: of the windows, by name.
        owner: the video of each window, by its name.
    """
    videos: dict[str, list[np.ndarray]] = {}
    for name, video in owner.items():
        videos.setdefault(video, []).append(features[name])
    means = {video: np.mean(parts, axis=0, dtype=float) for video, parts in videos.items()}
    return means, {video: len(parts) for video, parts in videos.items()}


def reasons(videos: Sequence[Clip], present: Container[str], failures: dict[str, str]) -> dict[str, str]:
    """Why videos have no features, by video id: the reason of the video, or of its first window."""
    without = [video.clip_id for video in videos if video.clip_id not in present]
    return {name: failures.get(name) or failures[window_id(name, 1)] for name in without}


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, params, config, threads = snakemake.input, snakemake.params, snakemake.config, snakemake.threads
    model, encoder = params.settings["model"], params.settings["encoder"]
    videos, missing = read_found(source.found, snakemake.wildcards.task, snakemake.wildcards.shard)
    cache = ClipCache([source.cache], [fingerprint(videos)])
    count = task_settings(config, snakemake.wildcards.task)["clips"]
    owner = {name: video.clip_id for video in videos for name in windows_of(video.clip_id, cache, count)}
    torch.set_num_threads(threads_of_torch(threads))
    with gpu_of_job(), progress(len(owner), "clip", "Extracting features") as bar:
        device = best_device()
        network = load_network(model, source.model[0], device) if model else None
        if encoder:
            frames = load_encoder(encoder, source.encoder[0], device)
            size = usable_batch_size(config["tagging"]["batch_size"], device)
            found = features_of_frames(
                frames, network, model and model["max_frames"], cache, list(owner), size, threads
            )
        else:
            dtype, workers = usable_dtype(params.precision, device), threads if device.startswith("cuda") else 0
            name = config["downstream"]["extractors"][snakemake.wildcards.features]["model"]
            size = config["models"][name]["micro_batch"]
            found = features_of_clips(network, cache, list(owner), size, dtype, workers)
        windows = {}
        for name, features in found:
            windows[name] = features
            bar.update()
    features, n_clips = mean_features(windows, owner)
    failures = missing | reasons(videos, features, cache.failures)
    weights = {"model": source.model, "encoder": source.encoder}
    attributes = {
        "extractor": snakemake.wildcards.features,
        **{f"{part}_sha256": sha256_of(paths[0]) for part, paths in weights.items() if paths},
    }
    write_video_features(snakemake.output[0], features, n_clips, failures, attributes, PACKAGES)
    return f"{len(features)} video(s) of {len(owner)} clip(s), {len(failures)} without features, on {device}"


if __name__ == "__main__":
    run_job(main, snakemake)

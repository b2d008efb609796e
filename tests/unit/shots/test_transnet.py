"""TransNetV2 on our decoder: the package's own answers, shots without gaps, and nothing changed elsewhere."""

import json
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
import yaml

from benchmarks.detectors import measure, scores
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip
from scripts.shots.detect_shots import detect_shots
from scripts.shots.transnet import SIZE, CutFinder
from tests.helpers import ROOT


@pytest.fixture(scope="module")
def finder() -> CutFinder:
    return CutFinder(0.5)


@pytest.fixture(scope="module")
def film(make_video):
    """Three shots with a dissolve of 20 frames between the second and the third."""
    return make_video([(1, 40), (2, 60), (3, 51)])


@pytest.mark.parametrize("n_frames", [1, 50, 51, 101])
def test_probabilities_are_those_of_the_package(finder, film, n_frames):
    """Windows and padding, whatever part of a window is left at the end."""
    clip = Clip("c", film.path, start_time=0, end_time=n_frames / 24)
    with Video(clip) as video:
        frames = np.stack([frame.rgb(SIZE) for frame in video])
    with Video(clip) as video:
        found = finder.probabilities(video)
    expected, _ = finder.network.predict_frames(torch.from_numpy(frames), quiet=True)
    assert found.shape == (n_frames,) and found.dtype == np.float32
    assert np.allclose(found, expected.numpy(), rtol=0, atol=1e-4)
    assert n_frames < 50 or found.max() > 0.5 > found.min()


@pytest.mark.parametrize(
    ("probabilities", "cuts"),
    [
        ([0, 0, 1, 0, 0], [3]),
        ([0, 1, 1, 1, 0, 0], [4]),
        ([0, 1, 0, 1, 0], [2, 4]),
        ([1, 1, 0, 0], []),
        ([0, 0, 1, 1], []),
        ([1, 1, 1], []),
        ([0.5, 0.5, 0.51, 0.5], [3]),
        ([0], []),
    ],
)
def test_a_shot_begins_with_the_first_frame_after_a_transition(finder, monkeypatch, probabilities, cuts):
    """A transition belongs to the shot before it; at the start or the end of a clip it separates nothing."""
    monkeypatch.setattr(finder, "probabilities", lambda video: np.array(probabilities, np.float32))
    assert finder.cuts(None) == cuts


def test_shots_tile_a_clip_of_variable_rate_in_decode_indices(make_video):
    """Frames that last four times as long shift nothing; several clips share the network."""
    seconds = np.cumsum([0.04] * 40 + [0.16] * 40 + [0.02] * 60) - 0.04
    rendered = make_video([(1, 30), (2, 40), (3, 50), (4, 20)], times=seconds.tolist())
    clips = [Clip(name, rendered.path) for name in ("a", "b")]
    rows, shots = detect_shots(clips, None, "transnetv2", {"threshold": 0.5}, workers=2)
    assert [row["vfr"] for row in rows] == [True, True]
    for clip in clips:
        own = [shot for shot in shots if shot.clip_id == clip.clip_id]
        assert [shot.start_frame for shot in own] == [0, *rendered.cuts] == [0, 30, 70, 120]
        assert all(one.end_frame == other.start_frame for one, other in pairwise(own)) and own[-1].end_frame == 140
        assert [shot.start_time for shot in own] == pytest.approx(seconds[[0, 30, 70, 120]], abs=2e-3)


def state() -> tuple:
    """Whatever the package's constructor would set in the whole process."""
    cudnn = torch.backends.cudnn
    flags = torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark
    return torch.get_rng_state().tolist(), repr(np.random.get_state()), random.getstate(), flags


def test_seeds_and_flags_of_the_process_are_left_alone():
    before = state()
    CutFinder(0.5)
    assert state() == before


def test_a_full_gpu_is_no_fault_of_a_clip(finder, film, monkeypatch):
    """The job fails with the reason, where a failed clip would only be listed."""

    def fail(batch):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(finder.network, "predict_raw", fail)
    monkeypatch.setattr("scripts.shots.transnet.CutFinder", lambda threshold, threads: finder)
    with pytest.raises(MemoryError, match="CUDA out of memory"):
        detect_shots([film.clip], None, "transnetv2", {"threshold": 0.5})


def test_other_detectors_do_not_import_torch():
    """It takes seconds, of every shard's job."""
    code = "import sys; from scripts.shots.detect_shots import cut_finder; cut_finder('content', {})"
    code += "; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_more_verified_transitions_are_found_than_by_the_papers_detector(shared_data, tmp_path):
    """Clips of constant rate: a higher F1 by at least 0.07, and 9 of 10 transitions of a film in black and white."""
    videos = shared_data / "videos"
    verified = json.loads((videos / "cuts.json").read_text(encoding="utf-8"))
    chosen = {str(videos / name): cuts for name, cuts in verified.items() if name != "note"}
    (tmp_path / "cuts.json").write_text(json.dumps(chosen), encoding="utf-8")
    parameters = yaml.safe_load((ROOT / "config/default.yaml").read_text(encoding="utf-8"))["shots"]["parameters"]
    found, f1 = {}, {}
    for detector in ("content", "transnetv2"):
        found[detector] = measure(tmp_path / "cuts.json", detector, parameters[detector])
        f1[detector] = scores(sum(found[detector].values(), Counter()))[2]
    assert len(found["content"]) == 5
    assert f1["transnetv2"] >= f1["content"] + 0.07
    nosferatu = found["transnetv2"][str(videos / "nosferatu_localdiplo.mp4")]
    assert nosferatu["hard", "found"] + nosferatu["gradual", "found"] >= 9 and nosferatu["false"] == 0

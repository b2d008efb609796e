"""Films longer than a job may be: what a kill leaves of their windows, and what these join to."""

import time
from dataclasses import replace

import pytest
import yaml

from scripts.lib.records.clips import write_manifest
from tests.helpers.mini import MINI, Started, copy_of, differences, files_of, until

# Seconds of the film, and minutes of a window: three windows.
LENGTH, WINDOW = 27.0, 0.15
FPS = 5


@pytest.fixture
def workspace(material, make_video, tmp_path):
    """The mini run's, with a film of variable frame rate in shots of 1.6 s, and a clip of 3 s."""
    workspace = copy_of(material, tmp_path / "run")
    shots = [(number, 8) for number in range(int(LENGTH * FPS / 8))]
    uneven = [index / FPS + 0.05 * (index % 3) for index in range(8 * len(shots))]
    film = make_video(shots, clip_id="film", suffix=".mkv", fps=FPS, size=(64, 48), times=uneven, options={"g": "25"})
    short = make_video(shots[:2], clip_id="short", fps=FPS, size=(64, 48))
    write_manifest([replace(film.clip, duration=LENGTH), short.clip], workspace.path / "material/films.csv")
    return workspace


def configure(workspace, run, minutes):
    """Options of a run with windows of so many minutes."""
    config = {
        **MINI,
        "run": run,
        "clips": {"manifest": "material/films.csv", "shard_size": 1, "shard_minutes": minutes},
        "encoders": {"clip_small": {**MINI["encoders"]["clip_small"], "frames": "all"}},
        "shots": {"parameters": {"content": {"min_scene_len": 2}}},
        "taxonomy": {"labels": "config/demo/labels.txt"},
    }
    (workspace.path / f"{run}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return ("tagging", "--configfile", f"{run}.yaml", "--resources", "gpu=3", "--until", "score_shots")


def two_windows_are_left(embeddings):
    """Whether all embeddings are there but the film's last window."""
    found = {str(path.relative_to(embeddings)) for path in embeddings.rglob("[0-9]*.h5")}
    return found == {"00000/000.h5", "00000/001.h5", "00001.h5"}


def test_finished_windows_survive_a_kill_and_join_to_one_pass(workspace, tmp_path):
    """The job of the film's last window is killed; the others are not repeated, and nothing differs at the end."""
    once, kept = tmp_path / "once", tmp_path / "kept"
    for folder in (once, once / "taken", kept):
        folder.mkdir()
    (once / "embed_frames@002.h5").write_text("hold")
    options = configure(workspace, "windows", WINDOW)
    run = Started(workspace, *options, settings=("--cores", "16"), FAULTS_ONCE=str(once))
    embeddings = workspace.path / "results/windows/embeddings/clip_small"
    until(lambda: len(run.jobs()) == 1 and two_windows_are_left(embeddings), 400)
    time.sleep(1)
    run.kill(group=True)
    Started(workspace, "--unlock", settings=options[1:3]).finish()
    Started(workspace, *options, settings=("--cores", "16"), FAULTS_KEEP=str(kept)).finish()
    (embedded,) = [path.read_text() for path in kept.glob("embed_frames.*.txt")]
    assert embedded.strip().endswith("/002.h5")
    assert files_of(embeddings) == {"00000.h5", "00001.h5"}
    assert workspace.planned(*options) == {}

    whole = configure(workspace, "whole", LENGTH / 60)
    assert "embed_window" not in workspace.planned(*whole)
    Started(workspace, *whole, settings=("--cores", "16")).finish()
    runs = [workspace.path / "results" / name for name in ("windows", "whole")]
    names = [f"{part}/clip_small/00000.h5" for part in ("embeddings", "scores")]
    assert [found for name in names for found in differences(*runs, only=name)] == []

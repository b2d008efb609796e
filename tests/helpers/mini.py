"""Whole runs of every rule but the demo's, on three tiny clips and on tiny released files."""

import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import yaml

from scripts.lib.records.clips import write_manifest
from tests.helpers import ROOT
from tests.helpers.runs import STARTER, Workspace, make_workspace

RUN = "results/mini"
HOOK = Path(__file__).parent / "hook"
# All that can begin does, on however few cores; a job that wanted all cores would wait for the others' end.
SETTINGS = (
    *("--cores", "16", "--configfile", "mini.yaml", "--resources", "gpu=2"),
    *("--set-threads", *(f"{rule}=1" for rule in ("embed_frames", "picture_sample", "plot_confidence_grids"))),
)
# The other run, of the rules that the first has not.
RELEASED = "results/released"
RELEASED_SETTINGS = (
    *("resources/clips.csv", f"{RELEASED}/tables/release.csv", f"{RELEASED}/tables/leakage.csv"),
    *("--cores", "16", "--configfile", "released.yaml"),
)
# A rule for each way in which results are written, and what it makes.
WAYS = {
    "score_shots": [f"{RUN}/scores/clip_small/{shard}.h5" for shard in ("00000", "00001")],
    "make_thumbnails": [f"{RUN}/gallery/thumbnails/{shard}" for shard in ("00000", "00001")],
    "select_shots": [f"{RUN}/dataset/kept.parquet"],
    "make_table2": [f"{RUN}/tables/table2.csv", f"{RUN}/tables/table2.md"],
    "write_release_json": [f"{RUN}/dataset/movieclip.json"],
    "make_gallery": [f"{RUN}/gallery/index.html"],
    "plot_score_matrix": [f"{RUN}/figures/fig3.{suffix}" for suffix in ("png", "svg", "pdf")],
}
# Rules of the chain that the mini run goes through; the films of other runs come from the demo's studio.
SCREENPLAYS = ("the_quiet_bailiff.txt", "the_vestry_key.txt", "cell_block_nine.txt")


def make_mini(folder: Path, make_video) -> Workspace:
    """A copy of the workflow with what both runs need and their configs, `mini.yaml` and `released.yaml`."""
    workspace = make_workspace(folder)
    material = folder / "material"
    (material / "screenplays").mkdir(parents=True)
    for name in SCREENPLAYS:
        shutil.copy(ROOT / "config/demo/screenplays" / name, material / "screenplays")
    clips = [
        make_video([(number * 7, 8), ((20, 200, 60 * number), 8)], clip_id=f"clip{number}", size=(64, 48)).clip
        for number in range(3)
    ]
    movies = [clip.__class__(clip.clip_id, clip.path, f"tt{clip.clip_id}", "Title", "1999", "Drama") for clip in clips]
    write_manifest(movies, material / "clips.csv")
    random_weights(material / "clip_small.safetensors")
    (material / "evaluation_set.csv").write_text(EVALUATION_SET, encoding="utf-8")
    (folder / "mini.yaml").write_text(yaml.safe_dump(MINI), encoding="utf-8")
    make_released(folder)
    return workspace


# What differs from config/default.yaml.
MINI = {
    "run": "mini",
    "chapters": ["taxonomy", "shots", "tagging", "dataset", "verification", "gallery", "report"],
    "clips": {"manifest": "material/clips.csv", "shard_size": 2},
    "taxonomy": {
        "screenplays": "material/screenplays",
        "hvu_tags": "config/demo/hvu_tags.csv",
        "review": None,
        "compare_with": "config/demo/labels.txt",
        "min_scripts": 2,
        "sample": {"shots": 3},
    },
    "shots": {"parameters": {"content": {"min_scene_len": 0.1}}},
    "encoders": {
        "clip_small": {
            "model": "config/demo/clip_small.json",
            "pretrained": "material/clip_small.safetensors",
            "frames": "2 per shot",
            "dtype": "fp32",
        }
    },
    "taggers": {
        "clip_small": {
            "encoder": "clip_small",
            "prompts": ["A photo of a {label}"],
            "score": "softmax",
            "logit_scale": "model",
        }
    },
    "tagging": {"taggers": ["clip_small"], "batch_size": 4},
    "dataset": {
        "evaluation_set": "material/evaluation_set.csv",
        "top1_threshold": 0.0,
        "rank_threshold": 0.0,
        "top_k": 2,
    },
}
EVALUATION_SET = """shot_id,clip_id,video_id,scene,start_time,end_time,movie_id,labels,movie_split,movie_disjoint
clip0-Scene-002,clip0,clip0,2,0,1,ttclip0,bar,train,no
"""
RELEASED_RUN = {
    "run": "released",
    "chapters": ["dataset", "verification"],
    "taxonomy": {"labels": "material/released/labels.txt"},
    "dataset": {"released": "material/released", "verified": "material/released/verified.txt"},
}
SPLIT_FILE = "material/released/{}_multi_label_thresh_0_4_0_1_150_labels.txt"
RELEASED_FILES = {
    "material/released/labels.txt": "bar\nkitchen\n",
    "material/released/multi_label_thresh_0_4_0_1_label_map.json": '{"bar": 0, "kitchen": 1}',
    "material/released/label_distribution_multi_label_thresh_0_4_0_1_150.csv": "label,count\nbar,3\nkitchen,1\n",
    SPLIT_FILE.format("train"): "a/a-Scene-001.mp4 0 1\na/a-Scene-002.mp4 0\n",
    SPLIT_FILE.format("val"): "b/b-Scene-001.mp4 0\n",
    SPLIT_FILE.format("test"): "c/c-Scene-001.mp4 1\n",
    "material/released/verified.txt": "v_a_seg_0_10/v_a_seg_0_10-Scene-001.mp4 0\n",
    "resources/condensed_movies/clips.csv": (
        "videoid,imdbid,title,year,upload_year\na,tt1,A,1999.0,2011\nb,tt2,B,2001.0,2012\nc,tt3,C,-1,2013\n"
    ),
    "resources/condensed_movies/movie_info.csv": "imdbid,genre\ntt1,['Drama']\ntt2,['War']\n",
    "resources/condensed_movies/split.csv": "imdbid,split\ntt1,train\ntt2,val\ntt3,test\n",
    "resources/hvu/HVU_Tags_Categories_V1.0.csv": "Tag,Category\nbar,scene\n",
    "resources/hvu/HVU_Val_V1.0.csv": "Tags,youtube_id,time_start,time_end\nbar|crowd,x,0,1\n",
}


def make_released(folder: Path) -> None:
    """Released files of four shots, Condensed Movies' and HVU's tables, and the config of a run of them."""
    for name, text in RELEASED_FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "released.yaml").write_text(yaml.safe_dump(RELEASED_RUN), encoding="utf-8")


def copy_of(workspace: Workspace, folder: Path) -> Workspace:
    """A copy of a workspace with all that has been made in it."""
    shutil.copytree(workspace.path, folder, symlinks=True)
    return Workspace(folder)


def random_weights(path: Path) -> None:
    """Weights of the demo's small model as they are before training, the same every time."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    open_clip.add_model_config(ROOT / "config/demo/clip_small.json")
    save_file(open_clip.create_model("clip_small").state_dict(), path)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


class Started:
    """A Snakemake process of its own session, and the jobs that it has started."""

    def __init__(self, workspace: Workspace, *arguments: str, settings: tuple[str, ...] = SETTINGS, **variables: str):
        environment = {**os.environ, **variables, "PYTHONPATH": str(HOOK)}
        self.workspace = workspace
        environment["MPLCONFIGDIR"] = str(workspace.path / ".matplotlib")
        self._log = workspace.path / "snakemake.txt"
        command = {"arguments": [*arguments, *settings], "folder": str(workspace.path)}
        self.pid = STARTER.ask(start={**command, "variables": environment, "log": str(self._log)})
        self._code: int | None = None

    def text(self) -> str:
        """What it has written so far."""
        return self._log.read_text(errors="replace")

    def jobs(self) -> dict[int, str]:
        """Rule of every script that runs at present, by process."""
        return {process: name.split(".")[-2] for process, name in _scripts(self.pid)}

    def kill(self, group: bool) -> None:
        """SIGKILL to Snakemake alone, or to all that it has started."""
        (os.killpg if group else os.kill)(self.pid, signal.SIGKILL)
        self.end()

    def code(self) -> int | None:
        """Exit code, None while it runs."""
        if self._code is None:
            self._code = STARTER.ask(poll=self.pid)
        return self._code

    def end(self, seconds: float = 800) -> int:
        """Wait for its end; its exit code."""
        return until(lambda: self.code() is not None, seconds) and self._code

    def finish(self) -> str:
        """Wait for its end, which must be a good one; what it has written."""
        assert self.end() == 0, self.text()
        return self.text()


def until(condition, seconds: float = 120):
    """The first value of `condition()` that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def _scripts(session: int) -> list[tuple[int, str]]:
    """Processes of a session that run a job's script: number, the script's file name."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        script = next((word.decode() for word in words[1:2] if b".snakemake/scripts/" in word), "")
        if int(fields[3]) == session and script and fields[0] != "Z":
            found.append((int(folder.name), Path(script).name))
    return found


def differences(ours: Path, reference: Path, only: str | None = None) -> list[str]:
    """Files of two runs that differ in content."""
    names = [{only} if only else files_of(folder) for folder in (ours, reference)]
    found = [f"{name} is in one of them only" for name in sorted(names[0] ^ names[1])]
    return found + [name for name in sorted(names[0] & names[1]) if not _same(ours / name, reference / name)]


def files_of(folder: Path) -> set[str]:
    """Files below a run's folder that its rules make; what tells of the work itself (logs, times) is left out."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {
        str(name)
        for name in files
        if name.parts[0] not in ("logs", "benchmarks", ".lock") and name.name != ".snakemake_timestamp"
    }


def _same(one: Path, other: Path) -> bool:
    if one.suffix == ".h5":
        return _content(one) == _content(other)
    if one.suffix == ".parquet":
        return pd.read_parquet(one).equals(pd.read_parquet(other))
    if one.name == "provenance.json":
        records = [json.loads(path.read_text()) for path in (one, other)]
        return all(records[0][key] == records[1][key] for key in records[0] if key != "wall_times")
    if one.name == "index.html" and (one.parent / "provenance.json").exists():
        return _without_times(one) == _without_times(other)
    return one.read_bytes() == other.read_bytes()


def _without_times(page: Path) -> str:
    """A run's page without the section that says how long its rules took."""
    return re.sub(r'<section aria-labelledby="time">.*?</section>', "", page.read_text(encoding="utf-8"), flags=re.S)


def _content(path: Path) -> dict:
    """Every dataset of an HDF5 file as type, shape and bytes, and every attribute, by name."""
    content: dict = {}

    def add(name, item):
        content[name] = {key: str(value) for key, value in item.attrs.items()}
        if isinstance(item, h5py.Dataset):
            values = np.asarray(item[()])
            content[name, "data"] = (str(values.dtype), values.shape, values.tobytes())

    with h5py.File(path) as file:
        add("/", file)
        file.visititems(add)
    return content

"""Disks that are full or closed, files that are damaged or of others, memory that runs out."""

import errno
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.lib.files.hdf5 import (
    append_rows,
    create_h5,
    growing_dataset,
    open_h5,
    read_attribute,
    read_strings,
    write_array,
    write_strings,
)
from scripts.lib.jobs.errors import UserError
from scripts.lib.media.frame_batches import read_work
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import write_shots
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import read_csv
from scripts.lib.tables.shards import check_folder, mark_folder, read_shard_csv, write_shard_csv
from scripts.lib.workflow.processes import check_places, explain_kills
from scripts.shots.detect_shots import detect_shots
from tests.helpers import ROOT, replay
from tests.helpers.mini import RUN, SETTINGS, WAYS, Started, copy_of


@pytest.fixture(scope="module")
def own_mounts():
    """The beginning of a command that may mount disks which nobody else sees."""
    for options in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        command = ["unshare", *options, "--propagation", "private"]
        trial = [*command, "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
        if shutil.which("unshare") and subprocess.run(trial, capture_output=True).returncode == 0:
            return command
    pytest.skip("no disk can be mounted here, neither as root nor in a user namespace of one's own")


def test_a_full_disk_in_each_way_of_writing(undisturbed, own_mounts, tmp_path):
    """The job says what it needs and where, leaves nothing half-written, and goes on when there is room."""
    command = [*own_mounts, sys.executable, "-m", "tests.helpers.replay", undisturbed.path]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {rule: [] for rule in WAYS}


def test_a_run_goes_on_when_there_is_room_and_when_results_may_be_written(material, own_mounts, tmp_path):
    """The same command, first on a closed disk, then on a full one, then on one with room."""
    workspace = copy_of(material, tmp_path / "run")
    (workspace.path / "results").mkdir()
    targets = (f"{RUN}/taxonomy/hvu_labels.csv", f"{RUN}/taxonomy/slugline_labels.csv")
    snakemake = " ".join(f"'{word}'" for word in (sys.executable, "-m", "snakemake", *targets, *SETTINGS))
    script = f"""
        mount -t tmpfs -o ro tmpfs results; {snakemake}; echo "ENDED $?"
        mount -o remount,rw,size=8k results; {snakemake}; echo "ENDED $?"
        mount -o remount,rw,size=8m results; {snakemake}; echo "ENDED $?"
        find results -name '*.part*'; ls {RUN}/taxonomy
    """
    command = [*own_mounts, "bash", "-c", script]
    done = subprocess.run(command, cwd=workspace.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    closed, full, _, files = re.split(r"ENDED \d+\n", done.stdout)
    assert re.findall(r"ENDED (\d+)", done.stdout) == ["1", "1", "0"], done.stdout
    assert "cannot be written to (Read-only file system). Make it writable" in closed
    assert "cannot be written: no space is left on its disk. It needs more than" in full
    assert "Traceback" not in closed + full
    assert set(files.split()) == {
        *("hvu_labels.csv", "rare_places.csv", "screenplays.csv", "slugline_labels.csv", "sluglines.parquet"),
    }


def test_what_has_no_place_is_told_before_any_job_begins(material, own_mounts, tmp_path):
    """Files of the run and files to be fetched (the sentence encoder), each with what is in the way."""
    workspace = copy_of(material, tmp_path / "run")
    script = f"""
        mount -t tmpfs -o ro tmpfs resources; mkdir -p {RUN}; ln -s /no/where {RUN}/taxonomy
        '{sys.executable}' -m snakemake taxonomy --cores 1 --configfile mini.yaml
    """
    command = [*own_mounts, "bash", "-c", script]
    done = subprocess.run(command, cwd=workspace.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 1
    assert "resources/ may not be written to, or its disk is mounted read-only" in done.stdout
    assert f"{RUN}/taxonomy is not a folder" in done.stdout and "Traceback" not in done.stdout
    assert "[taxonomy]" not in done.stdout


def test_files_in_the_way_of_folders_are_named(tmp_path):
    """At any level; what is there, or can be made, is no problem."""
    (tmp_path / "file").touch()
    check_places([tmp_path / "x.csv", tmp_path / "new/folder/x.csv"])
    with pytest.raises(UserError, match=r"(?s)file is not a folder\nCorrect this"):
        check_places([tmp_path / "x.csv", tmp_path / "file/taxonomy/x.csv"])


HDF5_ON_A_FULL_DISK = """
import sys, subprocess
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={sys.argv[2]}k", "tmpfs", sys.argv[1]], check=True)
import numpy as np
from scripts.lib.jobs.errors import UserError
from scripts.lib.files.hdf5 import append_rows, create_h5, growing_dataset, write_array
path = sys.argv[1] + "/x.h5"
try:
    with create_h5(path, {"a": "b"}) as file:
        for clip in range(4):
            rows = growing_dataset(file.create_group(f"c{clip}"), "features", "f2", 100)
            for _ in range(10):
                append_rows(rows, np.ones((40, 100), "f2"))
            write_array(file, f"frame{clip}", np.arange(400))
except UserError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.parametrize("size", [4, 60, 330])
def test_hdf5_survives_a_full_disk(own_mounts, tmp_path, size):
    """Wherever in the file the disk ends: in its data, in what describes it, or when it is closed."""
    command = [*own_mounts, sys.executable, "-c", HDF5_ON_A_FULL_DISK, str(tmp_path), str(size)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "x.h5 cannot be written: no space is left on its disk" in done.stdout


OTHER_WRITERS = """
import sys, subprocess, shutil
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", sys.argv[1]], check=True)
import numpy as np
from pathlib import Path
from scripts.lib.jobs.errors import UserError
from scripts.lib.files.atomic import atomic_folder, atomic_path
final, kind = Path(sys.argv[1], "result"), sys.argv[2]
try:
    with (atomic_folder if kind in ("copies", "films") else atomic_path)(final) as place:
        if kind == "weights":
            from safetensors.numpy import save_file
            save_file({"a": np.zeros(100_000)}, place)
        elif kind == "copies":
            shutil.copytree("scripts/lib", place, dirs_exist_ok=True)
        else:
            from scripts.demo.render_clips import encode
            noise = np.random.default_rng(0).integers(0, 256, (200, 180, 320, 3), np.uint8)
            form = {"codec": "libx264", "options": "preset=ultrafast", "variable": "no"}
            encode(place / "film.mp4", ((0, index * 3750, picture) for index, picture in enumerate(noise)), form, 1)
except UserError as error:
    print(error, list(final.parent.iterdir()))
"""


@pytest.mark.parametrize("kind", ["weights", "copies", "films"])
def test_libraries_that_word_a_full_disk_in_their_own_way_are_understood(own_mounts, tmp_path, kind):
    """Tensors, copied folders and films; tables, pictures and HDF5 are met in the rules above."""
    command = [*own_mounts, sys.executable, "-c", OTHER_WRITERS, str(tmp_path), kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "result cannot be written: no space is left on its disk. It needs more than" in done.stdout, done.stderr
    assert done.stdout.endswith(" []\n")


def write_sample(path: Path) -> None:
    """A file like a shard's."""
    random = np.random.default_rng(0)
    features, names = random.random((300, 16)).astype("f2"), ["bar", "café", "a longer name"]
    attributes = {"fingerprint": "abc", "encoder": "an encoder's name", "weights_sha256": "0123456789abcdef" * 4}
    with create_h5(path, attributes) as file:
        group = file.create_group("clips/clip")
        append_rows(growing_dataset(group, "features", "f2", 16), features)
        write_array(group, "shot", np.arange(300))
        write_strings(file, "labels", names)


def read_sample(path: Path) -> tuple:
    with open_h5(path, "abc") as file:
        names, attributes = read_strings(file["labels"]), {name: read_attribute(file, name) for name in file.attrs}
        clip = file["clips/clip"]
        return clip["features"][:].tobytes(), clip["shot"][:].tobytes(), tuple(names), attributes


def test_a_flipped_bit_is_found_or_harmless(tmp_path):
    """Read is what was written, or the file is refused with the remedy; 800 bits, half in attributes."""
    path, chance = tmp_path / "x.h5", random.Random(0)
    write_sample(path)
    whole, content = read_sample(path), path.read_bytes()
    text, refused = range(content.index(b"an encoder's"), content.index(b"89abcdef") + 60), 0
    for place in [*chance.choices(range(len(content)), k=400), *chance.choices(text, k=400)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            assert read_sample(path) == whole
        except UserError as error:
            assert f"rm {shlex.quote(str(path))}" in str(error)
            refused += 1
    assert refused > 600


@pytest.mark.parametrize("share", [0.0, 0.6, 0.999])
def test_a_truncated_file_is_refused(tmp_path, share):
    """A copy that broke off, wherever."""
    write_sample(tmp_path / "x.h5")
    os.truncate(tmp_path / "x.h5", int((tmp_path / "x.h5").stat().st_size * share))
    with pytest.raises(UserError, match="\n  rm "):
        read_sample(tmp_path / "x.h5")


ROWS = [{"clip_id": "a", "shot": 1}, {"clip_id": "a", "shot": 2}, {"clip_id": "b", "shot": 1}]


def test_shard_tables_come_back(tmp_path):
    """With text in every field, and also without a row."""
    write_shard_csv(tmp_path / "x.csv", ("clip_id", "shot"), ROWS, "abc")
    assert read_shard_csv(tmp_path / "x.csv", "abc") == [{**row, "shot": str(row["shot"])} for row in ROWS]
    write_shard_csv(tmp_path / "x.csv", ("clip_id", "shot"), [], "abc")
    assert read_shard_csv(tmp_path / "x.csv", "abc") == []


def test_a_shard_table_that_is_not_whole_is_refused(tmp_path):
    """Cut off anywhere; only the last line's end may be missing."""
    path = tmp_path / "x.csv"
    write_shard_csv(path, ("clip_id", "shot"), ROWS, "abc")
    content = path.read_text()
    path.write_text(content[:-1])
    assert content[-1] == "\n" and len(read_shard_csv(path, "abc")) == len(ROWS)
    for kept in range(len(content) - 1):
        path.write_text(content[:kept])
        with pytest.raises(UserError, match="\n  rm "):
            read_shard_csv(path, "abc")


def test_tables_and_folders_of_other_clips_are_refused(tmp_path):
    """They are not of this shard, or do not say whose they are."""
    write_shard_csv(tmp_path / "x.csv", ("clip_id", "shot"), ROWS, "abc")
    with pytest.raises(UserError, match=r"made for other clips than this shard's; delete it"):
        read_shard_csv(tmp_path / "x.csv", "xyz")
    # control: nothing else about the table would tell
    assert len(read_csv(tmp_path / "x.csv")) == len(ROWS)
    (tmp_path / "x.csv").write_text("clip_id,shot\na,1\n")
    with pytest.raises(UserError, match="does not say for which clips"):
        read_shard_csv(tmp_path / "x.csv", "abc")
    with pytest.raises(UserError, match="made for other clips"):
        check_folder(tmp_path, "abc")
    mark_folder(tmp_path, "abc")
    check_folder(tmp_path, "abc")
    quoted = tmp_path / "it's"
    quoted.mkdir()
    mark_folder(quoted, "abc")
    with pytest.raises(UserError) as refusal:
        check_folder(quoted, "xyz")
    assert shlex.split(str(refusal.value).splitlines()[-1]) == ["rm", "-r", str(quoted)]
    row = {"clip_id": "a", "status": "ok", "n_frames": 3}
    write_shard_csv(tmp_path / "clips.csv", row, [row], "abc")
    write_shots(tmp_path / "shots.csv", [], "abc")
    with pytest.raises(UserError, match="the clips a have no shots"):
        read_work([Clip("a", "a.mp4")], tmp_path / "clips.csv", tmp_path / "shots.csv", "abc")


READERS = {
    "downloads/00000.csv": ("list_failures",),
    "clips/00000.csv": ("list_failures", "write_provenance", "embed_frames"),
    "shots/00000.csv": ("embed_frames", "collect_shots", "make_thumbnails", "sample_shots"),
    "embeddings/clip_small/00000.h5": (
        "list_failures",
        "score_shots",
        "collect_shots",
        "measure_frame_budget",
        "plot_score_matrix",
    ),
    "scores/clip_small/00000.h5": ("collect_shots", "plot_score_matrix"),
    "gallery/thumbnails/00000": ("make_gallery",),
}


def test_every_reader_of_a_shards_file_finds_out_a_foreign_one(undisturbed, tmp_path, monkeypatch):
    """The other shard's file under this shard's name; each reading job is repeated alone, as a fork of this process."""
    workspace = copy_of(undisturbed, tmp_path / "run")
    monkeypatch.chdir(workspace.path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    jobs = {}
    for path in sorted((workspace.path / "kept").glob("*.py")):
        # Of the jobs of one shard the first shard's is wanted; jobs of all shards name both.
        rule = path.name.split(".")[0]
        if rule not in jobs or "00001" not in path.read_text():
            jobs[rule] = path
    accepted = []
    for name, readers in READERS.items():
        ours, other = workspace.path / RUN / name, workspace.path / RUN / name.replace("00000", "00001")
        shutil.move(ours, tmp_path / "ours")
        (shutil.copytree if other.is_dir() else shutil.copy)(other, ours)
        for rule in readers:
            code, said = replay.run(jobs[rule].read_text(), str(jobs[rule]))
            if code != 1 or "made for other clips than this shard's" not in said:
                accepted.append((name, rule, said[-300:]))
        shutil.rmtree(ours) if ours.is_dir() else ours.unlink()
        shutil.move(tmp_path / "ours", ours)
    assert accepted == []


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EMFILE, "Too many open files")])
def test_the_machines_faults_are_not_a_clips(make_video, monkeypatch, error):
    """A clip that could not be decoded for want of memory is not written down as a bad one."""
    clip = make_video([((9, 9, 9), 3)]).clip

    def fail(*_):
        raise error

    monkeypatch.setattr("scripts.shots.detect_shots.detect_cuts", fail)
    with pytest.raises(type(error)):
        detect_shots([clip], None, "content", {})
    monkeypatch.setattr("scripts.shots.detect_shots.detect_cuts", lambda *_: 1 / 0)
    assert detect_shots([clip], None, "content", {})[0][0]["status"] == "failed"


def test_a_job_killed_for_its_memory_is_explained(material, tmp_path):
    """Snakemake tells that a job is dead; what to do about it is told by the workflow. The run then goes on."""
    workspace, gate = copy_of(material, tmp_path / "run"), tmp_path / "gate"
    gate.mkdir()
    (gate / "shut").write_text("detect_shots")
    target = f"{RUN}/shots/00000.csv"
    run = Started(workspace, target, FAULTS_GATE=str(gate))
    while not list(gate.glob("detect_shots.*")):
        assert run.code() is None, run.text()
    os.kill(next(iter(run.jobs())), signal.SIGKILL)
    assert run.end() == 1
    assert "most likely because memory ran out" in run.text()
    told = f"detect_shots ({RUN}/clips/00000.csv, {target}); see {RUN}/logs/detect_shots/00000.log"
    assert f"Failed:\n  - {told}\n" in run.text()
    assert not (workspace.path / target).exists()
    Started(workspace, target).finish()
    failed = workspace.path / "failed.log"
    failed.write_text("RuleException: returned non-zero exit status 1.")
    assert explain_kills([str(failed)]) == ""


def test_a_folder_of_clips_that_is_gone_fails_no_clip(material, tmp_path):
    """As when a disk is not mounted: the run stops, and no clip is taken for a bad one."""
    workspace = copy_of(material, tmp_path / "run")
    run = Started(workspace, f"{RUN}/clips/00000.csv", "--config", "clips={root: /no/such/disk}")
    assert run.end() == 1
    assert "the folder of the clips, /no/such/disk, does not exist" in run.text()
    assert not (workspace.path / RUN / "clips/00000.csv").exists()


@pytest.mark.parametrize("kept", [0, 4, 0.5, 0.99])
def test_a_damaged_parquet_table_is_refused_with_the_remedy(tmp_path, kept):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"shot_id": [f"a-Scene-{n:03d}" for n in range(500)]}).to_parquet(path)
    assert len(read_parquet(path)) == 500
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(UserError, match="is damaged or incomplete") as refusal:
        read_parquet(path, columns=["shot_id"])
    assert f"rm {shlex.quote(str(path))}" in str(refusal.value)

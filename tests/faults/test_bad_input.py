"""Files and settings that are wrong or hostile: refused with the reason, and nothing in them is executed."""

import copy
import csv
import io
import json
import pickle
import random
import re
import subprocess
import sys
from functools import partial

import h5py
import numpy as np
import pytest
import yaml
from snakemake.utils import update_config

from scripts.lib.files.hdf5 import open_h5
from scripts.lib.jobs.errors import UserError
from scripts.lib.records import clips as manifest_module
from scripts.lib.records import labels as labels_module
from scripts.lib.records import shots as shots_module
from scripts.lib.records.clips import COLUMNS, SAFE_ID, read_manifest
from scripts.lib.records.labels import read_labels
from scripts.lib.records.release_lines import read_label_map, read_lines
from scripts.lib.records.shots import read_shot_list
from scripts.lib.tables.frames import read_frame
from scripts.lib.tables.rows import read_csv
from scripts.lib.workflow import sources as sources_module
from scripts.lib.workflow.config import check_config, check_keys, load_schema, read_typed
from scripts.lib.workflow.sources import read_sources
from scripts.taxonomy import review as review_module
from scripts.taxonomy.list_hvu_labels import hvu_labels
from scripts.taxonomy.review import read_review
from scripts.taxonomy.sentences import embed_texts
from tests.helpers import ROOT
from tests.helpers.mini import Started, copy_of, random_weights

N_FUZZED = 300
# What people and programs put where something else is wanted.
ODD = (
    *(None, True, 0, -1, 1e400, float("nan"), 10**30, "", " ", "\0", "null", "../..", "/", "~", "{clip}", "{", "=1+1"),
    *("a" * 5000, "é\u202e😀", "\udce9", "%s", "-rf", [], [[]], {}, {"": None}, [None], {"a": {"b": [1]}}, "1e9", "on"),
)


def places(node, path=()):
    """Every place in a configuration, as the keys that lead to it."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def spoilt_config(config: dict, chance: random.Random) -> dict:
    """The configuration with one to four places changed, removed, renamed or doubled."""
    config = copy.deepcopy(config)
    for _ in range(chance.randint(1, 4)):
        known = list(places(config))
        if not known:
            break
        *way, last = chance.choice(known)
        node = config
        for key in way:
            node = node[key]
        kind = chance.choice(("odd", "odd", "odd", "remove", "rename", "text"))
        if kind == "odd":
            node[last] = copy.deepcopy(chance.choice(ODD))
        elif kind == "text":
            node[last] = str(node[last])
        elif kind == "remove":
            del node[last]
        elif isinstance(node, dict):
            node[chance.choice((f"{last}x", 7, "", None, True))] = node.pop(last)
    return config


@pytest.mark.parametrize("name", ["demo.yaml", "tag.yaml", "published.yaml"])
def test_fuzzed_configurations_are_refused_in_words_or_valid(name):
    """A hundred of each: what passes the check has the shape of its schema, what does not says what is wrong."""
    schema = load_schema(ROOT / "config/schema.yaml")
    config, chance = yaml.safe_load((ROOT / "config/default.yaml").read_text()), random.Random(name)
    update_config(config, yaml.safe_load((ROOT / "config" / name).read_text()))
    refused = 0
    for _ in range(N_FUZZED // 3):
        spoilt = spoilt_config(config, chance)
        try:
            check_config(read_typed(spoilt, schema), schema)
        except UserError as error:
            assert "problem(s):\n  - " in str(error)
            refused += 1
    assert 50 < refused <= N_FUZZED // 3


def spoilt_table(text: str, chance: random.Random) -> bytes:
    """A table with a few bytes, cells or lines changed."""
    data = bytearray(text.encode())
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(max(1, len(data)))
        kind = chance.choice(("byte", "cell", "cut", "line", "cell"))
        if kind == "byte":
            data[place : place + 1] = bytes([chance.randrange(256)])
        elif kind == "cell":
            data[place:place] = str(chance.choice(ODD)).encode("utf-8", "surrogateescape") + chance.choice((b",", b""))
        elif kind == "cut":
            del data[place:]
        else:
            data[place:place] = b'\n"'
    return bytes(data)


def test_fuzzed_manifests_are_refused_in_words_or_read(tmp_path):
    """Three hundred files; what is read has ids that are safe in names of files."""
    rows = [(f"clip{number}", f"{number}.mp4", "tt1", "Title", "1999", "Drama", "", "", "60") for number in range(4)]
    stream = io.StringIO()
    csv.writer(stream).writerows([COLUMNS, *rows])
    chance, refused = random.Random(0), 0
    for _ in range(N_FUZZED):
        (tmp_path / "clips.csv").write_bytes(spoilt_table(stream.getvalue(), chance))
        try:
            clips = read_manifest(tmp_path / "clips.csv")
        except UserError as error:
            assert "clips.csv" in str(error)
            refused += 1
        else:
            assert all(SAFE_ID.fullmatch(clip.clip_id) for clip in clips)
    assert 100 < refused < N_FUZZED


READERS = {
    "labels.txt": read_labels,
    "review.csv": read_review,
    "shots.csv": read_shot_list,
}
WHOLE = {
    "labels.txt": "bar\nkitchen\nstreet\n",
    "review.csv": "label,decision,into,reason\nbar,keep,,\npub,merge,bar,the same\n",
    "shots.csv": "clip_id,start_time,end_time\na,0,1\na,1,2.5\n",
}


@pytest.mark.parametrize("name", READERS)
def test_fuzzed_tables_of_people_are_refused_in_words_or_read(tmp_path, name):
    """Labels, review and shot list: never another exception than the one for people."""
    chance = random.Random(name)
    assert READERS[name]((tmp_path / name).write_text(WHOLE[name]) and tmp_path / name)
    for _ in range(100):
        (tmp_path / name).write_bytes(spoilt_table(WHOLE[name], chance))
        try:
            READERS[name](tmp_path / name)
        except UserError as error:
            assert name in str(error)


MANIFEST, REVIEW = "clip_id,path\n", "label,decision,into,reason\n"
SOURCES = "path,version,url,sha256,licence,how_to_get\n"
PAGE = "<!DOCTYPE html><html><body>404</body></html>\n"
ODD_FILES = [
    (read_manifest, f'{MANIFEST}a,"a.mp4\nb,b.mp4\n', "unexpected end of data"),
    (read_manifest, "clip_id,path,path\na,a.mp4,b.mp4\n", "the column(s) 'path' more than once"),
    (read_manifest, f"{MANIFEST}{'a' * 181},a.mp4\n", "is longer than 180 characters"),
    (read_labels, "bar|pub\nkitchen\n", "'bar|pub' has a |, which separates labels"),
    (
        read_review,
        f"{REVIEW}caf\udce9,keep,,\n",
        "line 2: the label 'caf\\udce9' has characters that",
    ),
    (read_review, f"{REVIEW}bar,keep,,caf\udce9\n", "save the file as UTF-8"),
    (read_review, f'{REVIEW}bar,keep,,"x\npub,keep,,\n', "unexpected end of data"),
    (read_shot_list, 'clip_id,start_time,end_time\na,0,1\na,"1,2\na,2,3\n', "unexpected end of data"),
    (lambda path: hvu_labels(read_csv(path), path), "Tag,Category\ncaf\udce9,scene\n", "cannot be printed"),
    (lambda path: hvu_labels(read_csv(path), path), "Tag,Category\nbar|pub,scene\n", "'bar|pub' has a |"),
    (partial(read_lines, n_labels=3), f"a/a-Scene-001.mp4 {'9' * 5000}\n", "line 1: "),
    (read_label_map, "[" * 100_000, "cannot read the label map"),
    (read_sources, "", "lacks the column(s) path"),
    (read_sources, PAGE, "lacks the column(s) path"),
    (read_sources, SOURCES.replace(",", ";"), "lacks the column(s) path"),
    (read_sources, f"{SOURCES}a.txt,1\n", "incomplete rows"),
    (read_sources, f"{SOURCES}../../x,1,https://x.example,,MIT,x\n", "'../../x' is not one below resources/"),
    (read_sources, f"{SOURCES}/etc/x,1,https://x.example,,MIT,x\n", "'/etc/x' is not one below resources/"),
    (read_sources, f"{SOURCES}a.txt,1,file:///etc/passwd,,MIT,x\n", "is neither https://… nor hf://"),
    (read_sources, f"{SOURCES}a.txt,1,https://x.example,beef,MIT,x\n", "is neither 64 hexadecimal digits"),
    (read_sources, f"{SOURCES}a.txt,1,https://x.example,,MIT,x\na.txt,2,https://y.example,,MIT,y\n", "is repeated"),
    (lambda path: read_csv(path, "label"), "", "lacks the column(s) label"),
    (lambda path: read_csv(path, "label"), PAGE, "lacks the column(s) label"),
    (lambda path: read_csv(path, "label"), "label,n_scripts\nbar,2\nkit", "incomplete rows"),
    (lambda path: read_frame(path, ["label"]), "", "No columns to parse"),
    (lambda path: read_frame(path, ["label"]), PAGE, "lacks the column(s) label"),
    (lambda path: read_frame(path, ["label"]), "label\ncaf\udce9\n", "can't decode"),
    (check_keys, "run: a\nclips: {root: x}\nrun: b\n", "run is given on line 1 and again on line 3"),
    (check_keys, "clips: [{root: x,\n root: y}]\n", "clips.root is given on line 1 and again on line 2"),
]


@pytest.mark.parametrize(("reader", "text", "words"), ODD_FILES)
def test_odd_files_are_refused_in_words(tmp_path, reader, text, words):
    """Nothing of them is lost in silence, and none is taken for another; the file is named."""
    (tmp_path / "odd file").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError) as refusal:
        reader(tmp_path / "odd file")
    assert words in str(refusal.value) and "odd file" in str(refusal.value)


@pytest.mark.xfail(strict=True, raises=pytest.fail.Exception, reason="control: tables are taken as they are")
@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (read_manifest, f'{MANIFEST}a,"a.mp4\nb,b.mp4\n'),
        (read_manifest, f"{MANIFEST}{'a' * 181},a.mp4\n"),
        (read_review, f'{REVIEW}bar,keep,,"x\npub,keep,,\n'),
        (read_labels, "bar|pub\nkitchen\n"),
        (read_sources, f"{SOURCES}/etc/x,1,https://x.example,,MIT,x\n"),
        (read_csv, PAGE),
    ],
)
def test_odd_files_would_be_taken_without_the_checks(tmp_path, monkeypatch, reader, text):
    """The same with the protection switched off."""
    strict_reader = csv.DictReader
    monkeypatch.setattr(csv, "DictReader", lambda stream, **options: strict_reader(stream))
    monkeypatch.setattr(manifest_module, "LONGEST_ID", 1000)
    monkeypatch.setattr(labels_module, "label_problems", lambda labels: [])
    monkeypatch.setattr(sources_module, "_PATH", re.compile(".*"))
    (tmp_path / "odd file").write_text(text)
    with pytest.raises(UserError):
        reader(tmp_path / "odd file")


JOB = """
from scripts.lib.jobs.log import job_log
with job_log("job.log") as log:
    log.warning("no file caf\\udce9.mp4")
"""


def test_messages_pass_through_any_locale(material, tmp_path, monkeypatch):
    """Letters that a log cannot hold are written as numbers; they are no reason to fail, or to show code."""
    workspace = copy_of(material, tmp_path / "run")
    (workspace.path / "odd.csv").write_text(f"{MANIFEST}{'a' * 181},a.mp4\n")
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    run = partial(subprocess.run, cwd=workspace.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # A process decides on its locale when it starts, so this is no fork as in other tests.
    arguments = ("--dry-run", "--configfile", "mini.yaml", "--config", "clips={manifest: odd.csv}")
    told = run([sys.executable, "-m", "snakemake", "--cores", "2", *arguments]).stdout
    assert "is longer than 180 characters" in told and "Traceback" not in told
    done = run([sys.executable, "-c", JOB])
    assert done.returncode == 0 and "Logging error" not in done.stdout
    for words in (done.stdout, (workspace.path / "job.log").read_text()):
        assert r"no file caf\udce9.mp4" in words


HYPERLINK = '=HYPERLINK("http://x.example","see")'
QUOTED_HYPERLINK = '"' + HYPERLINK.replace('"', '""') + '"'


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("labels.txt", f"bar\n{HYPERLINK}\n", "begins like a formula"),
        ("labels.txt", "bar\n+cmd|' /C calc'!A0\n", "begins like a formula"),
        ("labels.txt", "bar\n\x1b[2Jkitchen\n", "cannot be printed"),
        (
            "review.csv",
            f"label,decision,into,reason\n{QUOTED_HYPERLINK},keep,,\n",
            "not a label",
        ),
        ("review.csv", "label,decision,into,reason\nbar,keep,,@SUM(1)\n", "the reason '@SUM(1)' begins like a formula"),
        ("review.csv", "label,decision\nbar,keep\n", "lacks the column(s) into, reason"),
        ("shots.csv", "clip_id,start_time,end_time\n../a,0,1\n", "'../a' is not a clip_id"),
        ("shots.csv", "clip_id,start_time,end_time\na,5,1\n", "goes from 5 to 1"),
        ("clips.csv", "clip_id,path,title\na,a.mp4,=1+1\n", "title '=1+1' begins like a formula"),
        ("clips.csv", "clip_id,path\n../../etc/x,a.mp4\n", "clip_id '../../etc/x' is empty or has characters"),
        ("clips.csv", "clip_id,path\n..,a.mp4\n", "clip_id '..' is empty or has characters"),
    ],
)
def test_formulas_and_paths_in_tables_are_refused(tmp_path, name, text, words):
    """With the line that is to be mended, or the cell itself."""
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError) as refusal:
        {**READERS, "clips.csv": read_manifest}[name](tmp_path / name)
    assert words in str(refusal.value)


@pytest.mark.xfail(strict=True, raises=pytest.fail.Exception, reason="control: cells and ids are taken as they are")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.txt", f"bar\n{HYPERLINK}\n"),
        ("review.csv", "label,decision,into,reason\nbar,keep,,@SUM(1)\n"),
        ("clips.csv", "clip_id,path,title\na,a.mp4,=1+1\n"),
        ("shots.csv", "clip_id,start_time,end_time\n../a,0,1\n"),
        ("clips.csv", "clip_id,path\n../../etc/x,a.mp4\n"),
    ],
)
def test_formulas_and_paths_would_be_taken_without_the_checks(tmp_path, monkeypatch, name, text):
    """The same with the protection switched off."""
    anything = re.compile(r"(?s).*")
    for module in (labels_module, manifest_module, review_module):
        monkeypatch.setattr(module, "is_formula", lambda cell: False)
    for module in (manifest_module, shots_module):
        monkeypatch.setattr(module, "SAFE_ID", anything)
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError):
        {**READERS, "clips.csv": read_manifest}[name](tmp_path / name)


def test_titles_and_ids_that_only_begin_so_are_no_formulas(tmp_path):
    """YouTube's ids begin with a hyphen, and films are called +1."""
    (tmp_path / "clips.csv").write_text("clip_id,path,title\n-dQw4w9,-dQw4w9.mkv,+1\nb,=b.mkv,@Suicide Room\n")
    assert [clip.title for clip in read_manifest(tmp_path / "clips.csv")] == ["+1", "@Suicide Room"]
    with pytest.raises(UserError, match="formula"):
        hvu_labels([{"Tag": "=1+1", "Category": "scene"}])


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".safetensors"])
def test_pickles_as_weights_are_refused_unopened(tmp_path, suffix):
    """Whatever the file is called; and the trap is a real one."""
    import torch

    from scripts.lib.networks.encoders import load_clip

    weights, sprung = tmp_path / f"weights{suffix}", tmp_path / "sprung"
    if suffix == ".pt":
        torch.save({"state_dict": Trap(sprung)}, weights)
    else:
        weights.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(UserError, match="weights"):
        load_clip(str(ROOT / "config/demo/clip_small.json"), weights, device="cpu")
    assert not sprung.exists()
    # control: whoever trusts the file is caught
    torch.load(weights, weights_only=False) if suffix == ".pt" else pickle.loads(weights.read_bytes())
    assert sprung.exists()


def test_weights_of_another_architecture_are_refused(tmp_path):
    """They name what does not fit, not a traceback."""
    from scripts.lib.networks.encoders import load_clip

    random_weights(tmp_path / "small.safetensors")
    other = json.loads((ROOT / "config/demo/clip_small.json").read_text())
    other["text_cfg"]["layers"] += 1
    (tmp_path / "clip_other.json").write_text(json.dumps(other))
    with pytest.raises(UserError, match=r"cannot be used for clip_other.*\n.*exactly this architecture"):
        load_clip(str(tmp_path / "clip_other.json"), tmp_path / "small.safetensors", device="cpu")


def test_a_sentence_encoder_that_brings_code_is_refused(tmp_path):
    """A folder may name a class of its own; it is not imported."""
    (tmp_path / "modules.json").write_text(
        json.dumps([{"idx": 0, "name": "0", "path": "", "type": "trap.Trap"}]), encoding="utf-8"
    )
    (tmp_path / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\nclass Trap: pass\n")
    (tmp_path / "config.json").write_text('{"model_type": "bert", "auto_map": {"AutoModel": "trap.Trap"}}')
    (tmp_path / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(UserError, match="not a sentence-transformers model that can be loaded"):
        embed_texts(tmp_path, ["bar"])
    assert not (tmp_path / "sprung").exists()


def hostile(path, kind, secret):
    """An HDF5 file that points at something."""
    with h5py.File(path, "w") as file:
        group = file.create_group("clip")
        if kind == "external link":
            group["features"] = h5py.ExternalLink(str(secret), "/secret")
        elif kind == "soft link":
            group["features"] = h5py.SoftLink("/elsewhere")
        elif kind == "external storage":
            group.create_dataset("features", (4,), "u1", external=[(str(secret), 0, 4)])
        else:
            layout = h5py.VirtualLayout((4,), "u1")
            layout[:] = h5py.VirtualSource(str(secret), "secret", (4,))
            group.create_virtual_dataset("features", layout)


@pytest.mark.parametrize("kind", ["external link", "soft link", "external storage", "virtual dataset"])
def test_hdf5_that_points_elsewhere_is_refused(tmp_path, kind):
    """Another file's content is not read in its place; and it would be."""
    secret = tmp_path / "secret"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.arange(4, dtype="u1")
    hostile(tmp_path / "x.h5", kind, secret)
    with pytest.raises(UserError, match=r"x\.h5 is refused"), open_h5(tmp_path / "x.h5"):
        pass
    if kind != "soft link":
        # control: HDF5 follows
        with h5py.File(tmp_path / "x.h5") as file:
            assert len(file["clip/features"][:]) == 4


SETTINGS = [
    {"clips": {"manifest": "a\0b.csv"}},
    {"clips": {"manifest": "material/{x}.csv"}},
    {"taxonomy": {"screenplays": "a" * 5000}},
    {"taxonomy": {"labels": "material/no{such}.txt"}},
    {"run": "../up"},
    {"chapters": "all", "shots": None},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "-".join(settings))
def test_snakemake_itself_ends_in_words(material, tmp_path, settings):
    """Odd settings in a whole configuration file, and a dry run of it: a plan or an error, no traceback."""
    workspace = copy_of(material, tmp_path / "run")
    config = yaml.safe_load((workspace.path / "mini.yaml").read_text())
    for section, value in settings.items():
        known = config[section]
        config[section] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    (workspace.path / "odd.yaml").write_text(json.dumps(config))
    run = Started(workspace, "--dry-run", "all", settings=("--configfile", "odd.yaml"))
    run.end()
    assert "Traceback" not in run.text(), run.text()
    assert run.code() == 0 or "rror" in run.text()
    assert not (tmp_path / "up").exists()


@pytest.mark.parametrize("text", ["[]", "!!python/object/apply:os.abort []"])
def test_files_that_are_no_configuration_end_in_words(material, tmp_path, text):
    """Whatever is given as `--configfile`."""
    workspace = copy_of(material, tmp_path / "run")
    (workspace.path / "odd.yaml").write_text(text)
    run = Started(workspace, "--dry-run", "all", settings=("--configfile", "odd.yaml"))
    assert run.end() == 1
    assert "Traceback" not in run.text(), run.text()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mini.yaml", "\nrun: other\n", "mini.yaml gives keys twice"),
        ("config/sources.csv", "../x,1,https://x.example,,MIT,x\n", "the table of sources"),
    ],
)
def test_what_is_wrong_before_any_job_is_told_alone(material, tmp_path, name, text, words):
    """The message, and no lines of code before or after it."""
    workspace = copy_of(material, tmp_path / "run")
    with open(workspace.path / name, "a") as file:
        file.write(text)
    run = Started(workspace, "--dry-run", "--quiet", "all", settings=("--configfile", "mini.yaml"))
    assert run.end() == 1
    assert words in run.text() and "Traceback" not in run.text() and 'File "' not in run.text()

"""Dry runs of everything that is shipped, lint, size, and configurations that cannot work."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

from scripts.lib.records.clips import Clip, write_manifest
from scripts.lib.tables.rows import read_csv
from scripts.report.provenance import PACKAGES
from tests.helpers import ROOT
from tests.helpers.rule_names import given_names, taken_names
from tests.unit.retrieve.test_sources import GOOD, server  # noqa: F401

# Shards of the downstream tasks, of which a plan needs one: more cost time and show no other rule.
ONE_SHARD = "downstream={tasks: {hvu: {shards: 1}, moviescope: {shards: 1}}}"
CONFIGS = sorted(path.name for path in (ROOT / "config").glob("*.yaml") if path.stem not in ("default", "schema"))


def job_rules():
    """Chapter, name and text of every rule that runs a script, wherever it stands in its file."""
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for text in re.split(r"^ *(?=(?:use )?rule \w+)", path.read_text(), flags=re.MULTILINE)[1:]:
            if "script:" in text:
                yield path.stem, re.match(r"rule (\w+)", text)[1], textwrap.dedent(text.partition("\n")[2])


def write_given_files(folder):
    """Files that users have or that are downloaded, so that every shipped configuration can be planned."""
    given = ("resources/screenplays/film.txt", "screenplays/film.txt", "resources/movieclip/movieCLIP_dataset.json")
    given += tuple(f"resources/moviescope/raw_data_{split}.p" for split in ("train", "val", "test"))
    texts = dict.fromkeys(("resources/clips.csv", *given), "clip_id,path\na,a.mkv\n")
    names = [f"{split}_multi_label_thresh_0_4_0_1_150_labels" for split in ("train", "val", "test")]
    names.append("test_shots_human_verified_multi_labels_v1_complete")
    texts |= dict.fromkeys((f"resources/movieclip/{file}.txt" for file in names), "a/a-Scene-001.mp4 0\n")
    for file, text in texts.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)


@pytest.mark.parametrize("name", CONFIGS)
def test_shipped_config_plans_all_targets(workspace, tmp_path, name):
    """A dry run of all targets finds a rule for every file, and writes nothing."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "film.mp4").touch()
    options = ["--configfile", f"config/{name}", "--config", ONE_SHARD]
    if "folder" in yaml.safe_load((ROOT / "config" / name).read_text()).get("clips", {}):
        options += [f"clips={{folder: '{tmp_path / 'videos'}'}}"]
    write_given_files(workspace.path)
    chapters = {chapter for chapter, _, _ in job_rules()} - (set() if name == "demo.yaml" else {"demo"})
    assert workspace.planned("all", "tag", "export", "tables", "figures", *chapters, *options)
    assert not (workspace.path / "results").exists()


def test_scripts_take_only_what_their_rules_give():
    """By name, from `input`, `output` and `params`; also from a rule that is a copy of another."""
    given = given_names(sorted((ROOT / "rules").glob("*.smk")))
    problems = [
        f"{rule}: {part}.{name}"
        for rule, (script, names) in given.items()
        for part, name in sorted(set(taken_names(ROOT / script)))
        if not {name, "**"} & names.get(part, set())
    ]
    assert problems == []
    assert {"train_model", "pretrain_model", "embed_chosen_frames"} <= set(given)


def test_a_chapter_has_one_name(workspace):
    """Its rule file, the folder of its scripts, a target and its entry in the configuration."""
    chapters = {chapter for chapter, _, _ in job_rules()}
    assert len(chapters) == 13
    for chapter, name, text in job_rules():
        assert f'"../scripts/{chapter}/' in text, name
    schema = yaml.safe_load((ROOT / "config/schema.yaml").read_text())
    listed = set(schema["properties"]["chapters"]["items"]["enum"])
    assert listed == chapters - {"retrieve"}
    targets = workspace.snakemake("--list-target-rules").stdout.split()
    assert chapters <= set(targets)


def test_a_name_means_one_thing_in_all_rule_files():
    """Snakemake reads them into one namespace, where a later file would replace the value of an earlier one."""
    files_of: dict[str, set[str]] = {}
    for path in sorted((ROOT / "rules").glob("*.smk")):
        for names in re.findall(r"^ *([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) =", path.read_text(), re.MULTILINE):
            for name in names.split(", "):
                files_of.setdefault(name, set()).add(path.name)
    assert len(files_of) > 40
    assert {name: files for name, files in files_of.items() if len(files) > 1} == {}


def test_a_new_chapter_costs_its_own_files_and_five_lines(workspace):
    """Its rules, its script, its keys in the defaults and in the schema, and a line in the Snakefile."""
    root = workspace.path
    (root / "scripts/census").mkdir()
    (root / "scripts/census/count_shots.py").write_text(
        "from scripts.lib.jobs.log import run_job\n\n\ndef main(snakemake):\n"
        "    open(snakemake.output[0], 'w').write('shots\\n')\n    return 'counted'\n\n\n"
        "if __name__ == '__main__':\n    run_job(main, snakemake)\n"
    )
    (root / "rules/census.smk").write_text(
        '"""The census: how many shots there are."""\n\n\nrule count_shots:\n    input:\n'
        '        code=code("census/count_shots"),\n    output:\n        out("tables/census.csv"),\n    log:\n'
        '        log_of("count_shots"),\n    params:\n        top=config["census"]["top"],\n    script:\n'
        '        "../scripts/census/count_shots.py"\n\n\nrule census:\n    input:\n        rules.count_shots.output,\n'
    )
    keys = "\ncensus: {top: 5, bottom: 1, unit: shot}\n"
    (root / "config/default.yaml").open("a").write(keys)
    schema = (root / "config/schema.yaml").read_text()
    schema = schema.replace("gallery, report]", "gallery, report, census]")
    (root / "config/schema.yaml").write_text(schema + "  census:\n    description: A chapter.\n    type: object\n")
    snakefile = (root / "Snakefile").read_text()
    line = 'include: "rules/report.smk"\n'
    (root / "Snakefile").write_text(snakefile.replace(line, f'include: "rules/census.smk"\n{line}'))
    done = workspace.snakemake("census")
    assert "[census] count_shots: counted" in done.stdout
    assert (root / "results/demo/tables/census.csv").read_text() == "shots\n"
    assert workspace.planned("tables", "--config", "chapters=[census]") == {}
    assert "census" in workspace.snakemake("help").stdout


def test_the_workflow_runs_from_another_folder(workspace, tmp_path):
    """With --directory, or with the Snakefile's path: its own files are found there, results are made here."""
    target = "results/demo/taxonomy/hvu_labels.csv"
    workspace.snakemake("--directory", tmp_path, target)
    assert (tmp_path / target).is_file() and not (workspace.path / "results").exists()


def test_clips_without_a_configuration_are_refused(workspace):
    done = workspace.snakemake("-n", "--config", "clips={folder: films}", check=False)
    assert done.returncode != 0
    assert "add --configfile config/tag.yaml" in done.stdout


def test_lint(workspace):
    assert "Congratulations" in workspace.snakemake("--lint").stdout


def test_nothing_heavy_is_imported_at_parse_time(workspace):
    """Parsing happens again in every job. Snakemake itself imports pandas if it finds its SLURM plugin."""
    path = workspace.path / "Snakefile"
    heavy = "{'torch', 'pandas', 'cv2', 'av', 'h5py', 'open_clip'} & (set(sys.modules) - BEFORE)"
    path.write_text(f"import sys\nBEFORE = set(sys.modules)\n{path.read_text()}\nprint('HEAVY', {heavy})\n")
    assert "HEAVY set()" in workspace.snakemake("--dry-run", "retrieve").stdout


def test_dry_run_of_the_papers_collection_is_small(workspace, shared_data, tmp_path):
    """32,484 clips in shards of 100: under 400 MB; benchmarks/dry_run.py measures the time too."""
    rows = read_csv(shared_data / "condensed_movies/clips.csv")[:32484]
    clips = [Clip(row["videoid"], f"{row['videoid']}.mkv", row["imdbid"], row["title"]) for row in rows]
    write_manifest(clips, tmp_path / "clips.csv")
    settings = json.dumps({"manifest": str(tmp_path / "clips.csv"), "folder": None, "shard_size": 100})
    probe = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print('MEASURED', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    snakemake = [sys.executable, "-m", "snakemake", "tag", "--dry-run", "--quiet", "rules", "--cores", "2"]
    done = subprocess.run(
        [sys.executable, "-c", probe, *snakemake, "--configfile", "config/tag.yaml", "--config", f"clips={settings}"],
        cwd=workspace.path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "detect_shots" in done.stdout and "325" in done.stdout
    assert float(re.search(r"MEASURED (\S+)", done.stdout)[1]) < 400


def test_no_job_of_a_folder_with_a_film_is_long(workspace, make_video, tmp_path):
    """90 minutes, and fifty clips of two: three windows of the film, and fifteen clips a shard."""
    for name, seconds, count in (("a film", 5400, 1), ("clip", 120, 50)):
        source = make_video([(1, 2)], fps=1, times=[0.0, float(seconds - 1)], size=(32, 32)).path
        for number in range(count):
            path = tmp_path / f"{name} {number:02d}.mp4"
            shutil.copy(source, path)
            # Large enough to be long; the end of the file is empty.
            os.truncate(path, 15_000_000)
    settings = json.dumps({"folder": str(tmp_path), "shard_size": 100})
    jobs = workspace.planned("tag", "--configfile", "config/tag.yaml", "--config", f"clips={settings}")
    expected = {"detect_shots": 5, "embed_frames": 4, "embed_window": 3, "join_windows": 1, "score_shots": 5}
    assert {rule: jobs[rule] for rule in expected} == expected


def test_the_record_of_a_run_covers_what_people_gave_it(workspace, tmp_path):
    """Lists, tags and answers that decide the labels, and the verified set, are inputs of the provenance."""
    evaluation = tmp_path / "evaluation_set.csv"
    evaluation.touch()
    (workspace.path / "Snakefile").open("a").write("\nprint('RECORDED', *rules.write_provenance.input.sources)\n")
    own = (f"dataset={{evaluation_set: {evaluation}}}", "chapters=[taxonomy, verification, report]")
    done = workspace.snakemake("-n", "retrieve", "--config", *own)
    (recorded,) = re.findall(r"RECORDED (.+)", done.stdout)
    settings = yaml.safe_load((ROOT / "config/demo.yaml").read_text())["taxonomy"]
    given = {settings[key] for key in ("hvu_tags", "review", "compare_with")}
    made = {"results/demo/taxonomy/screenplays.csv", "results/demo/taxonomy/labels.txt"}
    assert given | made | {str(evaluation)} <= set(recorded.split())


def test_a_review_file_that_is_not_there_is_told(workspace):
    """It may come later, or its name may be misspelt: answers that are not used would not be noticed."""
    done = workspace.snakemake("-n", "results/demo/taxonomy/labels.txt", "--config", "taxonomy={review: reviw.csv}")
    assert "there is no file reviw.csv yet, so no answer of an expert is used" in done.stdout
    assert "is used" not in workspace.snakemake("-n", "results/demo/taxonomy/labels.txt").stdout


def test_the_record_of_a_run_names_every_package_that_may_decide_its_results():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"]] == list(PACKAGES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["shots={treshold: 27}"], "unknown key 'shots.treshold'"),
        (["shots={parameters: {content: {treshold: 27}}}"], "did you mean 'threshold'?"),
        (["shots={detektor: content}"], "did you mean 'detector'?"),
        (["tagging={taggers: [clip_vit_b23]}"], "did you mean 'clip_vit_b32'?"),
        (["encoders={clip_vit_b32: {frames: some}}"], "encoders.clip_vit_b32.frames"),
        (["clips={shard_size: 0}"], "clips.shard_size"),
        (["run=../elsewhere"], "run"),
        (["clips={folder: /no/such/folder}"], "is not a folder"),
        (["dataset={top_k: 6}"], "dataset.top_k"),
        (["dataset={keep_fraction: 0}"], "dataset.keep_fraction"),
        (["verification={sample: {shots: 0}}"], "verification.sample.shots"),
    ],
)
def test_a_config_that_cannot_work_says_why(workspace, settings, message):
    done = workspace.snakemake("tag", "-n", "--configfile", "config/tag.yaml", "--config", *settings, check=False)
    assert done.returncode != 0
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_a_bad_manifest_lists_all_its_problems(workspace, tmp_path):
    manifest = tmp_path / "clips.csv"
    manifest.write_text("clip_id,path,start_time,end_time\na,a.mp4,,\na,b.mp4,5,2\n../x,c.mp4,,\n")
    settings = json.dumps({"manifest": str(manifest), "folder": None})
    done = workspace.snakemake(
        "tag", "-n", "--configfile", "config/tag.yaml", "--config", f"clips={settings}", check=False
    )
    assert done.returncode != 0
    for words in ("3 problem(s)", "line 3: clip_id 'a' is already used on line 2", "line 3: the window", "line 4"):
        assert words in done.stdout


def locked_versions(python: str) -> dict[str, str]:
    """Version of every package that the lock has for a version of Python, on Linux."""
    place = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    return {
        package["name"]: package["version"]
        for package in packages
        if "version" in package
        and any(
            Marker(marker).evaluate(place) for marker in package.get("resolution-markers", ["python_version > '3'"])
        )
    }


def environment_of(path: Path) -> tuple[str, dict[str, str]]:
    """Version of Python, and the versions that an environment pins by package."""
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    (python,) = [entry.removeprefix("python=") for entry in dependencies if str(entry).startswith("python=")]
    pins = [pin.split("==") for entry in dependencies if isinstance(entry, dict) for pin in entry["pip"]]
    return python, dict(pins)


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_environments_name_the_versions_that_the_lock_has_for_their_python(path):
    """Some packages are locked in two versions, of which one does not install on the older Python."""
    python, pins = environment_of(path)
    locked = locked_versions(python)
    assert pins
    assert pins == {package: locked.get(package) for package in pins}


# Where a distribution and what is imported from it have other names.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "open_clip": "open-clip-torch",
    "pympi": "pympi-ling",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "yaml": "pyyaml",
    "yt_dlp": "yt-dlp",
}


@cache
def imports_of(path: Path) -> tuple[set[str], list[Path]]:
    """What a module imports: names of packages, and files of ours."""
    modules = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            modules += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
    ours = [ROOT / f"{module.replace('.', '/')}.py" for module in modules if module.startswith("scripts.")]
    return {module.partition(".")[0] for module in modules}, [path for path in ours if path.is_file()]


def imported_by(script: Path) -> set[str]:
    """Distributions that are imported when a script is, by itself or by what it imports of ours."""
    found, todo, seen = set(), [script], set()
    while todo:
        path = todo.pop()
        seen.add(path)
        packages, ours = imports_of(path)
        todo += [path for path in ours if path not in seen]
        found |= packages
    packages = found - {"scripts"} - sys.stdlib_module_names
    return {DISTRIBUTIONS.get(package, package.replace("_", "-")) for package in packages}


def test_every_rules_environment_has_what_its_script_imports():
    """Only users of conda would notice."""
    missing = {}
    for _, name, text in job_rules():
        environment = re.search(r'conda:\s+"\.\./(envs/\w+\.yaml)"', text)[1]
        script = re.search(r'script:\s+"\.\./(scripts/[\w/]+\.py)"', text)[1]
        _, pins = environment_of(ROOT / environment)
        if lacks := imported_by(ROOT / script) - set(pins):
            missing[name] = lacks
    assert not missing


# Nothing is fetched again because its rule's script was edited.
FETCHING = {"retrieve_source", "retrieve_weights", "retrieve_label_encoder", "find_clips", "find_videos"}


def test_every_rule_depends_on_its_own_script():
    """Which modules that brings along is told by their imports: tests/unit/lib/workflow/test_imports.py."""
    without = set()
    for _, name, text in job_rules():
        script = re.search(r'script:\s+"\.\./scripts/([\w/]+)\.py"', text)[1]
        if not re.search(rf'^ *code=code\("{script}"(?:, costly=True)?\),$', text, re.MULTILINE):
            without.add(name)
    assert without == FETCHING


def test_every_rule_is_short_and_in_one_order():
    """A rule is read at a glance; the order of its parts is the formatter's, the same everywhere."""
    rules = {name: textwrap.dedent(text) for _, name, text in job_rules()}
    assert len(rules) > 40
    parts_of = {name: re.findall(r"^ *(\w+):$", text, re.MULTILINE) for name, text in rules.items()}
    order = max(parts_of.values(), key=len)
    for name, parts in parts_of.items():
        assert len(re.split(r"\n\n", rules[name])[0].splitlines()) < 36, name
        known = [part for part in parts if part in order]
        assert known == sorted(known, key=order.index), name
        assert {"output", "log", "message", "conda", "script"} <= set(parts), name


def test_the_environment_may_lie_in_a_path_with_spaces(workspace, tmp_path):
    """As it does for `uv run` in a checkout whose own path has a space in it."""
    environment = tmp_path / "an environment"
    environment.symlink_to(Path(sys.prefix))
    python = environment / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "snakemake", "--cores", "1", "results/demo/taxonomy/hvu_labels.csv"],
        cwd=workspace.path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

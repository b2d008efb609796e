"""What every rule asks of a cluster, by dry runs with profiles/slurm and the plugin's own function."""

import ast
import json
from pathlib import Path

import pytest
import yaml

from scripts.lib.workflow.imports import modules_of
from tests.helpers import ROOT
from tests.helpers.runs import Workspace, make_workspace
from tests.workflow.test_plans import CONFIGS, ONE_SHARD, job_rules, write_given_files

pytest.importorskip("snakemake_executor_plugin_slurm", reason="its plugin is not installed: uv sync --group cluster")

PROFILE = ("--workflow-profile", "profiles/slurm")
# Snakemake would count one core in a dry run, and give no job more.
CORES = ("--cores", "64")
TRAINING_GPUS = 3
# Rules that no shipped configuration plans, because they read files that a user names.
OF_OWN_FILES = {"compare_verified", "join_verified", "join_windows", "read_released_shots"}


def submissions(workspace: Workspace, *arguments: str) -> list[dict]:
    """What the jobs of a dry run would be submitted with, see `tests.helpers.submissions`."""
    options = ("--dry-run", "--forceall", *CORES, *PROFILE, *arguments)
    done = workspace.snakemake(*options, module="tests.helpers.submissions")
    marked = (line.partition("SUBMISSION ") for line in done.stdout.splitlines())
    return [json.loads(text) for _, mark, text in marked if mark]


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> dict[str, dict]:
    """What each rule of the shipped configurations would be submitted with, by its name."""
    folder = tmp_path_factory.mktemp("planned")
    workspace = make_workspace(folder)
    (folder / "videos").mkdir()
    (folder / "videos/film.mp4").touch()
    write_given_files(folder)
    chapters = {chapter for chapter, _, _ in job_rules()}
    wanted = {name for _, name, _ in job_rules()} - OF_OWN_FILES
    found = {}
    # The demo has most of the rules; others are asked for those that are missing.
    for name in sorted(CONFIGS, key=lambda name: (name != "demo.yaml", name != "published.yaml")):
        if wanted <= found.keys():
            break
        settings = ["--configfile", f"config/{name}", "--config", f"training={{gpus: {TRAINING_GPUS}}}"]
        settings += ["shots={detector: transnetv2}", ONE_SHARD]
        settings += [f"chapters=[{', '.join(chapters - {'retrieve'})}]"] if name == "demo.yaml" else []
        if "folder" in yaml.safe_load((ROOT / "config" / name).read_text()).get("clips", {}):
            settings += ["clips={folder: videos}"]
        settings += ["query=a kitchen"]
        # The demo has clips to search.
        targets = chapters | {"search"} if name == "demo.yaml" else chapters - {"demo"}
        found |= {
            job["rule"]: job
            for job in submissions(workspace, "all", "tag", "export", *targets, *settings)
            if job["script"]
        }
    return found


def uses_of_gpus(script: Path) -> set[str]:
    """Which of `gpu_of_job` and `gpus_of_job` a script reaches through the functions that it mentions."""
    functions = [
        (function.name, {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}, path)
        for path in modules_of(script, ROOT, ())
        for function in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(function, ast.FunctionDef)
    ]
    reached = set()
    for use in ("gpu_of_job", "gpus_of_job"):
        users = {use}
        while new := {name for name, mentioned, _ in functions if mentioned & users} - users:
            users |= new
        if any(name in users for name, _, path in functions if path == script):
            reached.add(use)
    return reached


def test_a_rule_asks_for_gpus_if_and_only_if_its_script_takes_them(planned):
    asked = {name: job["attempts"][0].get("--gpus") for name, job in planned.items()}
    expected = {}
    for chapter, name, _ in job_rules():
        if name in planned:
            script = Path(planned[name]["script"]).name
            uses = uses_of_gpus(ROOT / "scripts" / chapter / script)
            expected[name] = str(TRAINING_GPUS) if "gpus_of_job" in uses else "1" if uses else None
    assert {name: gpus for name, gpus in expected.items() if gpus}.keys() >= {"embed_frames", "train_model"}
    assert {name: asked[name] for name in expected} == expected, (
        "resources: gpu=1 belongs to rules whose scripts call gpu_of_job, gpu=<n> to those that call gpus_of_job"
    )


def test_every_job_says_what_it_needs_and_is_given_more_when_it_failed(planned):
    """Of memory, time and processors, on one node; lines that are missing are in the rule's `resources`."""
    for name, job in planned.items():
        if job["local"]:
            continue
        first = job["attempts"][0]
        assert {"--mem", "-t", "--cpus-per-task"} <= first.keys(), name
        assert first["--nodes"] == "1" and 1 <= int(first["--cpus-per-task"]) <= 8, name
        for option in ("--mem", "-t"):
            needs = [int(attempt[option]) for attempt in job["attempts"]]
            assert needs[0] < needs[1] < needs[2], f"{name}: {option} does not grow with the attempt: {needs}"


def test_light_work_and_downloads_run_beside_snakemake(planned):
    """Those without `threads` and `resources`, and nothing that takes a GPU."""
    texts = {name: (chapter, text) for chapter, name, text in job_rules()}
    for name, job in planned.items():
        chapter, text = texts.get(name, (None, "resources:"))
        light = "resources:" not in text and "threads:" not in text
        assert job["local"] == (light or chapter == "retrieve"), name
        assert not (job["local"] and "--gpus" in job["attempts"][0]), name


def test_every_rule_was_looked_at(planned):
    """A new rule is in none of these tests if no shipped configuration plans it."""
    missing = {name for _, name, _ in job_rules()} - planned.keys() - OF_OWN_FILES
    assert not missing, f"no configuration in config/ plans {missing}: add one that does, or name them in OF_OWN_FILES"


def test_a_shard_asks_for_no_more_than_its_clips_need(workspace):
    """Three clips: as many decoding threads; the number of processors of a node limits them."""
    root = workspace.path
    (root / "clips.csv").write_text("clip_id,path\na,a.mkv\nb,b.mkv\nc,c.mkv\n")
    (root / "labels.txt").write_text("bar\nkitchen\n")
    settings = ("tagging", "--configfile", "config/tag.yaml", "--config")
    settings += ("clips={manifest: clips.csv, folder: null}", "taxonomy={labels: labels.txt}")

    def processors(*more):
        jobs = submissions(workspace, *more, *settings)
        assert [job["rule"] for job in jobs if "--gpus" in job["attempts"][0]] == ["embed_frames"]
        return {job["rule"]: job["attempts"][0]["--cpus-per-task"] for job in jobs if not job["local"]}

    alone = processors()
    assert alone["embed_frames"] == alone["detect_shots"] == "3"
    small = processors("--max-threads", "2")
    assert small["embed_frames"] == small["detect_shots"] == "2"


def test_time_grows_with_the_shard(workspace):
    root = workspace.path
    (root / "labels.txt").write_text("bar\nkitchen\n")
    minutes = {}
    for count in (1, 100):
        rows = "".join(f"c{number},{number}.mkv\n" for number in range(count))
        (root / "clips.csv").write_text(f"clip_id,path\n{rows}")
        settings = ("--config", "clips={manifest: clips.csv, folder: null, shard_size: 100}")
        settings += ("taxonomy={labels: labels.txt}",)
        jobs = submissions(workspace, "tagging", "--configfile", "config/tag.yaml", *settings)
        minutes[count] = {job["rule"]: int(job["attempts"][0]["-t"]) for job in jobs if not job["local"]}
    assert minutes[1]["embed_frames"] == 60 and minutes[100]["embed_frames"] == 480
    # Three hours: shots are detected in one pass, windows of half an hour have jobs of their own.
    (root / "clips.csv").write_text("clip_id,path,duration\nfilm,film.mkv,10800\n")
    jobs = submissions(workspace, "tagging", "--configfile", "config/tag.yaml", *settings)
    limits = [(job["rule"], int(job["attempts"][0]["-t"])) for job in jobs if not job["local"]]
    assert limits.count(("embed_window", 72)) == 6 and ("detect_shots", 216) in limits
    assert "embed_frames" not in dict(limits)


def test_both_profiles_agree_where_the_results_depend_on_it():
    """The slurm profile replaces the default one; the rest is the cluster's."""
    default, slurm = (
        yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text()) for name in ("default", "slurm")
    )
    shared = default.keys() - {"resources"}
    assert {key: slurm[key] for key in shared} == {key: default[key] for key in shared}
    assert default["resources"].keys() - slurm["resources"].keys() == {"gpu"}


def test_a_lost_budget_is_told_with_its_remedy(workspace):
    """Any --resources discards the profile's list, without a word of Snakemake's."""

    def warned(*arguments):
        text = workspace.snakemake("-n", "taxonomy", *arguments).stdout
        return [line for line in text.splitlines() if "nothing limits" in line or line.startswith("  --resources")]

    assert warned(*PROFILE) == []
    problem, remedy = warned("--resources", "mem_mb=8000")
    assert "gpu or youtube" in problem
    assert remedy == "  --resources mem_mb=8000 gpu=1 youtube=1"
    assert warned(*remedy.split()) == []

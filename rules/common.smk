"""Configuration, manifest and shards, and the helpers that rules are written with.

Only persisted inputs decide what the shards are, because a job on a cluster node parses this file
again: the submitting process writes the run's manifest when it starts, jobs read it back.
"""

import os
import re
import shlex
from pathlib import Path

from scripts.lib.records import clips as manifests
from scripts.lib.workflow.config import complete_config
from scripts.lib.jobs.errors import UserError
from scripts.lib.workflow.processes import check_places, explain_kills, explained, hold_run, prepare_for_jobs

prepare_for_jobs(workflow.basedir)
explained(complete_config, config, workflow.basedir, OWN_CONFIGS, workflow.config_settings.overwrite_config)


def shipped(path):
    """A file of this repository, found from whichever folder Snakemake works in."""
    return os.path.relpath(Path(workflow.basedir, path))


def code(script):
    return []


def out(path):
    """A file of this run; braces in `path` are wildcards."""
    return f"results/{config['run']}/{path}"


def of_clips(path):
    """A file about clips, which runs over the same clips may share."""
    return f"results/{config['clips']['reuse'] or config['run']}/{path}"


def log_of(rule, wildcards=None):
    return out(f"logs/{rule}/{wildcards}.log" if wildcards else f"logs/{rule}.log")


def benchmark_of(rule, wildcards=None):
    return out(f"benchmarks/{rule}/{wildcards}.tsv" if wildcards else f"benchmarks/{rule}.tsv")


def page_of(name, *shared):
    """Frame, style and script of one offline page; `shared` names parts that several pages have."""
    parts = ["frame.html", "base.css", "base.js"]
    parts += [f"{part}.{suffix}" for part in shared for suffix in ("css", "js")]
    parts += [f"{name}.{suffix}" for suffix in ("html", "css", "js")]
    return [shipped(f"scripts/lib/pages/{part}") for part in parts]


def figures(*names):
    return [out(f"figures/{name}.{suffix}") for name in names for suffix in ("png", "svg")]


def tables(*names):
    return [out(f"tables/{name}.{suffix}") for name in names for suffix in ("csv", "md")]


RELEASED = config["dataset"]["released"]
# A run may start from clips, from published split files, or from neither: then it makes a taxonomy.
HAS_CLIPS = not RELEASED and bool(config["clips"]["folder"] or config["clips"]["manifest"])
HAS_DATASET = HAS_CLIPS or bool(RELEASED)
MANIFEST = of_clips("manifest.csv")
CLIPS = explained(manifests.find_clips, config["clips"], MANIFEST, workflow.is_main_process) if HAS_CLIPS else []
SHARD_SIZE = config["clips"]["shard_size"]
# Without a list of clips yet, all that needs clips comes down to one shard, which tells how they are listed.
SHARDS = manifests.cut_shards(CLIPS, SHARD_SIZE) or ({"00000": []} if HAS_CLIPS else {})
FINGERPRINTS = {shard: manifests.fingerprint(clips) for shard, clips in SHARDS.items()}

# The scene labels of this run: the user's own list, or what the taxonomy chapter ends in.
LABELS = config["taxonomy"]["labels"] or out("taxonomy/labels.txt")
# The tagger whose labels make the dataset.
TAGGER = config["tagging"]["taggers"][0]
# What was rendered; a user's own clips need no rule.
MEDIA = [out("demo/truth.csv")] if config["demo"] else []
VERIFIED = [config["dataset"]["verified"]] if config["dataset"]["verified"] else []
SPLITS = ("train", "val", "test")
SAMPLES, SAMPLE_LINES = ([out(f"dataset/splits/{split}.{suffix}") for split in SPLITS] for suffix in ("csv", "txt"))

# All cores given on one machine; on a cluster, where nobody says how many there are, eight. A clip
# is decoded by one thread, so a shard has no use for more of them than it has clips.
CORES = workflow.resource_settings.cores or 8
CLIPS_AT_A_TIME = min(CORES, SHARD_SIZE)


def shard_fingerprint(wildcards):
    """Changes when, and only when, the shard's clips do."""
    return FINGERPRINTS[wildcards.shard]


def of_shards(*paths):
    """The files of every shard, for rules that collect them."""
    return [path.replace("{shard}", shard) for path in paths for shard in SHARDS]


wildcard_constraints:
    shard=r"\d{5}",
    encoder="|".join(config["encoders"]),
    tagger="|".join(config["taggers"]),


onstart:
    if workflow.is_main_process:
        for folder in {out(""), of_clips("")}:
            explained(hold_run, folder)
        explained(check_places, asked_for())
        if CLIPS:
            explained(manifests.write_manifest, CLIPS, MANIFEST)


onerror:
    if advice := explain_kills(log):
        logger.error(advice)

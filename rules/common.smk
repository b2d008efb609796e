"""Configuration, manifest and shards, and the helpers that rules are written with.

Shards depend on stored files only, because a job on a cluster node parses this file again: the
submitting process writes the run's manifest when it starts, and jobs read it.
"""

import os
import re
import shlex
from pathlib import Path

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.gpu import threads_per_gpu
from scripts.lib.records import clips as manifests
from scripts.lib.workflow import cluster, processes, sources
from scripts.lib.workflow.config import complete_config
from scripts.lib.workflow.guide import closing_line, help_text
from scripts.lib.workflow.imports import RUNNING, STORING, modules_of
from scripts.lib.workflow.release_clips import clips_of_run
from scripts.lib.workflow.processes import explained

processes.prepare_for_jobs(workflow.basedir)
logger.addFilter(processes.is_news)
explained(complete_config, config, workflow.basedir, OWN_CONFIGS, workflow.config_settings.overwrite_config)


include: "paths.smk"


RELEASED = config["dataset"]["released"]
# A run starts from clips, from labelled shots, from published splits, with clips or without, or from none of these, and
# then makes a taxonomy only. Beside published splits, released shots only tell times.
RELEASED_SHOTS = None if RELEASED else config["dataset"]["released_shots"]
HAS_CLIPS = not RELEASED_SHOTS and bool(config["clips"]["folder"] or config["clips"]["manifest"])
IS_TAGGED = HAS_CLIPS and not RELEASED
HAS_SHOTS = IS_TAGGED or bool(RELEASED_SHOTS)
HAS_DATASET = HAS_SHOTS or bool(RELEASED)
MANIFEST = of_clips("manifest.csv")
CLIPS = explained(clips_of_run, config, MANIFEST, workflow.is_main_process) if HAS_CLIPS else []
# Until the clips are listed there is one shard, whose job says how to list them.
SHARDS = manifests.cut_shards(CLIPS, config["clips"]) or ({"00000": []} if HAS_CLIPS else {})
FINGERPRINTS = {shard: manifests.fingerprint(clips) for shard, clips in SHARDS.items()}

# The scene labels of this run: the user's list, or that of the chapter taxonomy.
LABELS = config["taxonomy"]["labels"] or out("taxonomy/labels.txt")
# The tagger whose labels make the dataset.
TAGGER = config["tagging"]["taggers"][0]
# The demo's clips are made by a rule; a user's exist.
MEDIA = [of_clips("demo/truth.csv")] if config["demo"] else []
VERIFIED = [config["dataset"]["verified"]] if config["dataset"]["verified"] else []
# A run that tags clips can make a verification study of its own; the videos of its shots then leave the splits.
STUDY = IS_TAGGED and not config["dataset"]["evaluation_set"]
HAS_STUDY = STUDY and "verification" in config["chapters"]
TASKS, VOTES = ([out(f"verification/{name}.csv")] if HAS_STUDY else [] for name in ("tasks", "votes"))
# Verified shots, published or of the study, on which models are evaluated.
EVALUATION = [out("verification/evaluation_set.csv")] if "verification" in config["chapters"] else []
SPLITS = ("train", "val", "test")
SAMPLES, SAMPLE_LINES = ([out(f"dataset/splits/{split}.{suffix}") for split in SPLITS] for suffix in ("csv", "txt"))
# Tables of the shots that networks other than the tagger's see. No votes decide which.
CHOSEN = [*(SAMPLES if "dataset" in config["chapters"] else []), *(TASKS or EVALUATION)]
# What Table 3 compares: trained models, and the tagger itself.
EVALUATED = [*config["training"]["models"], *(["clip"] if IS_TAGGED else [])]

# All cores of one machine, or those that a job on a cluster asks for. One thread decodes a clip, so a shard cannot use
# more threads than it has clips.
CORES = cluster.cores_given(workflow) or cluster.CLUSTER_CORES
CLIPS_AT_A_TIME = min(CORES, max(map(len, SHARDS.values()), default=1) or 1)


def shard_fingerprint(wildcards):
    """Changes if, and only if, the shard's clips change."""
    return FINGERPRINTS[wildcards.shard]


wildcard_constraints:
    shard=r"\d{5}",
    encoder="|".join(config["encoders"]),
    tagger="|".join(config["taggers"]),


onstart:
    if workflow.is_main_process:
        for folder in {out(""), of_clips("")}:
            explained(processes.hold_run, folder)
        missing = [path for path in rules.retrieve.input if not os.path.exists(path)]  # the others may be read-only
        explained(processes.check_places, [*asked_for(), *missing])
        explained(cluster.watch_queue, workflow)
        if CLIPS:
            explained(manifests.write_manifest, CLIPS, MANIFEST)


onsuccess:
    if workflow.is_main_process and (line := closing_line(out(""), len(CLIPS))):
        logger.info(line)


onerror:
    if advice := cluster.with_refusals(processes.explain_failures(log)):
        logger.error(advice)

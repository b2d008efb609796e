"""Configuration, manifest and shards, and the helpers that rules are written with.

Only persisted inputs decide what the shards are, because a job on a cluster node parses this file
again: the submitting process writes the run's manifest when it starts, jobs read it back.
"""

import locale
import os
import shlex
import sys
from pathlib import Path

from scripts.lib import manifest as manifests
from scripts.lib.config import check_config, check_keys, load_schema, read_typed
from scripts.lib.errors import UserError
from scripts.lib.imports import RUNNING, STORING, modules_of
from scripts.lib.jobs import check_places, explain_kills, hold_run, prepare_for_jobs
from scripts.lib.sources import CLIP_LIST, check_label_encoder, tagger_with

prepare_for_jobs(workflow.basedir)


def explained(function, *arguments):
    """Call `function`; on what a user can mend, Snakemake ends with the message alone.

    Any exception would come with a traceback, an input function's inside of two others.
    """
    try:
        return function(*arguments)
    except UserError as error:
        # Snakemake's log is in the locale's encoding, and a message may name any file.
        encoding = locale.getpreferredencoding(False)
        logger.error(f"Error: {error}".encode(encoding, "backslashreplace").decode(encoding))
        sys.exit(1)


SCHEMA = load_schema(workflow.source_path("../config/schema.yaml"))
for path in workflow.configfiles:
    explained(check_keys, path)
config.update(read_typed(config, SCHEMA))
explained(check_config, config, SCHEMA)


def out(path):
    """A file of this run; braces in `path` are wildcards."""
    return f"results/{config['run']}/{path}"


def log_of(rule, wildcards=None):
    return out(f"logs/{rule}/{wildcards}.log" if wildcards else f"logs/{rule}.log")


def benchmark_of(rule, wildcards=None):
    return out(f"benchmarks/{rule}/{wildcards}.tsv" if wildcards else f"benchmarks/{rule}.tsv")


def code(script, costly=False):
    """A script and the modules that decide its result: editing one runs the rule again.

    Paths are relative, so that a checkout can be moved with its results. What takes hours or days
    is not run again for an edit of how things are stored.
    """
    root = Path(workflow.basedir)
    modules = modules_of(root / "scripts" / f"{script}.py", root, RUNNING | STORING if costly else RUNNING)
    return [os.path.relpath(module) for module in modules]


def page_parts(path):
    """Frame, style and script of one offline page."""
    return [f"{path}.{part}" for part in ("html", "css", "js")]


# What all offline pages have in common, and what those with shots on them have.
PAGE = [f"scripts/lib/page/{part}" for part in ("frame.html", "base.css", "base.js")]
SHOT_CARDS = [f"scripts/lib/page/shots.{part}" for part in ("css", "js")]


def figures(*names):
    return [out(f"figures/{name}.{suffix}") for name in names for suffix in ("png", "svg")]


def clips_of_run():
    """The clips of this run, in the order that decides their shards; none before `retrieve` has listed them."""
    persisted = Path(MANIFEST)
    given = config["clips"]["manifest"] if workflow.is_main_process else persisted
    if LISTED_HERE and not Path(given).exists():
        return []
    if not workflow.is_main_process or not config["clips"]["folder"]:
        return manifests.read_manifest(given)
    found = manifests.list_folder(config["clips"]["folder"])
    if found.ignored:
        logger.info(found.ignored_line())
    known = manifests.read_manifest(persisted) if persisted.exists() else []
    return manifests.extend_with_folder(known, found.videos, config["clips"]["folder"])


# What fetches all that this run needs.
RETRIEVE = f"snakemake retrieve --configfile {shlex.join(map(os.path.relpath, workflow.configfiles))} --cores 1"

# The scene labels of this run: the user's own list, or what the taxonomy chapter ends in.
LABELS = config["taxonomy"]["labels"] or out("taxonomy/labels.txt")

# Each chapter adds its own; CHAPTERS is what `all` builds for each chapter that a config lists.
TABLES, FIGURES, PAGES, TAXONOMY, SOURCE_FILES, CHAPTERS = [], [], [], [], [], {}
# The tables of clips that were downloaded or looked for.
DOWNLOADED = []

MANIFEST = out("manifest.csv")
RELEASED = config.get("dataset", {}).get("released")
# A run that starts from released split files has neither clips nor a tagger, nor has one that only
# makes a taxonomy.
FROM_CLIPS = "clips" in config and not RELEASED
LISTED_HERE = FROM_CLIPS and not config["clips"]["folder"] and config["clips"]["manifest"] == CLIP_LIST
# The clips of a folder have just been found, and the demo renders its own.
LOOKED_FOR = FROM_CLIPS and not config["clips"]["folder"] and not config["demo"]
CLIPS = explained(clips_of_run) if FROM_CLIPS else []
SHARD_SIZE = config["clips"]["shard_size"] if FROM_CLIPS else 1
SHARDS = manifests.cut_shards(CLIPS, SHARD_SIZE)
if FROM_CLIPS and not CLIPS:
    # Everything that needs clips comes down to a shard of them, which tells how they are listed.
    SHARDS = {"00000": []}
FINGERPRINTS = {shard: manifests.fingerprint(clips) for shard, clips in SHARDS.items()}
TAGGER = config["taggers"][config["tagging"]["tagger"]] if FROM_CLIPS else None

SPLITS = ("train", "val", "test")
SAMPLES, SAMPLE_LINES = ([out(f"dataset/splits/{split}.{suffix}") for split in SPLITS] for suffix in ("csv", "txt"))
DATASET = [*SAMPLES, *SAMPLE_LINES, out("dataset/labels.csv"), out("dataset/movies.csv")]
VERIFIED = [config["dataset"]["verified"]] if config.get("dataset", {}).get("verified") else []

# All cores given on one machine; on a cluster, where nobody says how many there are, eight. A clip
# is decoded by one thread, so a shard has no use for more of them than it has clips.
CORES = workflow.resource_settings.cores or 8
CLIPS_AT_A_TIME = min(CORES, SHARD_SIZE)


def shard_fingerprint(wildcards):
    """Changes when, and only when, the shard's clips do."""
    return FINGERPRINTS[wildcards.shard]


def downloads(shard):
    """What the clips of a shard wait for: the list of those that are there, where that is not known before."""
    if not CLIPS:
        raise UserError(
            f"the clips of this run are not listed yet: there is no {CLIP_LIST}. This makes it, and fetches "
            f"whatever else has to be fetched:\n  {RETRIEVE}\nOr name a list of your own as clips.manifest"
        )
    return [out(f"downloads/{shard}.txt")] if LOOKED_FOR else []


def tagger_of(wildcards):
    """The tagger whose weights have the path asked for, which need not be the run's."""
    weights = f"resources/weights/{wildcards.model}/{wildcards.tag}.safetensors"
    return explained(tagger_with, weights, config.get("taggers", {}))


def label_encoder(wildcards):
    """The sentence encoder that belongs into the folder asked for."""
    folder = f"resources/encoders/{wildcards.encoder}"
    return explained(check_label_encoder, folder, config["taxonomy"].get("encoder"))


def of_shards(path):
    """The file of every shard, for rules that collect them."""
    return [out(path).replace("{shard}", shard) for shard in SHARDS]


wildcard_constraints:
    shard=r"\d{5}",


onstart:
    if workflow.is_main_process:
        explained(hold_run, out(""))
        explained(check_places, [path for job in workflow.dag.needrun_jobs() for path in job.output])
        if CLIPS:
            explained(manifests.write_manifest, CLIPS, MANIFEST)


onerror:
    if advice := explain_kills(log):
        logger.error(advice)

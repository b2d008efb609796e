"""Paths of files: of this repository, of a run, of its chapters."""

import hashlib

from scripts.lib.workflow.tasks import extractor_encoder, pretrained_of, shard_names, task_settings


def code(script, costly=False):
    """A script and the modules that decide its result, as inputs: editing one runs the rule again.

    Paths are relative, so that a checkout can be moved with its results. A `costly` rule, which takes
    hours or days, does not run again for an edit of how data are stored.
    """
    root = Path(workflow.basedir)
    modules = modules_of(root / "scripts" / f"{script}.py", root, RUNNING + STORING if costly else RUNNING)
    return [os.path.relpath(module) for module in modules]


def shipped(path):
    """A file of this repository, relative to the working directory."""
    return os.path.relpath(Path(workflow.basedir, path))


def out(path):
    """A file of this run; braces in `path` are wildcards."""
    return f"results/{config['run']}/{path}"


def published(path):
    """A file with what was published; of a run that joins it to its own shots, in a folder of its own."""
    return out(f"published/{path}" if RELEASED and HAS_CLIPS else path)


def of_clips(path):
    """A file that runs over the same clips can share (`clips.reuse`)."""
    return f"results/{config['clips']['reuse'] or config['run']}/{path}"


def of_shards(*paths):
    """The files of every shard, for rules that collect them."""
    return [path.replace("{shard}", shard) for path in paths for shard in SHARDS]


def time_limit(per_clip):
    """Of the job of a shard or a window, longer with each attempt; `per_clip` is for two minutes, but an hour at least."""

    def minutes(wildcards, attempt):
        durations = [clip.duration or 120 for clip in SHARDS[wildcards.shard]]
        footage = config["clips"]["shard_minutes"] if "window" in wildcards.keys() else sum(durations) / 60
        return attempt * max(60, round(per_clip * footage / 2))

    return minutes


def window_of(wildcards):
    """Seconds of a film, from and to, in which the shots of a window begin; None for the job of a whole shard."""
    if "window" not in wildcards.keys():
        return None
    number, length = int(wildcards.window), 60 * config["clips"]["shard_minutes"]
    is_last = number == WINDOWS[wildcards.shard] - 1
    return [number * length, float("inf") if is_last else (number + 1) * length]


def windows_of(wildcards):
    """The embeddings of all windows of a shard."""
    folder = of_clips(f"embeddings/{wildcards.encoder}/{wildcards.shard}")
    return [f"{folder}/{number:03d}.h5" for number in range(WINDOWS[wildcards.shard])]


def log_of(rule, wildcards=None):
    return out(f"logs/{rule}/{wildcards}.log" if wildcards else f"logs/{rule}.log")


def benchmark_of(rule, wildcards=None):
    return out(f"benchmarks/{rule}/{wildcards}.tsv" if wildcards else f"benchmarks/{rule}.tsv")


def page_of(name, *shared):
    """Files of one offline page; `shared` names parts that several pages use."""
    parts = ["frame.html", "base.css", "base.js"]
    parts += [f"{part}.{suffix}" for part in shared for suffix in ("css", "js")]
    parts += [f"{name}.{suffix}" for suffix in ("html", "css", "js")]
    return [shipped(f"scripts/lib/pages/{part}") for part in parts]


def figures(*names):
    return [out(f"figures/{name}.{suffix}") for name in names for suffix in ("png", "svg", "pdf")]


def tables(*names):
    return [out(f"tables/{name}.{suffix}") for name in names for suffix in ("csv", "md")]


def clusters_of_labels():
    """What tells the clusters of the labels, by which they are coloured; the plain list if the run makes none."""
    return out("taxonomy/taxonomy.csv") if "taxonomy" in config["chapters"] else LABELS


def weights_of(encoder):
    return sources.weights_file(config["encoders"][encoder])


def encoder_fetched(weights):
    """The settings of the encoder whose weights are downloaded to this path."""
    return explained(sources.encoder_with, weights, config["encoders"])


def description_of(encoder):
    """The JSON description of a model that open_clip does not have, as a list of inputs."""
    return [model] if (model := config["encoders"][encoder]["model"]).endswith(".json") else []


def downloads_of(*shards, kind="csv"):
    """Tables of available clips, by shard; none for a folder's clips and the demo's, which exist."""
    looked_for = HAS_CLIPS and not config["clips"]["folder"] and not config["demo"]
    return [of_clips(f"downloads/{shard}.{kind}") for shard in shards] if looked_for else []


def listed_downloads(shard):
    """The list of available clips that a shard depends on.

    Raises:
        UserError: the run's clips are not listed yet.
    """
    if not CLIPS:
        missing = [path for path in sources.needed_files(config) if not os.path.exists(path)]
        retrieve = f"snakemake retrieve --cores 1 --configfile {shlex.join(map(os.path.relpath, OWN_CONFIGS))}"
        raise UserError(
            f"the clips of this run are not listed yet: {missing[0]} does not exist. This command makes or downloads "
            f"such files:\n  uv run {retrieve}\nOr set clips.manifest to a list of your own"
        )
    return downloads_of(shard, kind="txt")


def encoder_of(tagger):
    return config["taggers"][tagger]["encoder"]


def encoder_settings(encoder):
    """The settings of an encoder that decide its embeddings, apart from the weights."""
    settings, keys = config["encoders"][encoder], ("dtype", "frames", "library", "model", "preprocessing")
    return {key: settings[key] for key in keys if key in settings}


def embeddings_of(tagger, shard="{shard}"):
    return of_clips(f"embeddings/{encoder_of(tagger)}/{shard}.h5")


def features_of(encoder, shard="{shard}"):
    """Features of the chosen shots; of a tagger's encoder, which embeds all shots, these."""
    if IS_TAGGED and encoder in map(encoder_of, config["tagging"]["taggers"]):
        return of_clips(f"embeddings/{encoder}/{shard}.h5")
    return out(f"features/{encoder}/{shard}.h5")


def frames_of(model):
    """What a model is trained on: features of its encoder, or cached frames, of every shard."""
    encoder = config["models"][model]["encoder"]
    return of_shards(features_of(encoder) if encoder else out("cache/{shard}.h5"))


def first_weights_of(model):
    """The file of a model's first weights, as a list of inputs."""
    return [path] if (path := config["models"][model]["pretrained"]) else []


def lists_of_task(task):
    """The files that list the videos of a downstream task, by their role.

    Raises:
        UserError: the task names none.
    """
    videos = task_settings(config, task)["videos"]
    if not videos:
        raise UserError(f"downstream.tasks.{task}.videos: name the CSV that lists the task's videos")
    return list(videos.values()) if isinstance(videos, dict) else [videos]


def downloaded_videos():
    """Tables of the videos of the downstream tasks that are downloaded."""
    run = config["downstream"]["run"] if "downstream" in config["chapters"] else []
    tasks = [task for task in run if task_settings(config, task)["download"]]
    return [out(f"downstream/{task}/found/{shard}.csv") for task in tasks for shard in shard_names(config, task)]


def features_of_videos(task, features):
    """The features of all videos of a task by an extractor, one file per shard."""
    return [out(f"downstream/{task}/{features}/features/{shard}.h5") for shard in shard_names(config, task)]


def weights_of_extractor(features):
    """The file of the weights of an extractor's model, as a list of inputs; see also `pretrained_of`."""
    extractor = config["downstream"]["extractors"][features]
    if "model" not in extractor:
        return []
    if extractor["weights"] == "pretrained":
        return [pretrained_of(config, features)]
    return [out(f"models/{extractor['model']}/model.safetensors")]


def encoder_of_extractor(features):
    """The weights of an extractor's encoder, and the description that open_clip needs, as a list of inputs."""
    encoder = extractor_encoder(config, features)
    return [weights_of(encoder), *description_of(encoder)] if encoder else []


def possible_extractors():
    """The configured extractors but those with weights that this run cannot train."""
    chosen, extractors = config["downstream"]["features"], config["downstream"]["extractors"]
    return [name for name in chosen if HAS_CLIPS or extractors[name].get("weights") != "trained"]


def pretraining_of(model):
    """The demo only: the settings of a model's pre-training."""
    return {**config["models"][model], "pretrained": None, "epochs": config["demo"]["motion"]["epochs"][model]}


def folder_of_query(query):
    """The name of a query's folder: what can be read of it, and a part of its checksum."""
    words = re.sub(r"[^a-z0-9]+", "-", str(query).lower()).strip("-")[:40]
    return f"{words}-{hashlib.sha256(str(query).encode()).hexdigest()[:6]}"


def found_by_query():
    """The files of the configured query.

    Raises:
        UserError: there is none, or no shot to search.
    """
    if not config["query"]:
        raise UserError("nothing is searched for: add --config query='a lighthouse at night'")
    if not IS_TAGGED:
        raise UserError("this run has no embeddings of shots to search: it labels no clips")
    return rules.search_shots.output


def asked_for(part=""):
    """Files of the configured chapters, all or those below one folder of the run."""
    made = [str(path) for chapter in config["chapters"] for path in getattr(rules, chapter).input]
    return [path for path in made if path.startswith(out(part))]

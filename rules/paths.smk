"""Paths of files: of this repository, of a run, of its chapters."""


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


def of_clips(path):
    """A file that runs over the same clips can share (`clips.reuse`)."""
    return f"results/{config['clips']['reuse'] or config['run']}/{path}"


def of_shards(*paths):
    """The files of every shard, for rules that collect them."""
    return [path.replace("{shard}", shard) for path in paths for shard in SHARDS]


def shard_minutes(per_clip):
    """Time limit of a shard's job, longer with each attempt: as its number of clips says, but an hour at least."""
    return lambda wildcards, attempt: attempt * max(60, round(per_clip * len(SHARDS[wildcards.shard])))


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
    return [out(f"figures/{name}.{suffix}") for name in names for suffix in ("png", "svg")]


def tables(*names):
    return [out(f"tables/{name}.{suffix}") for name in names for suffix in ("csv", "md")]


def weights_of(encoder):
    return sources.weights_file(config["encoders"][encoder])


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
        retrieve = f"snakemake retrieve --cores 1 --configfile {shlex.join(map(os.path.relpath, OWN_CONFIGS))}"
        raise UserError(
            f"the clips of this run are not listed yet: {manifests.CLIP_LIST} does not exist. This command makes it and "
            f"downloads the other files:\n  uv run {retrieve}\nOr set clips.manifest to a list of your own"
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
    if encoder in map(encoder_of, config["tagging"]["taggers"]):
        return of_clips(f"embeddings/{encoder}/{shard}.h5")
    return out(f"features/{encoder}/{shard}.h5")


def frames_of(model):
    """What a model is trained on: features of its encoder, or cached frames, of every shard."""
    encoder = config["models"][model]["encoder"]
    return of_shards(features_of(encoder) if encoder else out("cache/{shard}.h5"))


def first_weights_of(model):
    """The file of a model's first weights, as a list of inputs."""
    return [path] if (path := config["models"][model]["pretrained"]) else []


def asked_for(part=""):
    """Files of the configured chapters, all or those below one folder of the run."""
    made = [str(path) for chapter in config["chapters"] for path in getattr(rules, chapter).input]
    return [path for path in made if path.startswith(out(part))]

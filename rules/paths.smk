"""What files are called: of this repository, of a run, of its chapters."""


def code(script, costly=False):
    """A script and the modules that decide its result: editing one runs the rule again.

    Paths are relative, so that a checkout can be moved with its results. What takes hours or days
    is not run again for an edit of how things are stored.
    """
    root = Path(workflow.basedir)
    modules = modules_of(root / "scripts" / f"{script}.py", root, RUNNING + STORING if costly else RUNNING)
    return [os.path.relpath(module) for module in modules]


def shipped(path):
    """A file of this repository, found from whichever folder Snakemake works in."""
    return os.path.relpath(Path(workflow.basedir, path))


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


def weights_of(encoder):
    return sources.weights_file(config["encoders"][encoder])


def description_of(encoder):
    """The JSON file that describes a model which open_clip does not know."""
    return [model] if (model := config["encoders"][encoder]["model"]).endswith(".json") else []


def downloads_of(*shards, kind="csv"):
    """What is known of the shards' clips being there; of a folder's, and of the demo's, nothing need be found out."""
    looked_for = HAS_CLIPS and not config["clips"]["folder"] and not config["demo"]
    return [of_clips(f"downloads/{shard}.{kind}") for shard in shards] if looked_for else []


def encoder_of(tagger):
    return config["taggers"][tagger]["encoder"]


def encoder_settings(encoder):
    """What of an encoder's settings decides its embeddings, beside its weights."""
    return {key: config["encoders"][encoder][key] for key in ("dtype", "frames", "model")}


def embeddings_of(tagger, shard="{shard}"):
    return of_clips(f"embeddings/{encoder_of(tagger)}/{shard}.h5")


def asked_for(part=""):
    """What the chapters that the config lists make, or the part of it that lies in one folder."""
    made = [str(path) for chapter in config["chapters"] for path in getattr(rules, chapter).input]
    return [path for path in made if path.startswith(out(part))]

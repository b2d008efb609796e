"""What files are called: of this repository, of a run, of its chapters."""


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


def weights_of(encoder):
    return sources.weights_file(config["encoders"][encoder])


def description_of(encoder):
    """The JSON file that describes a model which open_clip does not know."""
    return [model] if (model := config["encoders"][encoder]["model"]).endswith(".json") else []


def downloaded(*shards):
    """The tables of the shards' downloads, if the config asks for them."""
    return [of_clips(f"downloads/{shard}.csv") for shard in shards] if config["clips"]["download"] else []


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

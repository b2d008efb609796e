"""Everything that comes over the network, and nothing else does: local rules, checksums first.

`config/sources.csv` lists the files. `sources.mirror` is a folder looked into before the network.
"""

from scripts.lib.sources import encoder_name, label_encoder_folder, read_sources, weights_file

SOURCES = explained(read_sources, workflow.source_path("../config/sources.csv"))
WEIGHTS = weights_file(TAGGER["model"], TAGGER["pretrained"]) if TAGGER else ""
ENCODER = encoder_name(TAGGER["model"], TAGGER["pretrained"]) if TAGGER else ""
# A user's own description of a model; open_clip has its own models' in its code.
DESCRIPTION = [TAGGER["model"]] if TAGGER and TAGGER["model"].endswith(".json") else []
NEEDED = [LABELS, WEIGHTS, *VERIFIED, *([CLIP_LIST] if LISTED_HERE else [])]
if config["taxonomy"].get("encoder"):
    LABEL_ENCODER = label_encoder_folder(config["taxonomy"]["encoder"])
    NEEDED += [LABEL_ENCODER]
if not config["taxonomy"]["labels"]:
    NEEDED += [config["taxonomy"]["hvu_tags"], *filter(None, [config["taxonomy"]["compare_with"]])]
RETRIEVED = [path for path in NEEDED if path.startswith("resources/")]


localrules:
    retrieve_source,
    retrieve_weights,
    retrieve_label_encoder,
    convert_weights,
    list_clips,


ruleorder: convert_weights > retrieve_weights


rule retrieve_source:
    output:
        "resources/{source}",
    log:
        "resources/logs/retrieve_source/{source}.log",
    wildcard_constraints:
        source="|".join(map(re.escape, SOURCES)),
    conda:
        "../envs/clip.yaml"
    params:
        sha256=lambda wildcards: SOURCES[wildcards.source]["sha256"],
    message:
        "Fetching {wildcards.source}"
    script:
        "../scripts/retrieve/retrieve_source.py"


# OpenAI publishes TorchScript archives; everything else here reads plain tensors.
rule convert_weights:
    input:
        archive="resources/weights/{model}/openai.pt",
        code=code("retrieve/convert_weights", costly=True),
    output:
        "resources/weights/{model}/openai.safetensors",
    log:
        "resources/logs/convert_weights/{model}.log",
    wildcard_constraints:
        model="|".join(re.escape(Path(path).parent.name) for path in SOURCES if Path(path).name == "openai.pt"),
    conda:
        "../envs/clip.yaml"
    params:
        sha256=lambda wildcards: SOURCES[f"weights/{wildcards.model}/openai.pt"]["sha256"],
    message:
        "Converting OpenAI's weights of {wildcards.model}"
    script:
        "../scripts/retrieve/convert_weights.py"


rule retrieve_weights:
    output:
        "resources/weights/{model}/{tag}.safetensors",
    log:
        "resources/logs/retrieve_weights/{model}/{tag}.log",
    retries: 2
    conda:
        "../envs/clip.yaml"
    params:
        model=lambda wildcards: tagger_of(wildcards)["model"],
        pretrained=lambda wildcards: tagger_of(wildcards)["pretrained"],
    message:
        "Fetching the weights {wildcards.tag} of {wildcards.model}"
    script:
        "../scripts/retrieve/retrieve_weights.py"


rule retrieve_label_encoder:
    output:
        directory("resources/encoders/{encoder}"),
    log:
        "resources/logs/retrieve_label_encoder/{encoder}.log",
    retries: 2
    conda:
        "../envs/language.yaml"
    params:
        name=label_encoder,
    message:
        "Fetching the sentence encoder {wildcards.encoder}"
    script:
        "../scripts/retrieve/retrieve_label_encoder.py"


# The paper's clips: what a config has whose manifest is this file.
rule list_clips:
    input:
        clips="resources/condensed_movies/clips.csv",
        movie_info="resources/condensed_movies/movie_info.csv",
        code=code("retrieve/list_clips"),
    output:
        CLIP_LIST,
    log:
        "resources/logs/list_clips.log",
    conda:
        "../envs/analysis.yaml"
    message:
        "Listing the clips of Condensed Movies"
    script:
        "../scripts/retrieve/list_clips.py"

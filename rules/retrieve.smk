"""Everything that comes over the network, and nothing else does: local rules, checksums first.

`config/sources.csv` lists the files. `sources.mirror` is a folder looked into before the network.
"""

from scripts.lib.sources import encoder_name, label_encoder_folder, read_sources, weights_file

SOURCES = explained(read_sources, workflow.source_path("../config/sources.csv"))
WEIGHTS = weights_file(TAGGER["model"], TAGGER["pretrained"]) if TAGGER else ""
ENCODER = encoder_name(TAGGER["model"], TAGGER["pretrained"]) if TAGGER else ""
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
    list_clips,


# Weights in the table have a checksum that was published.
ruleorder: retrieve_source > retrieve_weights


rule retrieve_source:
    output:
        "resources/{source}",
    log:
        "resources/logs/retrieve_source/{source}.log",
    wildcard_constraints:
        source="|".join(map(re.escape, SOURCES)),
    retries: 2
    conda:
        "../envs/workflow.yaml"
    params:
        sha256=lambda wildcards: SOURCES[wildcards.source]["sha256"],
    message:
        "Fetching {wildcards.source}"
    script:
        "../scripts/retrieve/retrieve_source.py"


rule retrieve_weights:
    output:
        "resources/weights/{model}/{tag}.safetensors",
    log:
        "resources/logs/retrieve_weights/{model}/{tag}.log",
    retries: 2
    conda:
        "../envs/workflow.yaml"
    params:
        model=lambda wildcards: TAGGER["model"],
        pretrained=lambda wildcards: TAGGER["pretrained"],
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
        "../envs/workflow.yaml"
    params:
        name=config["taxonomy"].get("encoder"),
    message:
        "Fetching the sentence encoder {wildcards.encoder}"
    script:
        "../scripts/retrieve/retrieve_label_encoder.py"


# The paper's clips: what a config has whose manifest is this file.
rule list_clips:
    input:
        clips="resources/condensed_movies/clips.csv",
        movie_info="resources/condensed_movies/movie_info.csv",
        code=code("condensed_movies"),
    output:
        CLIP_LIST,
    log:
        "resources/logs/list_clips.log",
    conda:
        "../envs/workflow.yaml"
    message:
        "Listing the clips of Condensed Movies"
    script:
        "../scripts/retrieve/list_clips.py"

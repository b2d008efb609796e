"""Retrieval: everything that comes over the network. Only these rules use it, and they are local.

`config/sources.csv` lists the files. `sources.mirror` is a folder that is searched before the network.
"""

SOURCES = explained(sources.read_sources, workflow.source_path("../config/sources.csv"))
LABEL_ENCODER = sources.label_encoder_folder(config["taxonomy"]["encoder"])


localrules:
    retrieve_source,
    retrieve_weights,
    retrieve_label_encoder,
    list_clips,
    find_clips,
    find_videos,


# Weights in the table have a published checksum.
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
        "Downloading {wildcards.source}"
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
        library=lambda wildcards, output: encoder_fetched(output[0]).get("library"),
        model=lambda wildcards, output: encoder_fetched(output[0])["model"],
        pretrained=lambda wildcards, output: encoder_fetched(output[0])["pretrained"],
    message:
        "Downloading the weights {wildcards.tag} of {wildcards.model}"
    script:
        "../scripts/retrieve/retrieve_weights.py"


rule retrieve_label_encoder:
    output:
        directory("resources/encoders/{name}"),
    log:
        "resources/logs/retrieve_label_encoder/{name}.log",
    retries: 2
    conda:
        "../envs/workflow.yaml"
    params:
        name=lambda wildcards, output: explained(sources.check_label_encoder, output[0], config["taxonomy"]["encoder"]),
    message:
        "Downloading the sentence encoder {wildcards.name}"
    script:
        "../scripts/retrieve/retrieve_label_encoder.py"


# The paper's clips, for configurations whose manifest is this file.
rule list_clips:
    input:
        clips="resources/condensed_movies/clips.csv",
        movie_info="resources/condensed_movies/movie_info.csv",
        code=code("retrieve/list_clips"),
    output:
        manifests.CLIP_LIST,
    log:
        "resources/logs/list_clips.log",
    conda:
        "../envs/workflow.yaml"
    message:
        "Listing the clips of Condensed Movies"
    script:
        "../scripts/retrieve/list_clips.py"


# Shots depend on the list of available clips, with or without download: switching `clips.download` changes no
# input or parameter, and a repeated download runs only the shards again that have a new clip.
rule find_clips:
    output:
        table=of_clips("downloads/{shard}.csv"),
        found=of_clips("downloads/{shard}.txt"),
    log:
        log_of("find_clips", "{shard}"),
    conda:
        "../envs/download.yaml"
    resources:
        youtube=1 if config["clips"]["download"] else 0,
    params:
        clips=shard_fingerprint,
        manifest=MANIFEST,
    message:
        "Finding the clips of shard {wildcards.shard}"
    script:
        "../scripts/retrieve/find_clips.py"


# The same for the videos of a downstream task.
rule find_videos:
    input:
        videos=out("downstream/{task}/videos.csv"),
    output:
        out("downstream/{task}/found/{shard}.csv"),
    log:
        log_of("find_videos", "{task}/{shard}"),
    conda:
        "../envs/download.yaml"
    resources:
        youtube=lambda wildcards: 1 if task_settings(config, wildcards.task)["download"] else 0,
    params:
        shards=lambda wildcards: task_settings(config, wildcards.task)["shards"],
    message:
        "Finding the videos of {wildcards.task}, shard {wildcards.shard}"
    script:
        "../scripts/retrieve/find_videos.py"


rule retrieve:
    input:
        [path for path in sources.needed_files(config) if path.startswith("resources/")],
        downloads_of(*SHARDS) if config["clips"]["download"] and CLIPS else [],
        downloaded_videos(),

"""Downstream tasks: scenes of web videos (HVU), genres of trailers (Moviescope), your own (paper section 5.3)."""

from scripts.lib.workflow.tasks import extractor_settings, task_settings

DOWNSTREAM = config["downstream"]
# Settings of a task that decide its list of videos, and their features.
LISTED = "format labels val_fraction videos".split()


wildcard_constraints:
    task="|".join(DOWNSTREAM["tasks"]),
    features="|".join(DOWNSTREAM["extractors"]),


rule list_videos:
    input:
        videos=lambda wildcards: explained(lists_of_task, wildcards.task),
        code=code("downstream/list_videos"),
    output:
        videos=out("downstream/{task}/videos.csv"),
        labels=out("downstream/{task}/labels.csv"),
    log:
        log_of("list_videos", "{task}"),
    benchmark:
        benchmark_of("list_videos", "{task}")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=lambda wildcards: {key: task_settings(config, wildcards.task)[key] for key in LISTED},
    message:
        "Listing the videos of {wildcards.task}"
    script:
        "../scripts/downstream/list_videos.py"


# The files are found, or downloaded, by the chapter retrieve.
rule cache_videos:
    input:
        found=rules.find_videos.output[0],
        code=code("downstream/cache_videos", costly=True),
    output:
        out("downstream/{task}/cache/{shard}.h5"),
    log:
        log_of("cache_videos", "{task}/{shard}"),
    benchmark:
        benchmark_of("cache_videos", "{task}/{shard}")
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=480,
    params:
        clips=lambda wildcards: task_settings(config, wildcards.task)["clips"],
        seconds=lambda wildcards: task_settings(config, wildcards.task)["seconds"],
        settings=config["cache"],
    message:
        "Caching windows of the videos of {wildcards.task}, shard {wildcards.shard}"
    script:
        "../scripts/downstream/cache_videos.py"


rule extract_features:
    input:
        found=rules.find_videos.output[0],
        cache=rules.cache_videos.output[0],
        model=lambda wildcards: explained(weights_of_extractor, wildcards.features),
        encoder=lambda wildcards: encoder_of_extractor(wildcards.features),
        code=code("downstream/extract_features", costly=True),
    output:
        out("downstream/{task}/{features}/features/{shard}.h5"),
    log:
        log_of("extract_features", "{task}/{features}/{shard}"),
    benchmark:
        benchmark_of("extract_features", "{task}/{features}/{shard}")
    conda:
        "../envs/workflow.yaml"
    threads: threads_per_gpu(CORES, workflow.resource_settings)
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=480,
    params:
        precision=config["training"]["precision"],
        settings=lambda wildcards: extractor_settings(config, wildcards.features),
    message:
        "Features of the videos of {wildcards.task} by {wildcards.features}, shard {wildcards.shard}"
    script:
        "../scripts/downstream/extract_features.py"


# Heads


rule downstream:
    input:
        [features_of_videos(task, features) for task in DOWNSTREAM["run"] for features in possible_extractors()],

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
        mem_mb=4000,
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
        mem_mb=8000,
        runtime=480,
    params:
        precision=config["training"]["precision"],
        settings=lambda wildcards: extractor_settings(config, wildcards.features),
    message:
        "Features of the videos of {wildcards.task} by {wildcards.features}, shard {wildcards.shard}"
    script:
        "../scripts/downstream/extract_features.py"


# Heads
# Of the features, those called MovieCLIP in Tables 4 to 6 and Fig. 11, and those called Kin there.
SCENE, MOTION = DOWNSTREAM["scene"], DOWNSTREAM["motion"]
COMPARED = [name for name in (SCENE, MOTION) if name in possible_extractors()]
HAS_SCENE, HAS_BOTH = SCENE in COMPARED, len(set(COMPARED)) == 2
PAPERS_TASKS = [task for task in ("hvu", "moviescope") if task in DOWNSTREAM["run"]]
HEADS = [f"{task}/{name}" for task in DOWNSTREAM["run"] for name in [*possible_extractors(), *["fusion"] * HAS_BOTH]]


rule train_head:
    input:
        features=lambda wildcards: features_of_videos(wildcards.task, wildcards.features),
        videos=out("downstream/{task}/videos.csv"),
        labels=out("downstream/{task}/labels.csv"),
        code=code("downstream/train_head"),
    output:
        model=out("downstream/{task}/{features}/model.safetensors"),
        metrics=out("downstream/{task}/{features}/metrics.json"),
        predictions=out("downstream/{task}/{features}/predictions.h5"),
        history=out("downstream/{task}/{features}/history.csv"),
    log:
        log_of("train_head", "{task}/{features}"),
    benchmark:
        benchmark_of("train_head", "{task}/{features}")
    conda:
        "../envs/workflow.yaml"
    threads: threads_per_gpu(CORES, workflow.resource_settings)
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=480,
    params:
        bootstrap=BOOTSTRAP,
        head=lambda wildcards: task_settings(config, wildcards.task)["head"],
        precision=config["training"]["precision"],
        seeds=DOWNSTREAM["seeds"],
    message:
        "Training and evaluating the head of {wildcards.task} on {wildcards.features}"
    script:
        "../scripts/downstream/train_head.py"


rule fuse_heads:
    input:
        scene=out(f"downstream/{{task}}/{SCENE}/predictions.h5"),
        motion=out(f"downstream/{{task}}/{MOTION}/predictions.h5"),
        metrics=[out(f"downstream/{{task}}/{features}/metrics.json") for features in (SCENE, MOTION)],
        code=code("downstream/fuse_heads"),
    output:
        metrics=out("downstream/{task}/fusion/metrics.json"),
        predictions=out("downstream/{task}/fusion/predictions.h5"),
    log:
        log_of("fuse_heads", "{task}"),
    benchmark:
        benchmark_of("fuse_heads", "{task}")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Late fusion of the heads of {wildcards.task}"
    script:
        "../scripts/downstream/fuse_heads.py"


rule make_table4:
    input:
        metrics=out(f"downstream/hvu/{SCENE}/metrics.json"),
        printed=shipped("config/paper/table4.csv"),
        code=code("downstream/make_table4"),
    output:
        csv=out("tables/table4.csv"),
        md=report(
            out("tables/table4.md"),
            caption="../docs/report/table4.rst",
            category="5.3 Downstream tasks",
            labels={"table": "4", "content": "scenes of web videos"},
        ),
    log:
        log_of("make_table4"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Table 4: scenes of web videos"
    script:
        "../scripts/downstream/make_table4.py"


rule make_table5:
    input:
        metrics=out(f"downstream/moviescope/{SCENE}/metrics.json"),
        labels=out("downstream/moviescope/labels.csv"),
        printed=shipped("config/paper/table5.csv"),
        code=code("downstream/make_table5"),
    output:
        csv=out("tables/table5.csv"),
        md=report(
            out("tables/table5.md"),
            caption="../docs/report/table5.rst",
            category="5.3 Downstream tasks",
            labels={"table": "5", "content": "genres of trailers"},
        ),
    log:
        log_of("make_table5"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Table 5: genres of trailers"
    script:
        "../scripts/downstream/make_table5.py"


rule make_table6:
    input:
        scene=[out(f"downstream/{task}/{SCENE}/metrics.json") for task in PAPERS_TASKS],
        motion=[out(f"downstream/{task}/{MOTION}/metrics.json") for task in PAPERS_TASKS],
        fusion=[out(f"downstream/{task}/fusion/metrics.json") for task in PAPERS_TASKS],
        printed=shipped("config/paper/table6.csv"),
        code=code("downstream/make_table6"),
    output:
        csv=out("tables/table6.csv"),
        md=report(
            out("tables/table6.md"),
            caption="../docs/report/table6.rst",
            category="5.3 Downstream tasks",
            labels={"table": "6", "content": "features of scenes and of motion"},
        ),
    log:
        log_of("make_table6"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Table 6: features of scenes and of motion"
    script:
        "../scripts/downstream/make_table6.py"


rule plot_fig11:
    input:
        scene=out(f"downstream/hvu/{SCENE}/predictions.h5"),
        motion=out(f"downstream/hvu/{MOTION}/predictions.h5"),
        labels=out("downstream/hvu/labels.csv"),
        code=code("downstream/plot_fig11"),
    output:
        csv=out("tables/fig11.csv"),
        figures=report(
            figures("fig11"),
            caption="../docs/report/fig11.rst",
            category="5.3 Downstream tasks",
            labels={"figure": "11", "content": "features of scenes and of motion by class"},
        ),
    log:
        log_of("plot_fig11"),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Fig. 11: features of scenes and of motion by class"
    script:
        "../scripts/downstream/plot_fig11.py"


rule make_downstream_table:
    input:
        metrics=[out(f"downstream/{name}/metrics.json") for name in HEADS],
        code=code("downstream/make_downstream_table"),
    output:
        csv=out("tables/downstream.csv"),
        md=report(
            out("tables/downstream.md"),
            caption="../docs/report/downstream.rst",
            category="5.3 Downstream tasks",
            labels={"table": "tasks", "content": "all tasks with all features"},
        ),
    log:
        log_of("make_downstream_table"),
    conda:
        "../envs/workflow.yaml"
    message:
        "All tasks with all features"
    script:
        "../scripts/downstream/make_downstream_table.py"


rule downstream:
    input:
        [features_of_videos(task, features) for task in DOWNSTREAM["run"] for features in possible_extractors()],
        rules.make_downstream_table.output,
        tables("table4") if HAS_SCENE and "hvu" in PAPERS_TASKS else [],
        tables("table5") if HAS_SCENE and "moviescope" in PAPERS_TASKS else [],
        tables("table6") if HAS_BOTH and PAPERS_TASKS else [],
        rules.plot_fig11.output if HAS_BOTH and "hvu" in PAPERS_TASKS else [],

"""The seven models of Table 3 and the cached frames that they are trained on (paper section 5.2)."""

# Of all that Table 3 compares: the trained models, and the tagger itself.
METRICS = [out(f"models/{model}/metrics.json") for model in EVALUATED]
# The samples and the verified shots, before a run from published ones joins them to its shots.
EXPECTED = [*PUBLISHED_SAMPLES, *([VERIFIED_TO_JOIN] if EVALUATION and VERIFIED_TO_JOIN else EVALUATION)]
# Settings that decide a trained model, of those for all.
RECIPE = "bootstrap large_loss_rejection patience pos_weight precision seed".split()
# The demo's networks are too small for a GPU of their own, or for two cores: it trains one on each core.
GPUS = 0 if config["demo"] else config["training"]["gpus"]


rule cache_clips:
    input:
        clips=of_clips("clips/{shard}.csv"),
        shots=of_clips("shots/{shard}.csv"),
        needed=CHOSEN,
        code=code("models/cache_clips", costly=True),
    output:
        out("cache/{shard}.h5"),
    log:
        log_of("cache_clips", "{shard}"),
    benchmark:
        benchmark_of("cache_clips", "{shard}")
    conda:
        "../envs/workflow.yaml"
    threads: CLIPS_AT_A_TIME
    resources:
        mem_mb=4000,
        runtime=time_limit(2.4),
    params:
        clips=shard_fingerprint,
        manifest=MANIFEST,
        settings=config["cache"],
    message:
        "Caching the frames of the samples of shard {wildcards.shard}"
    script:
        "../scripts/models/cache_clips.py"


rule train_model:
    input:
        frames=lambda wildcards: frames_of(wildcards.model),
        samples=SAMPLES,
        labels=out("dataset/labels.csv"),
        evaluation=EVALUATION,
        expected=EXPECTED,
        weights=lambda wildcards: first_weights_of(wildcards.model),
        code=code("models/train_model"),
    output:
        model=out("models/{model}/model.safetensors"),
        metrics=out("models/{model}/metrics.json"),
        predictions=out("models/{model}/predictions.h5"),
        history=out("models/{model}/history.csv"),
    log:
        log_of("train_model", "{model}"),
    benchmark:
        benchmark_of("train_model", "{model}")
    wildcard_constraints:
        model="|".join(config["models"]),
    conda:
        "../envs/workflow.yaml"
    threads: max(1, GPUS * threads_per_gpu(CORES, workflow.resource_settings))
    resources:
        gpu=GPUS,
        mem_mb=32000,
        runtime=2880,
    params:
        manifest=MANIFEST,
        merges=config["dataset"]["merges"],
        model=lambda wildcards: config["models"][wildcards.model],
        training={key: config["training"][key] for key in RECIPE},
    message:
        "Training and evaluating {wildcards.model}"
    script:
        "../scripts/models/train_model.py"


if config["demo"]:

    # Camera motion and framing are to the demo's models what Kinetics is to the paper's.
    use rule train_model as pretrain_model with:
        input:
            frames=rules.render_motions.output.cache,
            samples=rules.render_motions.output.samples,
            labels=rules.render_motions.output.labels,
            evaluation=[],
            expected=rules.render_motions.output.samples,
            weights=[],
            code=code("models/train_model"),
        output:
            model=out("pretrained/{model}/model.safetensors"),
            metrics=out("pretrained/{model}/metrics.json"),
            predictions=out("pretrained/{model}/predictions.h5"),
            history=out("pretrained/{model}/history.csv"),
        log:
            log_of("pretrain_model", "{model}"),
        benchmark:
            benchmark_of("pretrain_model", "{model}")
        wildcard_constraints:
            model="|".join(config["demo"]["motion"]["epochs"]),
        params:
            manifest=rules.render_motions.output.clips,
            merges={},
            model=lambda wildcards: pretraining_of(wildcards.model),
            training={key: config["training"][key] for key in RECIPE},
        message:
            "Training {wildcards.model} on camera motion and framing"


rule evaluate_tagger:
    input:
        scores=out("dataset/shot_scores.h5"),
        labels=out("dataset/labels.csv"),
        val=SAMPLES[1],
        test=SAMPLES[2],
        verified=EVALUATION,
        expected=EXPECTED,
        code=code("models/evaluate_tagger"),
    output:
        predictions=out("models/clip/predictions.h5"),
        metrics=out("models/clip/metrics.json"),
    log:
        log_of("evaluate_tagger"),
    benchmark:
        benchmark_of("evaluate_tagger")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        bootstrap=BOOTSTRAP,
        drop=config["dataset"]["drop"],
        merges=config["dataset"]["merges"],
        score=config["taggers"][TAGGER]["score"],
    message:
        "Evaluating the tagger itself"
    script:
        "../scripts/models/evaluate_tagger.py"


rule make_table3:
    input:
        metrics=METRICS,
        printed=shipped("config/paper/table3.csv"),
        code=code("models/make_table3"),
    output:
        csv=out("tables/table3.csv"),
        md=report(
            out("tables/table3.md"),
            caption="../docs/report/table3.rst",
            category="5.2 Models",
            labels={"table": "3", "content": "models of visual scenes"},
        ),
    log:
        log_of("make_table3"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Table 3: the models on each evaluation set"
    script:
        "../scripts/models/make_table3.py"


rule plot_class_ap:
    input:
        metrics=METRICS,
        labels=out("dataset/labels.csv"),
        code=code("models/plot_class_ap"),
    output:
        csv=out("tables/class_ap.csv"),
        figures=report(
            figures("class_ap"),
            caption="../docs/report/class_ap.rst",
            category="5.2 Models",
            labels={"figure": "average precision", "content": "models by class"},
        ),
    log:
        log_of("plot_class_ap"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Average precision of each class"
    script:
        "../scripts/models/plot_class_ap.py"


rule make_shot_page:
    input:
        predictions=[out(f"models/{model}/predictions.h5") for model in EVALUATED],
        labels=out("dataset/labels.csv"),
        shots=out("dataset/shots.parquet"),
        thumbnails=of_shards(out("gallery/thumbnails/{shard}")),
        page=page_of("models", "shots"),
        code=code("models/make_shot_page"),
    output:
        out("models/shots.html"),
    log:
        log_of("make_shot_page"),
    benchmark:
        benchmark_of("make_shot_page")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        manifest=MANIFEST,
    message:
        "The page of the shots on which models are best and worst"
    script:
        "../scripts/models/make_shot_page.py"


rule models:
    input:
        METRICS if HAS_CLIPS else [],
        tables("table3") if HAS_CLIPS else [],
        rules.plot_class_ap.output if HAS_CLIPS else [],
        rules.make_shot_page.output if IS_TAGGED else [],

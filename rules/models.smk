"""The seven models of Table 3 and the cached frames that they are trained on (paper section 5.2)."""

# Tables with the shots, in a column shot_id, whose frames are cached.
CACHED = [*SAMPLES, *EVALUATION]
# Settings that decide a trained model, of those for all.
RECIPE = "bootstrap large_loss_rejection patience pos_weight precision seed".split()


rule cache_clips:
    input:
        clips=of_clips("clips/{shard}.csv"),
        shots=of_clips("shots/{shard}.csv"),
        needed=CACHED,
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
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=240,
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
    conda:
        "../envs/workflow.yaml"
    threads: threads_per_gpu(CORES, workflow.resource_settings)
    resources:
        gpu=config["training"]["gpus"],
        mem_mb=lambda wildcards, attempt: 32000 * attempt,
        runtime=lambda wildcards, attempt: 2880 * attempt,
    params:
        manifest=MANIFEST,
        merges=config["dataset"]["merges"],
        model=lambda wildcards: config["models"][wildcards.model],
        training={key: config["training"][key] for key in RECIPE},
    message:
        "Training and evaluating {wildcards.model}"
    script:
        "../scripts/models/train_model.py"


rule models:
    input:
        [out(f"models/{model}/metrics.json") for model in config["training"]["models"]] if HAS_CLIPS else [],

"""Tagging: frames and labels embedded by CLIP, and compared (paper section 4.2)."""

from scripts.lib.gpu import threads_per_gpu


rule embed_frames:
    input:
        clips=out("clips/{shard}.csv"),
        shots=out("shots/{shard}.csv"),
        weights=WEIGHTS,
        description=DESCRIPTION,
        code=code("tagging/embed_frames", costly=True),
    output:
        out(f"embeddings/{ENCODER}/{{shard}}.h5"),
    log:
        log_of("embed_frames", f"{ENCODER}/{{shard}}"),
    benchmark:
        benchmark_of("embed_frames", f"{ENCODER}/{{shard}}")
    conda:
        "../envs/clip.yaml"
    threads: threads_per_gpu(CORES, workflow.resource_settings)
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        runtime=480,
    params:
        clips=shard_fingerprint,
        dtype=config["tagging"]["dtype"],
        frames=config["tagging"]["frames"],
        manifest=MANIFEST,
        model=lambda wildcards: TAGGER["model"],
    message:
        "Embedding the frames of shard {wildcards.shard}"
    script:
        "../scripts/tagging/embed_frames.py"


rule embed_labels:
    input:
        labels=LABELS,
        weights=WEIGHTS,
        description=DESCRIPTION,
        code=code("tagging/embed_labels"),
    output:
        out(f"embeddings/{config['tagging']['tagger']}.labels.h5"),
    log:
        log_of("embed_labels"),
    benchmark:
        benchmark_of("embed_labels")
    conda:
        "../envs/clip.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        model=lambda wildcards: TAGGER["model"],
        prompts=lambda wildcards: TAGGER["prompts"],
    message:
        "Embedding the labels"
    script:
        "../scripts/tagging/embed_labels.py"


rule score_shots:
    input:
        frames=rules.embed_frames.output[0],
        labels=rules.embed_labels.output[0],
        code=code("tagging/score_shots"),
    output:
        out(f"scores/{config['tagging']['tagger']}/{{shard}}.h5"),
    log:
        log_of("score_shots", "{shard}"),
    benchmark:
        benchmark_of("score_shots", "{shard}")
    conda:
        "../envs/clip.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=60,
    params:
        clips=shard_fingerprint,
        logit_scale=TAGGER["logit_scale"],
        score=TAGGER["score"],
    message:
        "Scoring the shots of shard {wildcards.shard}"
    script:
        "../scripts/tagging/score_shots.py"

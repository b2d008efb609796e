"""The seven models of Table 3 and the cached frames that they are trained on (paper section 5.2)."""

# Tables with the shots, in a column shot_id, whose frames are cached.
CACHED = [*SAMPLES]


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


rule models:
    input:
        of_shards(out("cache/{shard}.h5")) if HAS_CLIPS else [],

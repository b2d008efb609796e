"""Shots: where the clips are cut, and which clips can be used at all (paper section 4.1)."""


rule detect_shots:
    input:
        media=MEDIA,
        downloads=lambda wildcards: explained(downloads, wildcards.shard),
        shot_list=config["shots"]["list"] or [],
        code=code("shots/detect_shots", costly=True),
    output:
        clips=out("clips/{shard}.csv"),
        shots=out("shots/{shard}.csv"),
    log:
        log_of("detect_shots", "{shard}"),
    benchmark:
        benchmark_of("detect_shots", "{shard}")
    conda:
        "../envs/video.yaml"
    threads: CLIPS_AT_A_TIME
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=240,
    params:
        clips=shard_fingerprint,
        detector=config["shots"]["detector"],
        manifest=MANIFEST,
        parameters=config["shots"]["parameters"],
    message:
        "Finding the shots of shard {wildcards.shard}"
    script:
        "../scripts/shots/detect_shots.py"

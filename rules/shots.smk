"""Shots: shot detection, and which clips can be used (paper section 4.1)."""

# PySceneDetect's detectors use none, and one thread a clip; the network uses all threads for one clip.
DETECTION_GPUS = int(config["shots"]["detector"] == "transnetv2" and not config["shots"]["list"])


# Most jobs wait for the shots.
rule detect_shots:
    input:
        media=MEDIA,
        downloads=lambda wildcards: explained(listed_downloads, wildcards.shard),
        shot_list=config["shots"]["list"] or [],
        code=code("shots/detect_shots", costly=True),
    output:
        clips=of_clips("clips/{shard}.csv"),
        shots=of_clips("shots/{shard}.csv"),
    log:
        log_of("detect_shots", "{shard}"),
    benchmark:
        benchmark_of("detect_shots", "{shard}")
    priority: 2
    conda:
        "../envs/workflow.yaml"
    threads: threads_per_gpu(CORES, workflow.resource_settings) if DETECTION_GPUS else CLIPS_AT_A_TIME
    resources:
        gpu=DETECTION_GPUS,
        mem_mb=4000,
        runtime=time_limit(2.4),
    params:
        clips=shard_fingerprint,
        detector=config["shots"]["detector"],
        manifest=MANIFEST,
        parameters=config["shots"]["parameters"].get(config["shots"]["detector"], {}),
    message:
        "Detecting the shots of shard {wildcards.shard}"
    script:
        "../scripts/shots/detect_shots.py"


rule shots:
    input:
        of_shards(of_clips("clips/{shard}.csv")),
        of_shards(of_clips("shots/{shard}.csv")),

"""The dataset's files: all labelled shots, their scores, and what had to be left out."""


rule list_failures:
    input:
        downloads=DOWNLOADED,
        clips=of_shards("clips/{shard}.csv"),
        embeddings=of_shards(f"embeddings/{ENCODER}/{{shard}}.h5"),
        code=code("dataset/list_failures"),
    output:
        out("dataset/failures.csv"),
    log:
        log_of("list_failures"),
    conda:
        "../envs/analysis.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Listing the clips that could not be used"
    script:
        "../scripts/dataset/list_failures.py"


rule collect_shots:
    input:
        failures=out("dataset/failures.csv"),
        shots=of_shards("shots/{shard}.csv"),
        scores=of_shards(f"scores/{config['tagging']['tagger']}/{{shard}}.h5"),
        embeddings=of_shards(f"embeddings/{ENCODER}/{{shard}}.h5"),
        code=code("dataset/collect_shots"),
    output:
        shots=out("dataset/shots.parquet"),
        scores=out("dataset/shot_scores.h5"),
    log:
        log_of("collect_shots"),
    benchmark:
        benchmark_of("collect_shots")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        clips=manifests.description(CLIPS),
        flags=config["dataset"]["flags"],
        manifest=MANIFEST,
        max_failed_fraction=config["clips"]["max_failed_fraction"],
    message:
        "Collecting the labelled shots"
    script:
        "../scripts/dataset/collect_shots.py"


rule write_release_json:
    input:
        shots=out("dataset/shots.parquet"),
        code=code("dataset/write_release_json"),
    output:
        out("dataset/movieclip.json"),
    log:
        log_of("write_release_json"),
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    message:
        "Writing the shots in the authors' release format"
    script:
        "../scripts/dataset/write_release_json.py"

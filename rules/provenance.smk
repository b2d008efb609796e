"""The record of a run."""


rule write_provenance:
    input:
        sources=SOURCE_FILES,
        clips=of_shards("clips/{shard}.csv"),
        results=out("dataset/labels.csv") if config["dataset"]["released"] else out("dataset/shots.parquet"),
    output:
        out("provenance.json"),
    log:
        log_of("write_provenance"),
    conda:
        "../envs/analysis.yaml"
    params:
        benchmarks=out("benchmarks"),
        config=lambda wildcards: config,
        manifest=[MANIFEST] if CLIPS else [],
    message:
        "Recording where the results come from"
    script:
        "../scripts/report/write_provenance.py"

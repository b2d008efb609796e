"""The record of a run."""

# The last thing that a run makes of its data.
RESULT = "dataset/labels.csv" if RELEASED else "dataset/shots.parquet" if FROM_CLIPS else "taxonomy/taxonomy.csv"


rule write_provenance:
    input:
        sources=[LABELS, *SOURCE_FILES],
        clips=of_shards("clips/{shard}.csv"),
        results=out(RESULT),
    output:
        out("provenance.json"),
    log:
        log_of("write_provenance"),
    conda:
        "../envs/workflow.yaml"
    params:
        benchmarks=out("benchmarks"),
        config=lambda wildcards: config,
        manifest=[MANIFEST] if FROM_CLIPS else [],
    message:
        "Recording where the results come from"
    script:
        "../scripts/report/write_provenance.py"

"""The record of a run, made last: what comes after it would lack its wall time and could be of a later commit."""

# What each record waits for: all that its target makes.
RECORDED = {"provenance": RESULTS, "provenance_tag": TAGGED}


rule write_provenance:
    input:
        sources=[LABELS, *SOURCE_FILES],
        clips=of_shards("clips/{shard}.csv"),
        results=lambda wildcards: RECORDED[wildcards.record],
        code=code("report/write_provenance"),
    output:
        out("{record}.json"),
    log:
        log_of("write_provenance", "{record}"),
    wildcard_constraints:
        record="|".join(RECORDED),
    conda:
        "../envs/analysis.yaml"
    params:
        benchmarks=out("benchmarks"),
        config=lambda wildcards: config,
        manifest=[MANIFEST] if FROM_CLIPS else [],
    message:
        "Recording where the results come from"
    script:
        "../scripts/report/write_provenance.py"

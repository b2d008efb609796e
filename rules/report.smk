"""The report: the provenance of a run, which is made last."""


rule write_provenance:
    input:
        sources=[*sources.source_files(config), LABELS, *SCREENPLAY_TABLE],
        clips=of_shards(of_clips("clips/{shard}.csv")),
        results=[getattr(rules, chapter).input for chapter in config["chapters"] if chapter != "report"],
        code=code("report/write_provenance"),
    output:
        out("provenance.json"),
    log:
        log_of("write_provenance"),
    conda:
        "../envs/workflow.yaml"
    params:
        benchmarks=out("benchmarks"),
        config=lambda wildcards: config,
        manifest=[MANIFEST] if HAS_CLIPS else [],
    message:
        "Recording the provenance of the results"
    script:
        "../scripts/report/write_provenance.py"


rule report:
    input:
        rules.write_provenance.output,

"""The report: checks of the results, their provenance, and the page that shows all of it, which is made last."""

from scripts.report.contents import list_contents

# What each of the run's other chapters makes.
MADE = {chapter: getattr(rules, chapter).input for chapter in config["chapters"] if chapter != "report"}
SHOWN = [item for section in list_contents(workflow.rules, MADE, out(""))["sections"] for item in section["items"]]


rule verify_results:
    input:
        results=list(MADE.values()),
        labels=LABELS if HAS_SHOTS else [],
        released=RELEASE["lines"] if RELEASED and not HAS_CLIPS else [],
        printed=shipped("config/paper/dataset.csv"),
        sources=shipped("config/sources.csv"),
        code=code("report/verify_results"),
    output:
        out("checks.csv"),
    log:
        log_of("verify_results"),
    benchmark:
        benchmark_of("verify_results")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        apart=bool(VERIFIED) or HAS_STUDY,
        context=config["tagging"]["context"],
        folder=lambda wildcards: out(""),
        manifest=[MANIFEST] if HAS_CLIPS else [],
        score=config["taggers"][TAGGER]["score"] if IS_TAGGED else None,
    message:
        "Checking the results"
    script:
        "../scripts/report/verify_results.py"


rule write_provenance:
    input:
        sources=[*sources.source_files(config), LABELS, *SCREENPLAY_TABLE],
        clips=of_shards(of_clips("clips/{shard}.csv")),
        results=[*MADE.values(), rules.verify_results.output],
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


rule write_index:
    input:
        checks=rules.verify_results.output[0],
        provenance=rules.write_provenance.output[0],
        results=[out(name) for item in SHOWN for name in item["files"]],
        captions=sorted({item["caption"] for item in SHOWN if item["caption"]}),
        page=[shipped(f"scripts/lib/pages/{part}") for part in ("frame.html", "base.css", "index.html", "index.css")],
        code=code("report/write_index"),
    output:
        out("index.html"),
    log:
        log_of("write_index"),
    conda:
        "../envs/workflow.yaml"
    params:
        # Asked when all rules are known, the report's own among them.
        contents=lambda wildcards: list_contents(workflow.rules, MADE, out("")),
        folder=lambda wildcards: out(""),
    message:
        "The page of the run"
    script:
        "../scripts/report/write_index.py"


rule report:
    input:
        rules.verify_results.output,
        rules.write_provenance.output,
        rules.write_index.output,

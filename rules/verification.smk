"""Verification: the human-verified shots, as published, joined to this run's shots, or its own (paper section 4.3)."""

if RELEASED:

    rule list_verified:
        input:
            verified=config["dataset"]["verified"] or [],
            label_map=RELEASE["label_map"],
            samples=SAMPLES,
            clips=RELEASE["clips"],
            movie_info=RELEASE["movie_info"],
            code=code("verification/list_verified"),
        output:
            evaluation=out("verification/evaluation_set.csv"),
            windows=out("verification/windows.csv"),
        log:
            log_of("list_verified"),
        conda:
            "../envs/workflow.yaml"
        message:
            "The human-verified shots and the windows they lie in"
        script:
            "../scripts/verification/list_verified.py"

elif config["dataset"]["evaluation_set"]:

    rule join_verified:
        input:
            evaluation=config["dataset"]["evaluation_set"],
            shots=of_shards(of_clips("shots/{shard}.csv")),
            code=code("verification/join_verified"),
        output:
            evaluation=out("verification/evaluation_set.csv"),
            csv=out("tables/verified_join.csv"),
            md=out("tables/verified_join.md"),
        log:
            log_of("join_verified"),
        conda:
            "../envs/workflow.yaml"
        params:
            manifest=MANIFEST,
        message:
            "Joining the human-verified labels to the shots of their windows"
        script:
            "../scripts/verification/join_verified.py"

else:

    rule measure_agreement:
        input:
            tasks=out("verification/tasks.csv"),
            votes=out("verification/votes.csv"),
            shots=out("dataset/shots.parquet"),
            samples=SAMPLES,
            printed=shipped("config/paper/verification.csv"),
            code=code("verification/measure_agreement"),
        output:
            agreement=out("verification/agreement.csv"),
            evaluation=out("verification/evaluation_set.csv"),
            discarded=out("verification/discarded.csv"),
            csv=out("tables/agreement.csv"),
            md=report(
                out("tables/agreement.md"),
                caption="../docs/report/agreement.rst",
                category="Tables",
                labels={"table": "agreement", "content": "raters and labels"},
            ),
        log:
            log_of("measure_agreement"),
        benchmark:
            benchmark_of("measure_agreement")
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            bootstrap=config["verification"]["bootstrap"],
            manifest=MANIFEST,
            simulated=bool(config["demo"]),
        message:
            "Agreement of the raters, and the evaluation set"
        script:
            "../scripts/verification/measure_agreement.py"


rule verification:
    input:
        [out("verification/evaluation_set.csv"), out("verification/windows.csv")] if RELEASED else [],
        [out("verification/evaluation_set.csv"), *tables("verified_join")]
        if config["dataset"]["evaluation_set"]
        else [],
        rules.measure_agreement.output if HAS_STUDY else [],

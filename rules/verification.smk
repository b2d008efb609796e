"""Verification: the human-verified shots, as published or joined to this run's shots (paper section 4.3)."""

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

elif RELEASED_SHOTS:

    rule compare_verified:
        input:
            verified=VERIFIED,
            label_map=RELEASE["label_map"],
            shots=out("dataset/shots.parquet"),
            printed=shipped("config/paper/dataset.csv"),
            code=code("verification/compare_verified"),
        output:
            csv=out("tables/verified_agreement.csv"),
            md=out("tables/verified_agreement.md"),
        log:
            log_of("compare_verified"),
        conda:
            "../envs/workflow.yaml"
        params:
            merges=config["dataset"]["merges"],
        message:
            "Agreement of the released shots with the human-verified labels"
        script:
            "../scripts/verification/compare_verified.py"

else:

    rule join_verified:
        input:
            evaluation=config["dataset"]["evaluation_set"] or [],
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


rule verification:
    input:
        tables("verified_agreement") if RELEASED_SHOTS and VERIFIED else [],
        [out("verification/evaluation_set.csv"), out("verification/windows.csv")] if RELEASED else [],
        [out("verification/evaluation_set.csv"), *tables("verified_join")]
        if config["dataset"]["evaluation_set"]
        else [],

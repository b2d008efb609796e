"""The dataset: samples with their labels, splits and statistics (paper section 5.1)."""

RELEASE = sources.release_files(config["dataset"])
# The splits as published; those of this run where none are joined.
PUBLISHED_SAMPLES, PUBLISHED_LINES = (
    [published(f"dataset/splits/{split}.{suffix}") for split in SPLITS] for suffix in ("csv", "txt")
)
# Settings that decide which shots are kept, and with which labels.
SELECTING = "drop exclude_flags keep_fraction merges min_samples rank_threshold top1_threshold top_k".split()
SELECTION = {key: config["dataset"][key] for key in SELECTING}


# Splits are made from labelled shots, or read as published.
if RELEASED:

    rule read_released:
        input:
            lines=RELEASE["lines"],
            label_map=RELEASE["label_map"],
            clips=RELEASE["clips"],
            movie_info=RELEASE["movie_info"],
            code=code("dataset/read_released"),
        output:
            tables=PUBLISHED_SAMPLES,
            lines=PUBLISHED_LINES,
            labels=published("dataset/labels.csv"),
            movies=published("dataset/movies.csv"),
        log:
            log_of("read_released"),
        benchmark:
            benchmark_of("read_released")
        conda:
            "../envs/workflow.yaml"
        message:
            "Reading the published splits"
        script:
            "../scripts/dataset/read_released.py"

    if HAS_CLIPS:

        rule join_released:
            input:
                samples=PUBLISHED_SAMPLES,
                labels=published("dataset/labels.csv"),
                movies=published("dataset/movies.csv"),
                clips=of_shards(of_clips("clips/{shard}.csv")),
                downloads=downloads_of(*SHARDS) if CLIPS else [],
                shots=of_shards(of_clips("shots/{shard}.csv")),
                times=config["dataset"]["released_shots"] or [],
                taxonomy=LABELS if config["dataset"]["released_shots"] else [],
                code=code("dataset/join_released"),
            output:
                tables=SAMPLES,
                lines=SAMPLE_LINES,
                labels=out("dataset/labels.csv"),
                movies=out("dataset/movies.csv"),
                joins=out("dataset/released_join.csv"),
                csv=out("tables/released_join.csv"),
                md=out("tables/released_join.md"),
            log:
                log_of("join_released"),
            conda:
                "../envs/workflow.yaml"
            params:
                manifest=MANIFEST,
            message:
                "Joining the published samples to the shots of their clips"
            script:
                "../scripts/dataset/join_released.py"

else:

    rule select_shots:
        input:
            shots=out("dataset/shots.parquet"),
            labels=LABELS,
            verified=VERIFIED,
            tasks=TASKS,
            code=code("dataset/select_shots"),
        output:
            out("dataset/kept.parquet"),
        log:
            log_of("select_shots"),
        benchmark:
            benchmark_of("select_shots")
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=4000,
            runtime=30,
        params:
            manifest=MANIFEST,
            settings=SELECTION,
        message:
            "Selecting the samples and their labels"
        script:
            "../scripts/dataset/select_shots.py"

    rule split_samples:
        input:
            kept=rules.select_shots.output[0],
            labels=LABELS,
            code=code("dataset/split_samples"),
        output:
            tables=SAMPLES,
            lines=SAMPLE_LINES,
            labels=out("dataset/labels.csv"),
            movies=out("dataset/movies.csv"),
        log:
            log_of("split_samples"),
        benchmark:
            benchmark_of("split_samples")
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=4000,
            runtime=60,
        params:
            fractions=config["dataset"]["fractions"],
            seed=config["dataset"]["seed"],
        message:
            "Splitting the samples by movies"
        script:
            "../scripts/dataset/split_samples.py"


rule describe_splits:
    input:
        samples=SAMPLES,
        printed=shipped("config/paper/dataset.csv"),
        code=code("dataset/describe_splits"),
    output:
        csv=out("tables/dataset.csv"),
        md=report(
            out("tables/dataset.md"),
            caption="../docs/report/dataset.rst",
            category="5.1 Dataset",
            labels={"table": "dataset", "content": "samples, splits and labels"},
        ),
    log:
        log_of("describe_splits"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Statistics of the splits"
    script:
        "../scripts/dataset/describe_splits.py"


rule make_table1:
    input:
        shots=SAMPLES if RELEASED else [out("dataset/shots.parquet")],
        labels=out("dataset/labels.csv") if RELEASED else LABELS,
        printed=shipped("config/paper/table1.csv"),
        code=code("dataset/make_table1"),
    output:
        csv=out("tables/table1.csv"),
        md=report(
            out("tables/table1.md"),
            caption="../docs/report/table1.rst",
            category="5.1 Dataset",
            labels={"table": "1", "content": "scene datasets"},
        ),
    log:
        log_of("make_table1"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Table 1: datasets with visual scene classes"
    script:
        "../scripts/dataset/make_table1.py"


rule audit_leakage:
    input:
        samples=SAMPLES,
        evaluation=[out("verification/evaluation_set.csv")] if RELEASED else [],
        verified=[] if RELEASED else VERIFIED,
        tasks=TASKS,
        shots=[] if RELEASED else [out("dataset/shots.parquet")],
        printed=shipped("config/paper/dataset.csv"),
        code=code("dataset/audit_leakage"),
    output:
        csv=out("tables/leakage.csv"),
        md=report(
            out("tables/leakage.md"),
            caption="../docs/report/leakage.rst",
            category="5.1 Dataset",
            labels={"table": "leakage", "content": "what the splits share"},
        ),
    log:
        log_of("audit_leakage"),
    conda:
        "../envs/workflow.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Leakage between the splits and the verified set"
    script:
        "../scripts/dataset/audit_leakage.py"


rule plot_genre_labels:
    input:
        samples=[] if RELEASED_SHOTS else SAMPLES,
        movies=[] if RELEASED_SHOTS else out("dataset/movies.csv"),
        shots=[out("dataset/shots.parquet")] if RELEASED_SHOTS else [],
        printed=shipped("config/paper/fig5.csv"),
        code=code("dataset/plot_genre_labels"),
    output:
        csv=out("tables/fig5.csv"),
        figures=report(
            figures("fig5"),
            caption="../docs/report/fig5.rst",
            category="5.1 Dataset",
            labels={"figure": "5", "content": "scenes of each genre"},
        ),
    log:
        log_of("plot_genre_labels"),
    conda:
        "../envs/workflow.yaml"
    params:
        threshold=config["dataset"]["top1_threshold"],
    message:
        "Fig. 5: the most frequent scenes of each genre"
    script:
        "../scripts/dataset/plot_genre_labels.py"


rule plot_label_distribution:
    input:
        samples=SAMPLES,
        code=code("dataset/plot_label_distribution"),
    output:
        csv=out("tables/label_distribution.csv"),
        figures=report(
            figures("label_distribution"),
            caption="../docs/report/label_distribution.rst",
            category="Beyond the paper",
            labels={"figure": "label distribution", "content": "samples of each class"},
        ),
    log:
        log_of("plot_label_distribution"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Samples per class"
    script:
        "../scripts/dataset/plot_label_distribution.py"


rule plot_cooccurrence:
    input:
        samples=SAMPLES,
        code=code("dataset/plot_cooccurrence"),
    output:
        csv=out("tables/cooccurrence.csv"),
        figures=report(
            figures("cooccurrence"),
            caption="../docs/report/cooccurrence.rst",
            category="Beyond the paper",
            labels={"figure": "co-occurrence", "content": "labels that are given together"},
        ),
    log:
        log_of("plot_cooccurrence"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Co-occurrence of labels"
    script:
        "../scripts/dataset/plot_cooccurrence.py"


rule plot_label_shares:
    input:
        samples=SAMPLES,
        movies=out("dataset/movies.csv"),
        shots=out("dataset/shots.parquet") if HAS_SHOTS else [],
        groups=config["dataset"]["groups"] or [],
        code=code("dataset/plot_label_shares"),
    output:
        csv=out("tables/label_shares.csv"),
        labels=report(
            figures("label_shares"),
            caption="../docs/report/label_shares.rst",
            category="Beyond the paper",
            labels={"figure": "label shares", "content": "scenes by decade and genre"},
        ),
        properties=report(
            figures("group_shares"),
            caption="../docs/report/group_shares.rst",
            category="Beyond the paper",
            labels={"figure": "group shares", "content": "inside or outside, day or night"},
        ),
    log:
        log_of("plot_label_shares"),
    conda:
        "../envs/workflow.yaml"
    params:
        attributes=list(config["attributes"]) if IS_TAGGED else [],
        exclude_flags=config["dataset"]["exclude_flags"],
        manifest=MANIFEST,
    message:
        "Scenes by decade and by genre"
    script:
        "../scripts/dataset/plot_label_shares.py"


rule join_scenes:
    input:
        shots=out("dataset/shots.parquet"),
        code=code("dataset/join_scenes"),
    output:
        out("dataset/scenes.csv"),
    log:
        log_of("join_scenes"),
    benchmark:
        benchmark_of("join_scenes")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        bridge_seconds=config["dataset"]["scenes"]["bridge_seconds"],
        exclude_flags=config["dataset"]["exclude_flags"],
        sure=config["dataset"]["top1_threshold"],
    message:
        "Joining the shots of one place"
    script:
        "../scripts/dataset/join_scenes.py"


rule make_transitions:
    input:
        scenes=rules.join_scenes.output[0],
        code=code("dataset/make_transitions"),
    output:
        csv=out("tables/transitions.csv"),
        figures=report(
            figures("transitions"),
            caption="../docs/report/transitions.rst",
            category="Beyond the paper",
            labels={"figure": "transitions", "content": "from place to place"},
        ),
    log:
        log_of("make_transitions"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Transitions from place to place"
    script:
        "../scripts/dataset/make_transitions.py"


rule study_thresholds:
    input:
        shots=out("dataset/shots.parquet"),
        labels=LABELS,
        verified=VERIFIED,
        tasks=TASKS,
        votes=VOTES,
        truth=MEDIA,
        code=code("dataset/study_thresholds"),
    output:
        csv=out("tables/thresholds.csv"),
        figures=report(
            figures("thresholds"),
            caption="../docs/report/thresholds.rst",
            category="Beyond the paper",
            labels={"figure": "thresholds", "content": "what other thresholds would keep"},
        ),
    log:
        log_of("study_thresholds"),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        manifest=MANIFEST,
        settings=SELECTION,
    message:
        "Effect of other thresholds"
    script:
        "../scripts/dataset/study_thresholds.py"


rule describe_release:
    input:
        samples=SAMPLES,
        evaluation=out("verification/evaluation_set.csv"),
        classes=out("dataset/labels.csv"),
        taxonomy=LABELS,
        distribution=RELEASE["distribution"],
        clips=RELEASE["clips"],
        movie_info=RELEASE["movie_info"],
        movie_splits=RELEASE["movie_splits"],
        hvu=RELEASE["hvu"],
        printed=shipped("config/paper/dataset.csv"),
        code=code("dataset/describe_release"),
    output:
        csv=out("tables/release.csv"),
        md=report(
            out("tables/release.md"),
            caption="../docs/report/release.rst",
            category="5.1 Dataset",
            labels={"table": "release", "content": "the published files"},
        ),
    log:
        log_of("describe_release"),
    conda:
        "../envs/workflow.yaml"
    params:
        drop=config["dataset"]["drop"],
        merges=config["dataset"]["merges"],
    message:
        "Statistics of the published files"
    script:
        "../scripts/dataset/describe_release.py"


rule dataset:
    input:
        [*SAMPLES, *SAMPLE_LINES, out("dataset/labels.csv"), out("dataset/movies.csv")] if HAS_DATASET else [],
        tables("table1", "dataset", "leakage") if HAS_DATASET else [],
        rules.plot_genre_labels.output if HAS_DATASET else [],
        rules.plot_label_distribution.output if HAS_DATASET else [],
        rules.plot_cooccurrence.output if HAS_DATASET else [],
        rules.plot_label_shares.output if HAS_DATASET else [],
        rules.study_thresholds.output if HAS_SHOTS else [],
        rules.join_scenes.output if HAS_SHOTS else [],
        rules.make_transitions.output if HAS_SHOTS else [],
        rules.join_released.output if RELEASED and HAS_CLIPS else [],
        rules.describe_release.output if RELEASED and not HAS_CLIPS else [],

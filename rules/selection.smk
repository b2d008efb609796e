"""From labelled shots to the dataset: which are kept, with which labels, in which split (paper section 5.1)."""

SELECTION = (
    "exclude_flags",
    "keep_fraction",
    "merges",
    "drop",
    "min_samples",
    "rank_threshold",
    "top1_threshold",
    "top_k",
)
SETTINGS = {key: config["dataset"][key] for key in sorted(SELECTION)}


rule select_shots:
    input:
        shots=out("dataset/shots.parquet"),
        scores=out("dataset/shot_scores.h5"),
        verified=VERIFIED,
        code=code("dataset/select_shots"),
    output:
        out("dataset/kept.parquet"),
    log:
        log_of("select_shots"),
    benchmark:
        benchmark_of("select_shots")
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        manifest=MANIFEST,
        settings=SETTINGS,
    message:
        "Selecting the samples and their labels"
    script:
        "../scripts/dataset/select_shots.py"


rule split_samples:
    input:
        kept=rules.select_shots.output[0],
        scores=out("dataset/shot_scores.h5"),
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
        "../envs/analysis.yaml"
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


rule study_thresholds:
    input:
        shots=out("dataset/shots.parquet"),
        scores=out("dataset/shot_scores.h5"),
        verified=VERIFIED,
        truth=[MEDIA] if MEDIA else [],
        code=code("report/study_thresholds"),
    output:
        csv=out("tables/thresholds.csv"),
        figures=report(
            figures("thresholds"),
            caption="../docs/report/thresholds.rst",
            category="Figures",
            labels={"figure": "thresholds", "content": "what other thresholds would keep"},
        ),
    log:
        log_of("study_thresholds"),
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        manifest=MANIFEST,
        settings=SETTINGS,
    message:
        "What other thresholds would keep"
    script:
        "../scripts/report/study_thresholds.py"


# Only in a run on the windows of the published human-verified shots.
rule join_verified:
    input:
        evaluation=config["dataset"]["evaluation_set"] or [],
        shots=of_shards("shots/{shard}.csv"),
        code=code("dataset/join_verified"),
    output:
        evaluation=out("verification/evaluation_set.csv"),
        csv=out("tables/verified_join.csv"),
        md=out("tables/verified_join.md"),
    log:
        log_of("join_verified"),
    conda:
        "../envs/analysis.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Joining the human-verified labels to the shots of their windows"
    script:
        "../scripts/dataset/join_verified.py"


TABLES += [out("tables/thresholds.csv")]
FIGURES += figures("thresholds")

LABELLED += [out(f"dataset/{name}") for name in ("shots.parquet", "shot_scores.h5", "movieclip.json", "failures.csv")]
CHAPTERS["dataset"] = [*LABELLED, *DATASET]
if config["dataset"]["evaluation_set"]:
    SOURCE_FILES += [config["dataset"]["evaluation_set"]]
    CHAPTERS["verification"] = rules.join_verified.output

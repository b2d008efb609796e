"""The published run: the dataset as the authors' label files tell it, without clips, shots or scores."""

FILES, METADATA = Path(RELEASED), Path(config["dataset"]["metadata"])
LABEL_MAP = str(FILES / "multi_label_thresh_0_4_0_1_label_map.json")
RELEASED_LINES = [str(FILES / f"{split}_multi_label_thresh_0_4_0_1_150_labels.txt") for split in SPLITS]
DISTRIBUTION = str(FILES / "label_distribution_multi_label_thresh_0_4_0_1_150.csv")
CLIP_TABLE, MOVIE_INFO, MOVIE_SPLITS = (str(METADATA / f"{name}.csv") for name in ("clips", "movie_info", "split"))
HVU = ["resources/hvu/HVU_Tags_Categories_V1.0.csv", "resources/hvu/HVU_Val_V1.0.csv"]


rule read_released:
    input:
        lines=RELEASED_LINES,
        label_map=LABEL_MAP,
        clips=CLIP_TABLE,
        movie_info=MOVIE_INFO,
        code=code("dataset/read_released"),
    output:
        tables=SAMPLES,
        lines=SAMPLE_LINES,
        labels=out("dataset/labels.csv"),
        movies=out("dataset/movies.csv"),
    log:
        log_of("read_released"),
    benchmark:
        benchmark_of("read_released")
    conda:
        "../envs/analysis.yaml"
    message:
        "Reading the published splits"
    script:
        "../scripts/dataset/read_released.py"


rule list_verified:
    input:
        verified=VERIFIED[0],
        label_map=LABEL_MAP,
        samples=SAMPLES,
        clips=CLIP_TABLE,
        movie_info=MOVIE_INFO,
        code=code("dataset/list_verified"),
    output:
        evaluation=out("verification/evaluation_set.csv"),
        windows=out("verification/windows.csv"),
    log:
        log_of("list_verified"),
    conda:
        "../envs/analysis.yaml"
    message:
        "The human-verified shots and the windows they lie in"
    script:
        "../scripts/dataset/list_verified.py"


rule describe_release:
    input:
        samples=SAMPLES,
        evaluation=rules.list_verified.output.evaluation,
        classes=rules.read_released.output.labels,
        taxonomy=LABELS,
        distribution=DISTRIBUTION,
        clips=CLIP_TABLE,
        movie_info=MOVIE_INFO,
        movie_splits=MOVIE_SPLITS,
        hvu=HVU,
        printed="config/paper/dataset.csv",
        code=code("report/describe_release"),
    output:
        csv=out("tables/release.csv"),
        md=report(
            out("tables/release.md"),
            caption="../docs/report/release.rst",
            category="Tables",
            labels={"table": "release", "content": "the published files"},
        ),
    log:
        log_of("describe_release"),
    conda:
        "../envs/analysis.yaml"
    params:
        drop=config["dataset"]["drop"],
        merges=config["dataset"]["merges"],
    message:
        "What the published files hold"
    script:
        "../scripts/report/describe_release.py"


TABLES += rules.describe_release.output
SOURCE_FILES += [*RELEASED_LINES, LABEL_MAP, DISTRIBUTION, CLIP_TABLE, MOVIE_INFO, MOVIE_SPLITS, *VERIFIED, *HVU]
RETRIEVED += [path for path in SOURCE_FILES if path.startswith("resources/") and path not in RETRIEVED]

CHAPTERS["dataset"] = DATASET
CHAPTERS["verification"] = rules.list_verified.output

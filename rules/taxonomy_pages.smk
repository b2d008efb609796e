"""The expert's two pages: questions about the labels, and shots in which to look for missing ones."""

# The expert's answers are kept under version control; before the first download there are none.
REVIEW = [path for path in [config["taxonomy"]["review"]] if path and Path(path).exists()]

EXPERT_PAGE = [f"scripts/taxonomy/pages/expert.{part}" for part in ("css", "js")]


rule make_review_page:
    input:
        sheet=out("taxonomy/review_sheet.csv"),
        labels=out("taxonomy/labels.txt"),
        review=REVIEW,
        page=[*PAGE, *EXPERT_PAGE, *(f"scripts/taxonomy/pages/review.{part}" for part in ("html", "css", "js"))],
        code=code("pages", "review"),
    output:
        out("taxonomy/review.html"),
    log:
        log_of("make_review_page"),
    conda:
        "../envs/analysis.yaml"
    message:
        "The page with the expert's questions"
    script:
        "../scripts/taxonomy/make_review_page.py"


rule sample_shots:
    input:
        of_shards("shots/{shard}.csv"),
    output:
        out("taxonomy/sample.csv"),
    log:
        log_of("sample_shots"),
    conda:
        "../envs/analysis.yaml"
    params:
        seed=config["taxonomy"]["sample"]["seed"],
        shots=config["taxonomy"]["sample"]["shots"],
    message:
        "Choosing shots for the expert at random"
    script:
        "../scripts/taxonomy/sample_shots.py"


rule picture_sample:
    input:
        media=MEDIA,
        sample=out("taxonomy/sample.csv"),
        code=code("thumbnails", "video"),
    output:
        directory(out("taxonomy/sample")),
    log:
        log_of("picture_sample"),
    benchmark:
        benchmark_of("picture_sample")
    conda:
        "../envs/analysis.yaml"
    threads: CORES
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=240,
    params:
        manifest=MANIFEST,
    message:
        "Pictures of the sampled shots"
    script:
        "../scripts/taxonomy/picture_sample.py"


rule make_sample_page:
    input:
        sample=out("taxonomy/sample.csv"),
        pictures=[out("taxonomy/sample")],
        shots=out("dataset/shots.parquet"),
        labels=out("taxonomy/labels.txt"),
        review=REVIEW,
        page=[
            *PAGE,
            *SHOT_CARDS,
            *EXPERT_PAGE,
            *(f"scripts/taxonomy/pages/sample.{part}" for part in ("html", "css", "js")),
        ],
        code=code("pages", "review"),
    output:
        out("taxonomy/sample.html"),
    log:
        log_of("make_sample_page"),
    conda:
        "../envs/analysis.yaml"
    message:
        "The page with the sampled shots"
    script:
        "../scripts/taxonomy/make_sample_page.py"

"""What the dataset holds, whether its splits were made here or published: Table 1, statistics, leakage, Fig. 5."""


rule describe_splits:
    input:
        samples=SAMPLES,
        printed="config/paper/dataset.csv",
        code=code("report/describe_splits"),
    output:
        csv=out("tables/dataset.csv"),
        md=report(
            out("tables/dataset.md"),
            caption="../docs/report/dataset.rst",
            category="Tables",
            labels={"table": "dataset", "content": "samples, splits and labels"},
        ),
    log:
        log_of("describe_splits"),
    conda:
        "../envs/analysis.yaml"
    message:
        "What the splits hold"
    script:
        "../scripts/report/describe_splits.py"


rule make_table1:
    input:
        shots=SAMPLES if RELEASED else [out("dataset/shots.parquet")],
        labels=out("dataset/labels.csv") if RELEASED else LABELS,
        printed="config/paper/table1.csv",
        code=code("report/make_table1"),
    output:
        csv=out("tables/table1.csv"),
        md=report(
            out("tables/table1.md"),
            caption="../docs/report/table1.rst",
            category="Tables",
            labels={"table": "1", "content": "scene datasets"},
        ),
    log:
        log_of("make_table1"),
    conda:
        "../envs/analysis.yaml"
    message:
        "Table 1: datasets with visual scene classes"
    script:
        "../scripts/report/make_table1.py"


rule audit_leakage:
    input:
        samples=SAMPLES,
        evaluation=[out("verification/evaluation_set.csv")] if RELEASED else [],
        verified=[] if RELEASED else VERIFIED,
        shots=[] if RELEASED else [out("dataset/shots.parquet")],
        printed="config/paper/dataset.csv",
        code=code("dataset/audit_leakage"),
    output:
        csv=out("tables/leakage.csv"),
        md=report(
            out("tables/leakage.md"),
            caption="../docs/report/leakage.rst",
            category="Tables",
            labels={"table": "leakage", "content": "what the splits share"},
        ),
    log:
        log_of("audit_leakage"),
    conda:
        "../envs/analysis.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Leakage between the splits and the verified set"
    script:
        "../scripts/dataset/audit_leakage.py"


rule plot_genre_labels:
    input:
        samples=SAMPLES,
        movies=out("dataset/movies.csv"),
        printed="config/paper/fig5.csv",
        code=code("report/plot_genre_labels"),
    output:
        csv=out("tables/fig5.csv"),
        figures=report(
            figures("fig5"),
            caption="../docs/report/fig5.rst",
            category="Figures",
            labels={"figure": "5", "content": "scenes of each genre"},
        ),
    log:
        log_of("plot_genre_labels"),
    conda:
        "../envs/analysis.yaml"
    message:
        "Fig. 5: the most frequent scenes of each genre"
    script:
        "../scripts/report/plot_genre_labels.py"


rule plot_label_distribution:
    input:
        samples=SAMPLES,
        code=code("report/plot_label_distribution"),
    output:
        csv=out("tables/label_distribution.csv"),
        figures=report(
            figures("label_distribution"),
            caption="../docs/report/label_distribution.rst",
            category="Figures",
            labels={"figure": "label distribution", "content": "samples of each class"},
        ),
    log:
        log_of("plot_label_distribution"),
    conda:
        "../envs/analysis.yaml"
    message:
        "Samples of each class"
    script:
        "../scripts/report/plot_label_distribution.py"


rule plot_cooccurrence:
    input:
        samples=SAMPLES,
        code=code("report/plot_cooccurrence"),
    output:
        csv=out("tables/cooccurrence.csv"),
        figures=report(
            figures("cooccurrence"),
            caption="../docs/report/cooccurrence.rst",
            category="Figures",
            labels={"figure": "co-occurrence", "content": "labels that are given together"},
        ),
    log:
        log_of("plot_cooccurrence"),
    conda:
        "../envs/analysis.yaml"
    message:
        "Labels that are given together"
    script:
        "../scripts/report/plot_cooccurrence.py"


rule plot_label_shares:
    input:
        samples=SAMPLES,
        movies=out("dataset/movies.csv"),
        code=code("report/plot_label_shares"),
    output:
        csv=out("tables/label_shares.csv"),
        figures=report(
            figures("label_shares"),
            caption="../docs/report/label_shares.rst",
            category="Figures",
            labels={"figure": "label shares", "content": "scenes by decade and genre"},
        ),
    log:
        log_of("plot_label_shares"),
    conda:
        "../envs/analysis.yaml"
    message:
        "Scenes by decade and by genre"
    script:
        "../scripts/report/plot_label_shares.py"


TABLES += [out(f"tables/{name}.{suffix}") for name in ("table1", "dataset", "leakage") for suffix in ("csv", "md")]
TABLES += [out(f"tables/{name}.csv") for name in ("fig5", "label_distribution", "cooccurrence", "label_shares")]
FIGURES += figures("fig5", "label_distribution", "cooccurrence", "label_shares")

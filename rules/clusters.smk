"""The labels' embeddings and their clusters, whether the labels were made here or given (paper section 3.2)."""

if config["taxonomy"]["labels"]:
    NAMES, HISTORY = {"labels": LABELS}, {}


rule embed_names:
    input:
        **NAMES,
        printed="config/paper/merges.csv",
        encoder=LABEL_ENCODER,
        code=code("taxonomy/embed_names"),
    output:
        out("taxonomy/embeddings.h5"),
    log:
        log_of("embed_names"),
    benchmark:
        benchmark_of("embed_names")
    conda:
        "../envs/language.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        encoder=config["taxonomy"]["encoder"],
        label_template=lambda wildcards: config["taxonomy"]["label_template"],
    message:
        "Embedding the names of all labels"
    script:
        "../scripts/taxonomy/embed_names.py"


rule cluster_labels:
    input:
        **HISTORY,
        labels=LABELS,
        embeddings=rules.embed_names.output[0],
        code=code("taxonomy/cluster_labels"),
    output:
        out("taxonomy/taxonomy.csv"),
    log:
        log_of("cluster_labels"),
    conda:
        "../envs/language.yaml"
    message:
        "Clustering the labels"
    script:
        "../scripts/taxonomy/cluster_labels.py"


rule plot_clusters:
    input:
        taxonomy=rules.cluster_labels.output[0],
        code=code("taxonomy/plot_clusters"),
    output:
        report(
            figures("clusters"),
            caption="../docs/report/clusters.rst",
            category="Figures",
            labels={"figure": "–", "content": "clusters of the labels"},
        ),
    log:
        log_of("plot_clusters"),
    conda:
        "../envs/language.yaml"
    message:
        "Drawing the clusters of the labels"
    script:
        "../scripts/taxonomy/plot_clusters.py"


rule compare_with_paper:
    input:
        taxonomy=rules.cluster_labels.output[0],
        embeddings=rules.embed_names.output[0],
        merges="config/paper/merges.csv",
        clusters="config/paper/clusters.csv",
        code=code("taxonomy/compare_with_paper"),
    output:
        merges=out("tables/merges.csv"),
        clusters=out("tables/clusters.csv"),
    log:
        log_of("compare_with_paper"),
    conda:
        "../envs/language.yaml"
    message:
        "The paper's printed merges and clusters beside ours"
    script:
        "../scripts/taxonomy/compare_with_paper.py"


TABLES += rules.compare_with_paper.output
FIGURES += figures("clusters")
# A chapter's page, tables and figures come with it; what needs labelled shots comes with the report.
TAXONOMY += [*rules.compare_with_paper.output, *figures("clusters")] if TAXONOMY else []

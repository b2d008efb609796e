"""The taxonomy: scene labels from screenplays and HVU, merged, reviewed and clustered (paper section 3)."""

from scripts.taxonomy.screenplays import find_screenplays

TAXONOMY = config["taxonomy"]
# They cannot be downloaded, but a mirror may have them. They are listed only when needed, so that
# `retrieve` runs without them.
SCREENPLAYS = TAXONOMY["screenplays"]
if not Path(SCREENPLAYS).exists():
    SCREENPLAYS = sources.in_mirror(SCREENPLAYS, config["sources"]["mirror"]) or SCREENPLAYS
# Optional inputs. Before the expert's first answers there is no review file; a misspelt name looks the same.
REVIEW = {"review": TAXONOMY["review"]} if TAXONOMY["review"] and Path(TAXONOMY["review"]).exists() else {}
if TAXONOMY["review"] and not REVIEW and workflow.is_main_process:
    logger.warning(f"taxonomy.review: there is no file {TAXONOMY['review']} yet, so no answer of an expert is used.")
PUBLISHED = {"published": TAXONOMY["compare_with"]} if TAXONOMY["compare_with"] else {}
# Of the screenplays it has the checksums.
SCREENPLAY_TABLE = [] if TAXONOMY["labels"] else [out("taxonomy/screenplays.csv")]
# Where the labels to embed are from: the given list, or all from which the taxonomy is made.
NAMED_IN = {"labels": TAXONOMY["labels"]}
if not TAXONOMY["labels"]:
    NAMED_IN = {
        **REVIEW,
        **PUBLISHED,
        "slugline_labels": out("taxonomy/slugline_labels.csv"),
        "hvu_labels": out("taxonomy/hvu_labels.csv"),
    }


rule read_sluglines:
    input:
        screenplays=lambda wildcards: explained(find_screenplays, SCREENPLAYS),
        code=code("taxonomy/read_sluglines"),
    output:
        sluglines=out("taxonomy/sluglines.parquet"),
        report=out("taxonomy/screenplays.csv"),
    log:
        log_of("read_sluglines"),
    benchmark:
        benchmark_of("read_sluglines")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    message:
        "Reading the sluglines of the screenplays"
    script:
        "../scripts/taxonomy/read_sluglines.py"


rule find_slugline_labels:
    input:
        sluglines=rules.read_sluglines.output.sluglines,
        code=code("taxonomy/find_slugline_labels"),
    output:
        labels=out("taxonomy/slugline_labels.csv"),
        rare=out("taxonomy/rare_places.csv"),
    log:
        log_of("find_slugline_labels"),
    benchmark:
        benchmark_of("find_slugline_labels")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        min_scripts=TAXONOMY["min_scripts"],
    message:
        "Finding the places that occur in many screenplays"
    script:
        "../scripts/taxonomy/find_slugline_labels.py"


rule list_hvu_labels:
    input:
        tags=TAXONOMY["hvu_tags"],
        code=code("taxonomy/list_hvu_labels"),
    output:
        out("taxonomy/hvu_labels.csv"),
    log:
        log_of("list_hvu_labels"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Listing the scene labels of HVU"
    script:
        "../scripts/taxonomy/list_hvu_labels.py"


rule embed_names:
    input:
        **NAMED_IN,
        printed=shipped("config/paper/merges.csv"),
        encoder=LABEL_ENCODER,
        code=code("taxonomy/embed_names"),
    output:
        out("taxonomy/embeddings.h5"),
    log:
        log_of("embed_names"),
    benchmark:
        benchmark_of("embed_names")
    conda:
        "../envs/workflow.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        encoder=TAXONOMY["encoder"],
        label_template=lambda wildcards: TAXONOMY["label_template"],
    message:
        "Embedding all labels"
    script:
        "../scripts/taxonomy/embed_names.py"


rule propose_merges:
    input:
        slugline_labels=rules.find_slugline_labels.output.labels,
        hvu_labels=rules.list_hvu_labels.output[0],
        embeddings=rules.embed_names.output[0],
        code=code("taxonomy/propose_merges"),
    output:
        out("taxonomy/proposals.csv"),
    log:
        log_of("propose_merges"),
    conda:
        "../envs/workflow.yaml"
    params:
        merge_threshold=TAXONOMY["merge_threshold"],
        similar_threshold=TAXONOMY["similar_threshold"],
    message:
        "Proposing which labels to merge"
    script:
        "../scripts/taxonomy/propose_merges.py"


rule apply_review:
    input:
        **REVIEW,
        proposals=rules.propose_merges.output[0],
        rare=rules.find_slugline_labels.output.rare,
        code=code("taxonomy/apply_review"),
    output:
        merges=out("taxonomy/merges.csv"),
        sheet=out("taxonomy/review_sheet.csv"),
        reviewed=out("taxonomy/reviewed.csv"),
        labels=out("taxonomy/labels.txt"),
    log:
        log_of("apply_review"),
    conda:
        "../envs/workflow.yaml"
    params:
        merge_threshold=TAXONOMY["merge_threshold"],
    message:
        "Applying the expert's answers"
    script:
        "../scripts/taxonomy/apply_review.py"


rule list_evidence:
    input:
        **PUBLISHED,
        slugline_labels=rules.find_slugline_labels.output.labels,
        hvu_labels=rules.list_hvu_labels.output[0],
        embeddings=rules.embed_names.output[0],
        code=code("taxonomy/list_evidence"),
    output:
        out("taxonomy/evidence.csv"),
    log:
        log_of("list_evidence"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Listing the evidence for each slugline label"
    script:
        "../scripts/taxonomy/list_evidence.py"


rule make_review_page:
    input:
        **REVIEW,
        sheet=rules.apply_review.output.sheet,
        labels=LABELS,
        page=page_of("review", "answers", "expert"),
        code=code("taxonomy/make_review_page"),
    output:
        out("taxonomy/review.html"),
    log:
        log_of("make_review_page"),
    conda:
        "../envs/workflow.yaml"
    message:
        "The page with the expert's questions"
    script:
        "../scripts/taxonomy/make_review_page.py"


rule plot_sources:
    input:
        taxonomy=out("taxonomy/taxonomy.csv"),
        printed=shipped("config/paper/fig2.csv"),
        code=code("taxonomy/plot_sources"),
    output:
        csv=out("tables/fig2.csv"),
        figures=report(
            figures("fig2"),
            caption="../docs/report/fig2.rst",
            category="3 Taxonomy",
            labels={"figure": "2", "content": "sources of the labels"},
        ),
    log:
        log_of("plot_sources"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Fig. 2: sources of the labels"
    script:
        "../scripts/taxonomy/plot_sources.py"


rule compare_taxonomies:
    input:
        **PUBLISHED,
        taxonomy=out("taxonomy/taxonomy.csv"),
        embeddings=rules.embed_names.output[0],
        code=code("taxonomy/compare_taxonomies"),
    output:
        csv=out("tables/taxonomy_comparison.csv"),
        md=report(
            out("tables/taxonomy_comparison.md"),
            caption="../docs/report/taxonomy_comparison.rst",
            category="3 Taxonomy",
            labels={"table": "–", "content": "our labels beside the published ones"},
        ),
    log:
        log_of("compare_taxonomies"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Our labels beside the published ones"
    script:
        "../scripts/taxonomy/compare_taxonomies.py"


rule cluster_labels:
    input:
        history=[] if TAXONOMY["labels"] else rules.apply_review.output.reviewed,
        labels=LABELS,
        embeddings=rules.embed_names.output[0],
        code=code("taxonomy/cluster_labels"),
    output:
        out("taxonomy/taxonomy.csv"),
    log:
        log_of("cluster_labels"),
    conda:
        "../envs/workflow.yaml"
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
            category="3 Taxonomy",
            labels={"figure": "–", "content": "clusters of the labels"},
        ),
    log:
        log_of("plot_clusters"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Drawing the clusters of the labels"
    script:
        "../scripts/taxonomy/plot_clusters.py"


rule plot_label_map:
    input:
        taxonomy=rules.cluster_labels.output[0],
        embeddings=rules.embed_names.output[0],
        code=code("taxonomy/plot_label_map"),
    output:
        report(
            figures("label_map"),
            caption="../docs/report/label_map.rst",
            category="3 Taxonomy",
            labels={"figure": "–", "content": "map of the labels"},
        ),
    log:
        log_of("plot_label_map"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Drawing the map of the labels"
    script:
        "../scripts/taxonomy/plot_label_map.py"


rule list_absent:
    input:
        **PUBLISHED,
        labels=LABELS,
        tags=TAXONOMY["hvu_tags"],
        places=shipped("config/places365.txt"),
        printed=shipped("config/paper/fig1b.csv"),
        code=code("taxonomy/list_absent"),
    output:
        csv=out("tables/fig1b.csv"),
        md=report(
            out("tables/fig1b.md"),
            caption="../docs/report/fig1b.rst",
            category="3 Taxonomy",
            labels={"table": "Fig. 1b", "content": "labels that other lists do not have"},
        ),
    log:
        log_of("list_absent"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Fig. 1b: labels that other lists do not have"
    script:
        "../scripts/taxonomy/list_absent.py"


rule compare_with_paper:
    input:
        taxonomy=rules.cluster_labels.output[0],
        embeddings=rules.embed_names.output[0],
        merges=shipped("config/paper/merges.csv"),
        clusters=shipped("config/paper/clusters.csv"),
        code=code("taxonomy/compare_with_paper"),
    output:
        merges=out("tables/merges.csv"),
        clusters=out("tables/clusters.csv"),
    log:
        log_of("compare_with_paper"),
    conda:
        "../envs/workflow.yaml"
    message:
        "The paper's printed merges and clusters beside ours"
    script:
        "../scripts/taxonomy/compare_with_paper.py"


rule sample_shots:
    input:
        shots=of_shards(of_clips("shots/{shard}.csv")),
        code=code("taxonomy/sample_shots"),
    output:
        out("taxonomy/sample.csv"),
    log:
        log_of("sample_shots"),
    conda:
        "../envs/workflow.yaml"
    params:
        manifest=MANIFEST,
        seed=TAXONOMY["sample"]["seed"],
        shots=TAXONOMY["sample"]["shots"],
    message:
        "Sampling shots for the expert"
    script:
        "../scripts/taxonomy/sample_shots.py"


rule picture_sample:
    input:
        media=MEDIA,
        sample=out("taxonomy/sample.csv"),
        code=code("taxonomy/picture_sample"),
    output:
        directory(out("taxonomy/sample")),
    log:
        log_of("picture_sample"),
    benchmark:
        benchmark_of("picture_sample")
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        manifest=MANIFEST,
    message:
        "Pictures of the sampled shots"
    script:
        "../scripts/taxonomy/picture_sample.py"


rule make_sample_page:
    input:
        **REVIEW,
        sample=out("taxonomy/sample.csv"),
        pictures=[out("taxonomy/sample")],
        shots=out("dataset/shots.parquet"),
        labels=LABELS,
        page=page_of("sample", "shots", "answers", "expert"),
        code=code("taxonomy/make_sample_page"),
    output:
        out("taxonomy/sample.html"),
    log:
        log_of("make_sample_page"),
    conda:
        "../envs/workflow.yaml"
    message:
        "The page with the sampled shots"
    script:
        "../scripts/taxonomy/make_sample_page.py"


rule taxonomy:
    input:
        [*rules.cluster_labels.output, *rules.compare_with_paper.output, *rules.list_absent.output],
        figures("clusters", "label_map"),
        [] if TAXONOMY["labels"] else [*rules.read_sluglines.output, *rules.apply_review.output],
        [] if TAXONOMY["labels"] else [*rules.list_evidence.output, *rules.make_review_page.output],
        []
        if TAXONOMY["labels"]
        else [*rules.plot_sources.output, *(rules.compare_taxonomies.output if PUBLISHED else [])],

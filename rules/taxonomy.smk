"""The taxonomy: scene labels from screenplays and HVU, merged, reviewed and clustered (paper section 3)."""

from scripts.lib.sources import in_mirror
from scripts.taxonomy.screenplays import find_screenplays

# A mirror may have them, since they cannot be downloaded. They are looked for once they are needed, so
# that `retrieve` runs before there are any.
SCREENPLAYS = config["taxonomy"]["screenplays"]
if not Path(SCREENPLAYS).exists():
    SCREENPLAYS = in_mirror(SCREENPLAYS, config["sources"]["mirror"]) or SCREENPLAYS
# Inputs that a config may leave out. Before the first download from the pages there is no review file
# where the config names it, which looks like a name that is misspelt.
REVIEW = {"review": config["taxonomy"]["review"]} if config["taxonomy"]["review"] else {}
if REVIEW and not Path(REVIEW["review"]).exists():
    if workflow.is_main_process:
        logger.warning(f"taxonomy.review: there is no file {REVIEW['review']} yet, so no answer of an expert is used.")
    REVIEW = {}
PUBLISHED = {"published": config["taxonomy"]["compare_with"]} if config["taxonomy"]["compare_with"] else {}
# What clusters.smk embeds and clusters.
NAMES = {
    **REVIEW,
    **PUBLISHED,
    "slugline_labels": out("taxonomy/slugline_labels.csv"),
    "hvu_labels": out("taxonomy/hvu_labels.csv"),
}
HISTORY = {"history": out("taxonomy/reviewed.csv")}
EMBEDDINGS = out("taxonomy/embeddings.h5")
EXPERT_PAGE = [f"scripts/taxonomy/pages/expert.{part}" for part in ("css", "js")]


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
        "../envs/language.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    message:
        "Reading the scene headings of the screenplays"
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
        "../envs/language.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        min_scripts=config["taxonomy"]["min_scripts"],
    message:
        "Finding the places that many screenplays have"
    script:
        "../scripts/taxonomy/find_slugline_labels.py"


rule list_hvu_labels:
    input:
        tags=config["taxonomy"]["hvu_tags"],
        code=code("taxonomy/list_hvu_labels"),
    output:
        out("taxonomy/hvu_labels.csv"),
    log:
        log_of("list_hvu_labels"),
    conda:
        "../envs/language.yaml"
    message:
        "Listing the scene labels of HVU"
    script:
        "../scripts/taxonomy/list_hvu_labels.py"


rule propose_merges:
    input:
        slugline_labels=rules.find_slugline_labels.output.labels,
        hvu_labels=rules.list_hvu_labels.output[0],
        embeddings=EMBEDDINGS,
        code=code("taxonomy/propose_merges"),
    output:
        out("taxonomy/proposals.csv"),
    log:
        log_of("propose_merges"),
    conda:
        "../envs/language.yaml"
    params:
        merge_threshold=config["taxonomy"]["merge_threshold"],
        similar_threshold=config["taxonomy"]["similar_threshold"],
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
        "../envs/language.yaml"
    params:
        merge_threshold=config["taxonomy"]["merge_threshold"],
    message:
        "Applying the expert's answers"
    script:
        "../scripts/taxonomy/apply_review.py"


rule list_evidence:
    input:
        **PUBLISHED,
        slugline_labels=rules.find_slugline_labels.output.labels,
        hvu_labels=rules.list_hvu_labels.output[0],
        embeddings=EMBEDDINGS,
        code=code("taxonomy/list_evidence"),
    output:
        out("taxonomy/evidence.csv"),
    log:
        log_of("list_evidence"),
    conda:
        "../envs/language.yaml"
    message:
        "Listing what speaks for each slugline label"
    script:
        "../scripts/taxonomy/list_evidence.py"


rule plot_sources:
    input:
        taxonomy=out("taxonomy/taxonomy.csv"),
        printed="config/paper/fig2.csv",
        code=code("taxonomy/plot_sources"),
    output:
        csv=out("tables/fig2.csv"),
        figures=report(
            figures("fig2"),
            caption="../docs/report/fig2.rst",
            category="Figures",
            labels={"figure": "2", "content": "sources of the labels"},
        ),
    log:
        log_of("plot_sources"),
    conda:
        "../envs/language.yaml"
    message:
        "Fig. 2: where the labels come from"
    script:
        "../scripts/taxonomy/plot_sources.py"


rule compare_taxonomies:
    input:
        **PUBLISHED,
        taxonomy=out("taxonomy/taxonomy.csv"),
        embeddings=EMBEDDINGS,
        code=code("taxonomy/compare_taxonomies"),
    output:
        csv=out("tables/taxonomy_comparison.csv"),
        md=report(
            out("tables/taxonomy_comparison.md"),
            caption="../docs/report/taxonomy_comparison.rst",
            category="Tables",
            labels={"table": "–", "content": "our labels beside the published ones"},
        ),
    log:
        log_of("compare_taxonomies"),
    conda:
        "../envs/language.yaml"
    message:
        "Our labels beside the published ones"
    script:
        "../scripts/taxonomy/compare_taxonomies.py"


rule make_review_page:
    input:
        **REVIEW,
        sheet=rules.apply_review.output.sheet,
        labels=LABELS,
        page=[*PAGE, *EXPERT_PAGE, *page_parts("scripts/taxonomy/pages/review")],
        code=code("taxonomy/make_review_page"),
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
        shots=of_shards("shots/{shard}.csv"),
        code=code("taxonomy/sample_shots"),
    output:
        out("taxonomy/sample.csv"),
    log:
        log_of("sample_shots"),
    conda:
        "../envs/analysis.yaml"
    params:
        manifest=MANIFEST,
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
        code=code("taxonomy/picture_sample"),
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
        **REVIEW,
        sample=out("taxonomy/sample.csv"),
        pictures=[out("taxonomy/sample")],
        shots=out("dataset/shots.parquet"),
        labels=LABELS,
        page=[*PAGE, *SHOT_CARDS, *EXPERT_PAGE, *page_parts("scripts/taxonomy/pages/sample")],
        code=code("taxonomy/make_sample_page"),
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


COMPARED = rules.compare_taxonomies.output if PUBLISHED else []
TAXONOMY += [
    out(f"taxonomy/{name}")
    for name in ("taxonomy.csv", "labels.txt", "merges.csv", "review_sheet.csv", "review.html", "evidence.csv")
]
TAXONOMY += [*rules.read_sluglines.output, *rules.plot_sources.output, *COMPARED]
PAGES += rules.make_sample_page.output
TABLES += [rules.plot_sources.output.csv, *COMPARED]
FIGURES += figures("fig2")
# Of the screenplays the table has the checksums.
SOURCE_FILES += [
    rules.read_sluglines.output.report,
    config["taxonomy"]["hvu_tags"],
    *REVIEW.values(),
    *PUBLISHED.values(),
]

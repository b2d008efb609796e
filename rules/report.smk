"""Tables and figures of the labelled shots, all made from files that other rules computed."""


rule make_table2:
    input:
        shots=out("dataset/shots.parquet"),
        printed="config/paper/table2.csv",
        code=code("report/make_table2"),
    output:
        csv=out("tables/table2.csv"),
        md=report(
            out("tables/table2.md"),
            caption="../docs/report/table2.rst",
            category="Tables",
            labels={"table": "2", "content": "movie shots"},
        ),
    log:
        log_of("make_table2"),
    conda:
        "../envs/analysis.yaml"
    params:
        clips=manifests.description(CLIPS),
        manifest=MANIFEST,
    message:
        "Table 2: statistics of movie shots"
    script:
        "../scripts/report/make_table2.py"


rule plot_confidence_grids:
    input:
        shots=out("dataset/shots.parquet"),
        media=MEDIA,
        code=code("report/plot_confidence_grids"),
    output:
        report(
            figures("fig4"),
            caption="../docs/report/fig4.rst",
            category="Figures",
            labels={"figure": "4", "content": "high and low confidence"},
        ),
    log:
        log_of("plot_confidence_grids"),
    conda:
        "../envs/analysis.yaml"
    threads: CORES
    params:
        manifest=MANIFEST,
    message:
        "Fig. 4: shots labelled with high and with low confidence"
    script:
        "../scripts/report/plot_confidence_grids.py"


rule plot_score_matrix:
    input:
        shots=out("dataset/shots.parquet"),
        scores=of_shards(f"scores/{config['tagging']['tagger']}/{{shard}}.h5"),
        embeddings=of_shards(f"embeddings/{ENCODER}/{{shard}}.h5"),
        code=code("report/plot_score_matrix"),
    output:
        report(
            figures("fig3"),
            caption="../docs/report/fig3.rst",
            category="Figures",
            labels={"figure": "3", "content": "frame scores of one clip"},
        ),
    log:
        log_of("plot_score_matrix"),
    conda:
        "../envs/analysis.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Fig. 3: frame scores of one clip"
    script:
        "../scripts/report/plot_score_matrix.py"


rule plot_timelines:
    input:
        shots=out("dataset/shots.parquet"),
        code=code("report/plot_timelines"),
    output:
        report(
            figures("fig1c"),
            caption="../docs/report/fig1c.rst",
            category="Figures",
            labels={"figure": "1c", "content": "labels along the clips"},
        ),
    log:
        log_of("plot_timelines"),
    conda:
        "../envs/analysis.yaml"
    message:
        "Fig. 1c: labels along the clips"
    script:
        "../scripts/report/plot_timelines.py"


TABLES += rules.make_table2.output
FIGURES += figures("fig1c", "fig3", "fig4")
GALLERY += [out("gallery/index.html")]

SOURCE_FILES += [WEIGHTS, *DESCRIPTION, *VERIFIED, *filter(None, [config["shots"]["list"]])]

CHAPTERS["shots"] = [*of_shards("clips/{shard}.csv"), *of_shards("shots/{shard}.csv")]
CHAPTERS["tagging"] = of_shards(f"scores/{config['tagging']['tagger']}/{{shard}}.h5")

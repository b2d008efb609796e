"""The release: the dataset in the form in which others load it, without media."""

# What the card, the datasheet and the metadata say, apart from what is counted.
TOLD = {
    "dataset": SELECTION,
    "demo": bool(config["demo"]),
    "detector": config["shots"]["detector"],
    "encoder": encoder_settings(encoder_of(TAGGER)),
    "release": config["release"],
    "run": config["run"],
    "tagger": config["taggers"][TAGGER],
}
HAS_EVALUATION_SET = "verification" in config["chapters"] and not RELEASED_SHOTS


rule make_bundle:
    input:
        samples=SAMPLES,
        movies=out("dataset/movies.csv"),
        classes=out("dataset/labels.csv"),
        shots=[out("dataset/shots.parquet")] if HAS_SHOTS else [],
        scores=[out("dataset/shot_scores.h5")] if IS_TAGGED else [],
        frame_scores=of_shards(out(f"scores/{TAGGER}/{{shard}}.h5")) if config["release"]["frame_scores"] else [],
        taxonomy=out("taxonomy/taxonomy.csv"),
        taxonomy_history=[] if config["taxonomy"]["labels"] else [out("taxonomy/merges.csv")],
        votes=VOTES,
        evaluation_set=[out("verification/evaluation_set.csv")] if HAS_EVALUATION_SET else [],
        templates=[shipped(f"scripts/release/{name}.md") for name in ("card", "datasheet")],
        code=code("release/make_bundle"),
    output:
        directory(out("release")),
    log:
        log_of("make_bundle"),
    benchmark:
        benchmark_of("make_bundle")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=TOLD,
    message:
        "The bundle for release"
    script:
        "../scripts/release/make_bundle.py"


rule export_films:
    input:
        clips=of_shards(of_clips("clips/{shard}.csv")),
        shots=out("dataset/shots.parquet"),
        scenes=rules.join_scenes.output[0],
        scales=[out("shot_scale/predictions.csv")] if "shot_scale" in config["chapters"] else [],
        labels=LABELS,
        code=code("release/export_films"),
    output:
        directory(out("export")),
    log:
        log_of("export_films"),
    benchmark:
        benchmark_of("export_films")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        labels=config["export"]["labels"],
        manifest=MANIFEST,
    message:
        "Exporting the films' scenes and shots"
    script:
        "../scripts/release/export_films.py"


# Beside the chapter: also for a run without a dataset.
rule export:
    input:
        rules.export_films.output if IS_TAGGED else [],


rule release:
    input:
        rules.make_bundle.output if HAS_DATASET else [],

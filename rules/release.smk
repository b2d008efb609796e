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
IS_VERIFIED = "verification" in config["chapters"]
HAS_EVALUATION_SET = IS_VERIFIED and not RELEASED_SHOTS
HAS_VOTES = HAS_EVALUATION_SET and not (RELEASED or config["dataset"]["evaluation_set"])


rule make_bundle:
    input:
        samples=SAMPLES,
        movies=out("dataset/movies.csv"),
        classes=out("dataset/labels.csv"),
        shots=[out("dataset/shots.parquet")] if HAS_SHOTS else [],
        scores=[out("dataset/shot_scores.h5")] if HAS_CLIPS else [],
        frame_scores=of_shards(out(f"scores/{TAGGER}/{{shard}}.h5")) if config["release"]["frame_scores"] else [],
        taxonomy=out("taxonomy/taxonomy.csv"),
        taxonomy_history=[] if config["taxonomy"]["labels"] else [out("taxonomy/merges.csv")],
        votes=[out("verification/votes.csv")] if HAS_VOTES else [],
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


rule release:
    input:
        rules.make_bundle.output if HAS_DATASET else [],

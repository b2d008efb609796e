"""The gallery: pages to browse the labelled shots, with thumbnails."""

SEARCH = folder_of_query(config["query"])


rule make_thumbnails:
    input:
        media=MEDIA,
        shots=of_clips("shots/{shard}.csv"),
        code=code("gallery/make_thumbnails", costly=True),
    output:
        directory(out("gallery/thumbnails/{shard}")),
    log:
        log_of("make_thumbnails", "{shard}"),
    benchmark:
        benchmark_of("make_thumbnails", "{shard}")
    conda:
        "../envs/workflow.yaml"
    threads: CLIPS_AT_A_TIME
    resources:
        mem_mb=4000,
        runtime=time_limit(2.4),
    params:
        clips=shard_fingerprint,
        manifest=MANIFEST,
    message:
        "Thumbnails of shard {wildcards.shard}"
    script:
        "../scripts/gallery/make_thumbnails.py"


rule make_gallery:
    input:
        shots=out("dataset/shots.parquet"),
        trust=rules.judge_shots.output[0],
        failures=rules.list_failures.output[0],
        clusters=clusters_of_labels(),
        groups=config["dataset"]["groups"] or [],
        thumbnails=of_shards(out("gallery/thumbnails/{shard}")),
        page=page_of("gallery", "shots"),
        code=code("gallery/make_gallery"),
    output:
        out("gallery/index.html"),
    log:
        log_of("make_gallery"),
    benchmark:
        benchmark_of("make_gallery")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        manifest=MANIFEST,
        threshold=config["dataset"]["top1_threshold"],
    message:
        "The gallery of the labelled shots"
    script:
        "../scripts/gallery/make_gallery.py"


rule search_shots:
    input:
        embeddings=out("dataset/shot_embeddings.h5"),
        shots=out("dataset/shots.parquet"),
        trust=rules.judge_shots.output[0],
        clusters=clusters_of_labels(),
        groups=config["dataset"]["groups"] or [],
        thumbnails=of_shards(out("gallery/thumbnails/{shard}")),
        weights=weights_of(encoder_of(TAGGER)),
        description=description_of(encoder_of(TAGGER)),
        page=page_of("gallery", "shots"),
        code=code("gallery/search_shots"),
    output:
        page=out(f"search/{SEARCH}/index.html"),
        csv=out(f"search/{SEARCH}/shots.csv"),
    log:
        log_of("search_shots", SEARCH),
    conda:
        "../envs/workflow.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        listed=config["search"]["shots"],
        manifest=MANIFEST,
        model=lambda wildcards: config["encoders"][encoder_of(TAGGER)]["model"],
        query=config["query"],
        threshold=config["dataset"]["top1_threshold"],
    message:
        "Searching the shots"
    script:
        "../scripts/gallery/search_shots.py"


# Beside the chapter: what one query asks for.
rule search:
    input:
        lambda wildcards: explained(found_by_query),


rule gallery:
    input:
        [out("gallery/index.html")] if IS_TAGGED else [],
        [out("taxonomy/sample.html")] if IS_TAGGED and not config["taxonomy"]["labels"] else [],

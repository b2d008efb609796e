"""Tagging: embeddings of frames and labels, scores, and the labels of every shot (paper section 4.2)."""

# Without a GPU all cores of a machine compute. A job on a cluster has one, and needs threads to decode the clips.
EMBEDDING_THREADS = max(2, CLIPS_AT_A_TIME)
if cluster.cores_given(workflow):
    EMBEDDING_THREADS = threads_per_gpu(CORES, workflow.resource_settings)
# The shards of long films, and in how many windows each is embedded.
WINDOWS = manifests.count_windows(SHARDS, config["clips"])
# The scores of all taggers: all shards of the first, then those of the next.
SCORES = of_shards(*(out(f"scores/{tagger}/{{shard}}.h5") for tagger in config["tagging"]["taggers"]))
# Several taggers are compared where they score.
IS_SWEEP = IS_TAGGED and len(config["tagging"]["taggers"]) > 1
# Of the intervals of measures, also those of models and heads.
BOOTSTRAP = {"samples": config["training"]["bootstrap"], "seed": config["training"]["seed"]}


rule embed_frames:
    input:
        clips=of_clips("clips/{shard}.csv"),
        shots=of_clips("shots/{shard}.csv"),
        weights=lambda wildcards: weights_of(wildcards.encoder),
        description=lambda wildcards: description_of(wildcards.encoder),
        code=code("tagging/embed_frames", costly=True),
    output:
        of_clips("embeddings/{encoder}/{shard}.h5"),
    log:
        log_of("embed_frames", "{encoder}/{shard}"),
    benchmark:
        benchmark_of("embed_frames", "{encoder}/{shard}")
    conda:
        "../envs/workflow.yaml"
    threads: EMBEDDING_THREADS
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=time_limit(4.8),
    params:
        clips=shard_fingerprint,
        encoder=lambda wildcards: encoder_settings(wildcards.encoder),
        manifest=MANIFEST,
        window=window_of,
    message:
        "Embedding the frames of shard {wildcards.shard} with {wildcards.encoder}"
    script:
        "../scripts/tagging/embed_frames.py"


# Of a film that is longer than `clips.shard_minutes`: of the shots that begin in a window of that length.
use rule embed_frames as embed_window with:
    output:
        temp(of_clips("embeddings/{encoder}/{shard}/{window}.h5")),
    log:
        log_of("embed_window", "{encoder}/{shard}/{window}"),
    benchmark:
        benchmark_of("embed_window", "{encoder}/{shard}/{window}")
    message:
        "Embedding the frames of window {wildcards.window} of shard {wildcards.shard} with {wildcards.encoder}"


rule join_windows:
    input:
        windows=windows_of,
        code=code("tagging/join_windows", costly=True),
    output:
        of_clips("embeddings/{encoder}/{shard}.h5"),
    log:
        log_of("join_windows", "{encoder}/{shard}"),
    wildcard_constraints:
        shard="|".join(WINDOWS) or "none",
    conda:
        "../envs/workflow.yaml"
    params:
        clips=shard_fingerprint,
    message:
        "Joining the windows of shard {wildcards.shard}"
    script:
        "../scripts/tagging/join_windows.py"


ruleorder: join_windows > embed_frames


# By an encoder that no tagger uses: of the samples, the verified shots, and those that raters see.
use rule embed_frames as embed_chosen_frames with:
    input:
        clips=of_clips("clips/{shard}.csv"),
        shots=of_clips("shots/{shard}.csv"),
        weights=lambda wildcards: weights_of(wildcards.encoder),
        description=lambda wildcards: description_of(wildcards.encoder),
        chosen=CHOSEN,
        code=code("tagging/embed_frames", costly=True),
    output:
        out("features/{encoder}/{shard}.h5"),
    log:
        log_of("embed_chosen_frames", "{encoder}/{shard}"),
    benchmark:
        benchmark_of("embed_chosen_frames", "{encoder}/{shard}")
    message:
        "Embedding the frames of the chosen shots of shard {wildcards.shard} with {wildcards.encoder}"


rule embed_labels:
    input:
        labels=LABELS,
        weights=lambda wildcards: weights_of(encoder_of(wildcards.tagger)),
        description=lambda wildcards: description_of(encoder_of(wildcards.tagger)),
        code=code("tagging/embed_labels"),
    output:
        out("embeddings/{tagger}.labels.h5"),
    log:
        log_of("embed_labels", "{tagger}"),
    benchmark:
        benchmark_of("embed_labels", "{tagger}")
    conda:
        "../envs/workflow.yaml"
    threads: 2
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        attributes=config["attributes"],
        model=lambda wildcards: config["encoders"][encoder_of(wildcards.tagger)]["model"],
        prompts=lambda wildcards: config["taggers"][wildcards.tagger]["prompts"],
    message:
        "Embedding the labels and attributes for {wildcards.tagger}"
    script:
        "../scripts/tagging/embed_labels.py"


rule score_shots:
    input:
        frames=lambda wildcards: embeddings_of(wildcards.tagger, wildcards.shard),
        labels=rules.embed_labels.output[0],
        code=code("tagging/score_shots"),
    output:
        out("scores/{tagger}/{shard}.h5"),
    log:
        log_of("score_shots", "{tagger}/{shard}"),
    benchmark:
        benchmark_of("score_shots", "{tagger}/{shard}")
    conda:
        "../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        clips=shard_fingerprint,
        logit_scale=lambda wildcards: config["taggers"][wildcards.tagger]["logit_scale"],
        score=lambda wildcards: config["taggers"][wildcards.tagger]["score"],
    message:
        "Scoring the shots of shard {wildcards.shard} with {wildcards.tagger}"
    script:
        "../scripts/tagging/score_shots.py"


rule list_failures:
    input:
        downloads=downloads_of(*SHARDS) if CLIPS else [],
        clips=of_shards(of_clips("clips/{shard}.csv")),
        embeddings=of_shards(embeddings_of(TAGGER)),
        code=code("tagging/list_failures"),
    output:
        out("dataset/failures.csv"),
    log:
        log_of("list_failures"),
    conda:
        "../envs/workflow.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Listing the clips that could not be used"
    script:
        "../scripts/tagging/list_failures.py"


# Shots are labelled here, or read as released.
if RELEASED_SHOTS:

    rule read_released_shots:
        input:
            released=RELEASED_SHOTS,
            labels=LABELS,
            movies=config["clips"]["manifest"] or [],
            code=code("tagging/read_released_shots"),
        output:
            shots=out("dataset/shots.parquet"),
            manifest=MANIFEST,
        log:
            log_of("read_released_shots"),
        benchmark:
            benchmark_of("read_released_shots")
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=2000,
            runtime=30,
        message:
            "Reading the released shots"
        script:
            "../scripts/tagging/read_released_shots.py"

else:

    rule collect_shots:
        input:
            failures=rules.list_failures.output[0],
            shots=of_shards(of_clips("shots/{shard}.csv")),
            scores=of_shards(out(f"scores/{TAGGER}/{{shard}}.h5")),
            embeddings=of_shards(embeddings_of(TAGGER)),
            code=code("tagging/collect_shots"),
        output:
            shots=out("dataset/shots.parquet"),
            scores=out("dataset/shot_scores.h5"),
        log:
            log_of("collect_shots"),
        benchmark:
            benchmark_of("collect_shots")
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=4000,
            runtime=60,
        params:
            clips=lambda wildcards: manifests.metadata_digest(CLIPS),
            context=config["tagging"]["context"],
            flags=config["dataset"]["flags"],
            manifest=MANIFEST,
            max_failed_fraction=config["clips"]["max_failed_fraction"],
        message:
            "Collecting the labelled shots"
        script:
            "../scripts/tagging/collect_shots.py"


rule judge_shots:
    input:
        shots=out("dataset/shots.parquet"),
        scores=[out("dataset/shot_scores.h5")] if config["tagging"]["context"] else [],
        tasks=TASKS,
        votes=VOTES,
        scales=[out("shot_scale/predictions.csv")] if HAS_STUDY and "shot_scale" in config["chapters"] else [],
        code=code("tagging/judge_shots"),
    output:
        out("dataset/trust.csv"),
    log:
        log_of("judge_shots"),
    benchmark:
        benchmark_of("judge_shots")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        limits=config["tagging"]["trust"],
        threshold=config["dataset"]["top1_threshold"],
    message:
        "How far each label can be trusted"
    script:
        "../scripts/tagging/judge_shots.py"


rule average_embeddings:
    input:
        shots=out("dataset/shots.parquet"),
        embeddings=of_shards(embeddings_of(TAGGER)),
        code=code("tagging/average_embeddings"),
    output:
        out("dataset/shot_embeddings.h5"),
    log:
        log_of("average_embeddings"),
    benchmark:
        benchmark_of("average_embeddings")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        manifest=MANIFEST,
    message:
        "Averaging the embeddings of each shot's frames"
    script:
        "../scripts/tagging/average_embeddings.py"


rule write_release_json:
    input:
        shots=out("dataset/shots.parquet"),
        code=code("tagging/write_release_json"),
    output:
        out("dataset/movieclip.json"),
    log:
        log_of("write_release_json"),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    message:
        "Writing the shots in the authors' release format"
    script:
        "../scripts/tagging/write_release_json.py"


rule make_table2:
    input:
        shots=out("dataset/shots.parquet"),
        printed=shipped("config/paper/table2.csv"),
        code=code("tagging/make_table2"),
    output:
        csv=out("tables/table2.csv"),
        md=report(
            out("tables/table2.md"),
            caption="../docs/report/table2.rst",
            category="4.2 Tagging",
            labels={"table": "2", "content": "movie shots"},
        ),
    log:
        log_of("make_table2"),
    conda:
        "../envs/workflow.yaml"
    params:
        clips=lambda wildcards: manifests.metadata_digest(CLIPS),
        manifest=MANIFEST,
    message:
        "Table 2: statistics of movie shots"
    script:
        "../scripts/tagging/make_table2.py"


rule plot_score_distribution:
    input:
        shots=out("dataset/shots.parquet"),
        printed=shipped("config/paper/dataset.csv"),
        code=code("tagging/plot_score_distribution"),
    output:
        csv=out("tables/score_distribution.csv"),
        figures=report(
            figures("score_distribution"),
            caption="../docs/report/score_distribution.rst",
            category="Beyond the paper",
            labels={"figure": "scores", "content": "top-1 scores of all shots"},
        ),
    log:
        log_of("plot_score_distribution"),
    conda:
        "../envs/workflow.yaml"
    params:
        threshold=config["dataset"]["top1_threshold"],
    message:
        "Distribution of the top-1 scores"
    script:
        "../scripts/tagging/plot_score_distribution.py"


rule plot_confidence_grids:
    input:
        shots=out("dataset/shots.parquet"),
        media=MEDIA,
        code=code("tagging/plot_confidence_grids"),
    output:
        report(
            figures("fig4"),
            caption="../docs/report/fig4.rst",
            category="4.2 Tagging",
            labels={"figure": "4", "content": "high and low confidence"},
        ),
    log:
        log_of("plot_confidence_grids"),
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    params:
        manifest=MANIFEST,
    message:
        "Fig. 4: shots labelled with high and with low confidence"
    script:
        "../scripts/tagging/plot_confidence_grids.py"


rule plot_score_matrix:
    input:
        shots=out("dataset/shots.parquet"),
        scores=of_shards(out(f"scores/{TAGGER}/{{shard}}.h5")),
        embeddings=of_shards(embeddings_of(TAGGER)),
        clusters=clusters_of_labels(),
        code=code("tagging/plot_score_matrix"),
    output:
        report(
            figures("fig3"),
            caption="../docs/report/fig3.rst",
            category="4.2 Tagging",
            labels={"figure": "3", "content": "frame scores of one clip"},
        ),
    log:
        log_of("plot_score_matrix"),
    conda:
        "../envs/workflow.yaml"
    params:
        manifest=MANIFEST,
    message:
        "Fig. 3: frame scores of one clip"
    script:
        "../scripts/tagging/plot_score_matrix.py"


rule plot_timelines:
    input:
        shots=out("dataset/shots.parquet"),
        clusters=clusters_of_labels(),
        code=code("tagging/plot_timelines"),
    output:
        report(
            figures("fig1c"),
            caption="../docs/report/fig1c.rst",
            category="4.2 Tagging",
            labels={"figure": "1c", "content": "labels along the clips"},
        ),
    log:
        log_of("plot_timelines"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Fig. 1c: labels along the clips"
    script:
        "../scripts/tagging/plot_timelines.py"


rule compare_taggers:
    input:
        shots=out("dataset/shots.parquet"),
        scores=SCORES,
        truth=MEDIA,
        tasks=[] if MEDIA else TASKS,
        votes=[] if MEDIA else VOTES,
        code=code("tagging/compare_taggers"),
    output:
        csv=out("tables/taggers.csv"),
        md=out("tables/taggers.md"),
        figures=report(
            figures("taggers"),
            caption="../docs/report/taggers.rst",
            category="Beyond the paper",
            labels={"figure": "taggers", "content": "how often each is right, and which agree"},
        ),
    log:
        log_of("compare_taggers"),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        benchmarks=of_clips("benchmarks"),
        bootstrap=BOOTSTRAP,
        manifest=MANIFEST,
        taggers={tagger: config["taggers"][tagger] for tagger in config["tagging"]["taggers"]},
    message:
        "Comparing the taggers"
    script:
        "../scripts/tagging/compare_taggers.py"


rule measure_frame_budget:
    input:
        shots=out("dataset/shots.parquet"),
        embeddings=of_shards(embeddings_of(TAGGER)),
        labels=out(f"embeddings/{TAGGER}.labels.h5"),
        code=code("tagging/measure_frame_budget"),
    output:
        csv=out("tables/frame_budget.csv"),
        md=out("tables/frame_budget.md"),
        figures=report(
            figures("frame_budget"),
            caption="../docs/report/frame_budget.rst",
            category="Beyond the paper",
            labels={"figure": "frame budget", "content": "labels from fewer frames"},
        ),
    log:
        log_of("measure_frame_budget"),
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        logit_scale=config["taggers"][TAGGER]["logit_scale"],
        manifest=MANIFEST,
        score=config["taggers"][TAGGER]["score"],
    message:
        "Labels from fewer frames"
    script:
        "../scripts/tagging/measure_frame_budget.py"


rule tagging:
    input:
        SCORES,
        rules.list_failures.output if IS_TAGGED else [],
        rules.collect_shots.output if IS_TAGGED else [],
        rules.judge_shots.output if IS_TAGGED else [],
        rules.write_release_json.output if IS_TAGGED else [],
        rules.compare_taggers.output if IS_SWEEP else [],
        rules.measure_frame_budget.output if IS_TAGGED and "dataset" in config["chapters"] else [],
        [out("dataset/shots.parquet"), *rules.make_table2.output] if HAS_SHOTS else [],
        rules.plot_score_distribution.output if HAS_SHOTS else [],
        figures("fig1c", "fig3", "fig4") if IS_TAGGED else [],

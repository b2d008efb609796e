"""The demo: films of a synthetic studio, and a small CLIP model trained on its stills.

The rendered labels and cuts are the truth that results are compared with; no step that labels shots reads them.
The longest chain of jobs goes through the model: what leads to it, and what needs all cores, comes first.
"""

# Each set is a clip of the shots for pre-training, which are cut into shards as the films are.
N_SETS = config["demo"]["motion"]["sets"]
SHARD_SIZE = config["clips"]["shard_size"]


rule render_clips:
    input:
        clips=config["clips"]["manifest"],
        scenes=shipped("config/demo/scenes.csv"),
        formats=shipped("config/demo/formats.csv"),
        code=code("demo/render_clips"),
    output:
        truth=of_clips("demo/truth.csv"),
        clips=directory(of_clips("demo/clips")),
    log:
        log_of("render_clips"),
    benchmark:
        benchmark_of("render_clips")
    priority: 2
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    params:
        seed=config["demo"]["seed"],
    message:
        "Rendering the demo's films"
    script:
        "../scripts/demo/render_clips.py"


rule render_stills:
    input:
        code=code("demo/render_stills"),
    output:
        out("demo/stills.h5"),
    log:
        log_of("render_stills"),
    benchmark:
        benchmark_of("render_stills")
    priority: 1
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    params:
        n_sets=config["demo"]["stills"]["sets"],
        seed=config["demo"]["seed"],
        views=config["demo"]["stills"]["views"],
    message:
        "Rendering the training stills"
    script:
        "../scripts/demo/render_stills.py"


rule train_tagger:
    input:
        model=shipped("config/demo/clip_small.json"),
        stills=rules.render_stills.output[0],
        code=code("demo/train_tagger"),
    output:
        out("demo/clip_small.safetensors"),
    log:
        log_of("train_tagger"),
    benchmark:
        benchmark_of("train_tagger")
    priority: 1
    conda:
        "../envs/workflow.yaml"
    params:
        seed=config["demo"]["seed"],
        steps=config["demo"]["steps"],
    message:
        "Training the demo's CLIP model"
    script:
        "../scripts/demo/train_tagger.py"


rule train_encoder:
    input:
        stills=rules.render_stills.output[0],
        code=code("demo/train_encoder"),
    output:
        out("demo/{encoder}.safetensors"),
    log:
        log_of("train_encoder", "{encoder}"),
    benchmark:
        benchmark_of("train_encoder", "{encoder}")
    wildcard_constraints:
        encoder="|".join(config["demo"]["encoders"]),
    conda:
        "../envs/workflow.yaml"
    params:
        model=lambda wildcards: config["encoders"][wildcards.encoder]["model"],
        recipe=lambda wildcards: config["demo"]["encoders"][wildcards.encoder],
        seed=config["demo"]["seed"],
        views=config["demo"]["stills"]["views"],
    message:
        "Training {wildcards.encoder} on the stills"
    script:
        "../scripts/demo/train_encoder.py"


rule render_scales:
    input:
        scenes=shipped("config/demo/trailer_scenes.csv"),
        code=code("demo/render_scales"),
    output:
        labels=out("demo/movieshots/v1_split_trailer.json"),
        truth=out("demo/movieshots/truth.csv"),
        trailers=directory(out("demo/movieshots/trailer")),
    log:
        log_of("render_scales"),
    benchmark:
        benchmark_of("render_scales")
    priority: 1
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    params:
        movies=config["demo"]["trailers"],
        seed=config["demo"]["seed"],
    message:
        "Rendering the shots that are labelled with their scale"
    script:
        "../scripts/demo/render_scales.py"


rule cut_videos:
    input:
        shots=rules.render_scales.output.trailers,
        truth=rules.render_scales.output.truth,
        code=code("demo/cut_videos"),
    output:
        web=[out(f"demo/web/{name}.csv") for name in ("train", "test", "tags")],
        web_videos=directory(out("demo/web/videos")),
        trailers=out("demo/trailers.csv"),
        trailer_videos=directory(out("demo/trailers")),
    log:
        log_of("cut_videos"),
    benchmark:
        benchmark_of("cut_videos")
    conda:
        "../envs/workflow.yaml"
    params:
        seed=config["demo"]["seed"],
    message:
        "Cutting web videos and trailers"
    script:
        "../scripts/demo/cut_videos.py"


rule render_motions:
    input:
        code=code("demo/render_motions"),
    output:
        clips=out("demo/motion/clips.csv"),
        samples=[out(f"demo/motion/{split}.csv") for split in SPLITS],
        labels=out("demo/motion/labels.csv"),
        cache=[out(f"demo/motion/{first // SHARD_SIZE:05d}.h5") for first in range(0, N_SETS, SHARD_SIZE)],
    log:
        log_of("render_motions"),
    benchmark:
        benchmark_of("render_motions")
    priority: 1
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    params:
        cache=config["cache"],
        seed=config["demo"]["seed"],
        sets=N_SETS,
    message:
        "Rendering the shots of camera motion and framing"
    script:
        "../scripts/demo/render_motions.py"


rule draw_contact_sheet:
    input:
        code=code("demo/draw_contact_sheet"),
    output:
        out("figures/contact_sheet.png"),
    log:
        log_of("draw_contact_sheet"),
    conda:
        "../envs/workflow.yaml"
    params:
        seed=config["demo"]["seed"],
    message:
        "Contact sheet of the studio"
    script:
        "../scripts/demo/draw_contact_sheet.py"


rule simulate_raters:
    input:
        tasks=out("verification/tasks.csv"),
        shots=out("dataset/shots.parquet"),
        truth=rules.render_clips.output.truth,
        code=code("demo/simulate_raters"),
    output:
        [out(f"demo/votes/votes-{rater['name']}.csv") for rater in config["demo"]["raters"]],
    log:
        log_of("simulate_raters"),
    benchmark:
        benchmark_of("simulate_raters")
    conda:
        "../envs/workflow.yaml"
    params:
        raters=config["demo"]["raters"],
        seed=config["demo"]["seed"],
    message:
        "Simulating the raters"
    script:
        "../scripts/demo/simulate_raters.py"


rule compare_with_truth:
    input:
        shots=out("dataset/shots.parquet"),
        scores=out("dataset/shot_scores.h5"),
        stills=rules.render_stills.output[0],
        truth=rules.render_clips.output.truth,
        groups=shipped("config/groups.csv"),
        code=code("demo/compare_with_truth"),
    output:
        csv=out("tables/demo_truth.csv"),
        md=out("tables/demo_truth.md"),
    log:
        log_of("compare_with_truth"),
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    params:
        manifest=MANIFEST,
        seed=config["demo"]["seed"],
    message:
        "Comparing labels, attributes and cuts with the truth"
    script:
        "../scripts/demo/compare_with_truth.py"


rule compare_trust_with_truth:
    input:
        shots=out("dataset/shots.parquet"),
        trust=out("dataset/trust.csv"),
        truth=rules.render_clips.output.truth,
        code=code("demo/compare_trust_with_truth"),
    output:
        csv=out("tables/trust.csv"),
        md=out("tables/trust.md"),
    log:
        log_of("compare_trust_with_truth"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Comparing the trust in labels with the truth"
    script:
        "../scripts/demo/compare_trust_with_truth.py"


rule compare_models_with_truth:
    input:
        predictions=[out(f"models/{model}/predictions.h5") for model in EVALUATED],
        labels=out("dataset/labels.csv"),
        movies=out("dataset/movies.csv"),
        shots=out("dataset/shots.parquet"),
        truth=rules.render_clips.output.truth,
        code=code("demo/compare_models_with_truth"),
    output:
        csv=out("tables/demo_models.csv"),
        md=out("tables/demo_models.md"),
    log:
        log_of("compare_models_with_truth"),
    conda:
        "../envs/workflow.yaml"
    params:
        bootstrap={"samples": config["training"]["bootstrap"], "seed": config["training"]["seed"]},
    message:
        "Comparing the models with the truth"
    script:
        "../scripts/demo/compare_models_with_truth.py"


rule demo:
    input:
        rules.compare_with_truth.output,
        rules.compare_trust_with_truth.output,
        rules.draw_contact_sheet.output,
        rules.compare_models_with_truth.output if "models" in config["chapters"] else [],

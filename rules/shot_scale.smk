"""Shot scale: an LSTM trained on MovieShots, and the scales of the shots that raters saw (paper section 4.3, Fig. 6)."""

SHOT_SCALE = config["shot_scale"]
# Settings that decide the trained network.
SCALE_RECIPE = "batch_size epochs hidden layers learning_rate max_frames patience schedule seed weight_decay".split()


rule list_labelled:
    input:
        labels=SHOT_SCALE["movieshots"]["labels"],
        code=code("shot_scale/list_labelled"),
    output:
        labelled=out("shot_scale/labelled.csv"),
        missing=out("shot_scale/missing.csv"),
    log:
        log_of("list_labelled"),
    benchmark:
        benchmark_of("list_labelled")
    conda:
        "../envs/workflow.yaml"
    params:
        media=SHOT_SCALE["movieshots"]["media"],
    message:
        "Listing the labelled shots"
    script:
        "../scripts/shot_scale/list_labelled.py"


rule embed_labelled:
    input:
        labelled=rules.list_labelled.output.labelled,
        weights=weights_of(SHOT_SCALE["encoder"]),
        description=description_of(SHOT_SCALE["encoder"]),
        code=code("shot_scale/embed_labelled", costly=True),
    output:
        out("shot_scale/labelled.h5"),
    log:
        log_of("embed_labelled"),
    benchmark:
        benchmark_of("embed_labelled")
    conda:
        "../envs/workflow.yaml"
    threads: threads_per_gpu(CORES, workflow.resource_settings)
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=1440,
    params:
        encoder=encoder_settings(SHOT_SCALE["encoder"]),
        media=SHOT_SCALE["movieshots"]["media"],
    message:
        "Embedding the frames of the labelled shots"
    script:
        "../scripts/shot_scale/embed_labelled.py"


rule train_scale:
    input:
        labelled=rules.list_labelled.output.labelled,
        features=rules.embed_labelled.output[0],
        code=code("shot_scale/train_scale"),
    output:
        model=out("shot_scale/model.safetensors"),
        metrics=out("shot_scale/metrics.json"),
        history=out("shot_scale/history.csv"),
    log:
        log_of("train_scale"),
    benchmark:
        benchmark_of("train_scale")
    conda:
        "../envs/workflow.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=480,
    params:
        recipe={key: SHOT_SCALE[key] for key in SCALE_RECIPE},
    message:
        "Training the network of shot scale"
    script:
        "../scripts/shot_scale/train_scale.py"


rule predict_scale:
    input:
        model=rules.train_scale.output.model,
        tasks=out("verification/tasks.csv"),
        features=of_shards(features_of(SHOT_SCALE["encoder"])),
        code=code("shot_scale/predict_scale"),
    output:
        out("shot_scale/predictions.csv"),
    log:
        log_of("predict_scale"),
    benchmark:
        benchmark_of("predict_scale")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        batch_size=SHOT_SCALE["batch_size"],
        max_frames=SHOT_SCALE["max_frames"],
    message:
        "Predicting the scale of the shots that raters see"
    script:
        "../scripts/shot_scale/predict_scale.py"


rule make_scale_table:
    input:
        metrics=rules.train_scale.output.metrics,
        code=code("shot_scale/make_scale_table"),
    output:
        csv=out("tables/shot_scale.csv"),
        confusion=out("tables/shot_scale_confusion.csv"),
        md=report(
            out("tables/shot_scale.md"),
            caption="../docs/report/shot_scale.rst",
            category="4.3 Shot scale",
            labels={"table": "shot scale", "content": "evaluation on held-out movies"},
        ),
        figures=figures("shot_scale"),
    log:
        log_of("make_scale_table"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Evaluation of the shot scales"
    script:
        "../scripts/shot_scale/make_scale_table.py"


rule plot_scales:
    input:
        predictions=rules.predict_scale.output[0],
        discarded=out("verification/discarded.csv"),
        accepted=out("verification/evaluation_set.csv"),
        printed=shipped("config/paper/fig6.csv"),
        code=code("shot_scale/plot_scales"),
    output:
        csv=out("tables/fig6.csv"),
        figures=report(
            figures("fig6"),
            caption="../docs/report/fig6.rst",
            category="4.3 Shot scale",
            labels={"figure": "6", "content": "scales of the discarded shots"},
        ),
    log:
        log_of("plot_scales"),
    conda:
        "../envs/workflow.yaml"
    message:
        "Fig. 6: scales of the shots for which no label was accepted"
    script:
        "../scripts/shot_scale/plot_scales.py"


rule shot_scale:
    input:
        rules.make_scale_table.output if HAS_STUDY else [],
        rules.predict_scale.output if HAS_STUDY else [],
        rules.plot_scales.output if HAS_STUDY else [],

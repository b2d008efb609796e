"""The embedded default: a few rendered clips and a small CLIP model, made without the network."""


rule render_clips:
    input:
        clips=config["clips"]["manifest"],
        labels="config/demo/labels.txt",
    output:
        truth=out("demo/rendered.csv"),
        clips=directory(out("demo/clips")),
    log:
        log_of("render_clips"),
    conda:
        "../envs/video.yaml"
    params:
        seed=config["demo"]["seed"],
    message:
        "Rendering the demo's clips"
    script:
        "../scripts/demo/render_clips.py"


rule initialise_tagger:
    input:
        "config/demo/clip_small.json",
    output:
        "resources/demo/clip_small.safetensors",
    log:
        "resources/logs/initialise_tagger.log",
    conda:
        "../envs/clip.yaml"
    params:
        seed=config["demo"]["seed"],
    message:
        "Initialising the demo's CLIP model at random"
    script:
        "../scripts/demo/initialise_tagger.py"


MEDIA = rules.render_clips.output.truth

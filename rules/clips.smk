"""Clips from YouTube, where the config asks for them; otherwise the user's own files are there already."""


localrules:
    download_clips,


rule download_clips:
    output:
        out("downloads/{shard}.csv"),
    log:
        log_of("download_clips", "{shard}"),
    # YouTube's limits pass with time; files that have come are not asked for again.
    retries: 2
    conda:
        "../envs/download.yaml"
    resources:
        youtube=1,
    params:
        clips=shard_fingerprint,
        manifest=MANIFEST,
    message:
        "Downloading the clips of shard {wildcards.shard}"
    script:
        "../scripts/retrieve/download_clips.py"


if config["clips"]["download"]:
    # Their shards are known once they are listed.
    DOWNLOADED += of_shards("downloads/{shard}.csv") if CLIPS else []
    RETRIEVED += DOWNLOADED

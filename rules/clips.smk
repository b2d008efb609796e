"""Which of a manifest's clips are there: downloaded where the config asks for it, otherwise looked for.

Shots wait for `downloads/<shard>.txt` either way: switching `clips.download` changes no rule's input
or parameter, and asking again runs only those shards again for which a clip has come.
"""


localrules:
    download_clips,
    find_clips,


rule download_clips:
    output:
        table=out("downloads/{shard}.csv"),
        found=out("downloads/{shard}.txt"),
    log:
        log_of("download_clips", "{shard}"),
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


use rule download_clips as find_clips with:
    log:
        log_of("find_clips", "{shard}"),
    resources:
        youtube=0,
    message:
        "Looking for the clips of shard {wildcards.shard}"


# Their shards are known once they are listed.
DOWNLOADED += of_shards("downloads/{shard}.csv") if CLIPS and LOOKED_FOR else []

if config["clips"]["download"]:
    RETRIEVED += DOWNLOADED

    ruleorder: download_clips > find_clips

else:

    ruleorder: find_clips > download_clips

from snakemake.utils import min_version

min_version("9.11")

# --configfile merges into what is loaded here, so the demo is only loaded when nothing else is.
if not workflow.configfiles:

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/retrieve.smk"


# Rules that make the clips hand them over here; a user's own clips need no rule.
MEDIA = []
# A run without clips has no labelled shots and no pictures to show.
LABELLED, GALLERY = [], []

if config["demo"]:

    include: "rules/demo.smk"


if not config["taxonomy"]["labels"]:

    include: "rules/taxonomy.smk"


if config["taxonomy"].get("encoder"):

    include: "rules/clusters.smk"


if RELEASED:

    include: "rules/released.smk"

elif FROM_CLIPS:

    include: "rules/clips.smk"
    include: "rules/shots.smk"
    include: "rules/tagging.smk"
    include: "rules/dataset.smk"
    include: "rules/gallery.smk"
    include: "rules/selection.smk"
    include: "rules/report.smk"


if RELEASED or FROM_CLIPS:

    include: "rules/splits.smk"


CHAPTERS["taxonomy"] = TAXONOMY
CHAPTERS["report"] = [*TABLES, *FIGURES, *PAGES, *GALLERY]
# What the config asks for, and what labelling alone makes.
RESULTS = [path for chapter in config["chapters"] for path in CHAPTERS[chapter]]
TAGGED = [*LABELLED, *(figures("fig1c", "fig3") if LABELLED else []), *GALLERY]


include: "rules/provenance.smk"


# What this run's config asks for: the chapters it lists.
rule all:
    default_target: True
    input:
        RESULTS,
        out("provenance.json"),


# Label the shots of a collection of videos: labels, scores, release JSON, two figures, the gallery.
rule tag:
    input:
        TAGGED,
        out("provenance_tag.json"),


rule taxonomy:
    input:
        TAXONOMY,


rule dataset:
    input:
        CHAPTERS.get("dataset", []),


# The human-verified shots: as published, or joined to the shots of a run on their windows.
rule verification:
    input:
        CHAPTERS.get("verification", []),


rule tables:
    input:
        TABLES,


rule figures:
    input:
        FIGURES,


# Everything that needs the network, and nothing else.
rule retrieve:
    input:
        RETRIEVED,

from snakemake.utils import min_version

min_version("9.11")


OWN_CONFIGS = list(workflow.overwrite_configfiles)


# Values from the command line are merged into these.
configfile: f"{workflow.basedir}/config/default.yaml"


if not OWN_CONFIGS:

    configfile: f"{workflow.basedir}/config/demo.yaml"


include: "rules/common.smk"
# The chapters, in the order of the data flow.
include: "rules/retrieve.smk"


if config["demo"]:

    include: "rules/demo.smk"


include: "rules/taxonomy.smk"
include: "rules/shots.smk"
include: "rules/tagging.smk"
include: "rules/dataset.smk"
include: "rules/verification.smk"
include: "rules/shot_scale.smk"
include: "rules/models.smk"
include: "rules/downstream.smk"
include: "rules/release.smk"
include: "rules/gallery.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        asked_for(),


rule tables:
    input:
        asked_for("tables/"),


rule figures:
    input:
        asked_for("figures/"),


# Every shot of a collection labelled: tables, release JSON, figures, gallery.
rule tag:
    input:
        rules.tagging.input,
        rules.gallery.input,
        rules.report.input,


# Lists targets and configurations.
rule help:
    log:
        out("logs/help.log"),
    run:
        print(help_text(workflow.basedir))


# Says what is still to be done for the configuration's chapters, and what it will cost.
rule plan:
    log:
        out("logs/plan.log"),
    run:
        from scripts.lib.workflow.plan import plan_run

        print(plan_run(workflow, config, OWN_CONFIGS, SHARDS))


cluster.settle_rules(workflow)
processes.finish_parsing()

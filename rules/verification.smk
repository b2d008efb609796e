"""Verification: raters judge a sample of the labels, or the published verified shots are used (paper section 4.3)."""

from scripts.verification.vote_files import find_votes

# The demo's votes are made by a rule, and are not there yet when votes are looked for.
SIMULATED = list(rules.simulate_raters.output) if config["demo"] else []
SALT = config["verification"]["salt"]
# Published verified shots that are joined to the shots of this run, if it has clips.
VERIFIED_TO_JOIN = config["dataset"]["evaluation_set"]
if RELEASED:
    VERIFIED_TO_JOIN = published("verification/evaluation_set.csv") if HAS_CLIPS else None


if RELEASED:

    rule list_verified:
        input:
            verified=config["dataset"]["verified"] or [],
            label_map=RELEASE["label_map"],
            samples=PUBLISHED_SAMPLES,
            clips=RELEASE["clips"],
            movie_info=RELEASE["movie_info"],
            code=code("verification/list_verified"),
        output:
            evaluation=published("verification/evaluation_set.csv"),
            windows=published("verification/windows.csv"),
        log:
            log_of("list_verified"),
        conda:
            "../envs/workflow.yaml"
        message:
            "The human-verified shots and the windows they lie in"
        script:
            "../scripts/verification/list_verified.py"


if RELEASED_SHOTS:

    rule compare_verified:
        input:
            verified=VERIFIED,
            label_map=RELEASE["label_map"],
            shots=out("dataset/shots.parquet"),
            printed=shipped("config/paper/verification.csv"),
            code=code("verification/compare_verified"),
        output:
            csv=out("tables/verified_agreement.csv"),
            md=out("tables/verified_agreement.md"),
        log:
            log_of("compare_verified"),
        conda:
            "../envs/workflow.yaml"
        params:
            merges=config["dataset"]["merges"],
        message:
            "Agreement of the released shots with the human-verified labels"
        script:
            "../scripts/verification/compare_verified.py"

elif VERIFIED_TO_JOIN:

    rule join_verified:
        input:
            evaluation=VERIFIED_TO_JOIN,
            shots=of_shards(of_clips("shots/{shard}.csv")),
            code=code("verification/join_verified"),
        output:
            evaluation=out("verification/evaluation_set.csv"),
            csv=out("tables/verified_join.csv"),
            md=out("tables/verified_join.md"),
        log:
            log_of("join_verified"),
        conda:
            "../envs/workflow.yaml"
        params:
            manifest=MANIFEST,
        message:
            "Joining the human-verified labels to the shots of their windows"
        script:
            "../scripts/verification/join_verified.py"

elif not RELEASED:

    rule measure_agreement:
        input:
            tasks=out("verification/tasks.csv"),
            votes=out("verification/votes.csv"),
            shots=out("dataset/shots.parquet"),
            samples=SAMPLES if "dataset" in config["chapters"] else [],
            printed=shipped("config/paper/verification.csv"),
            code=code("verification/measure_agreement"),
        output:
            agreement=out("verification/agreement.csv"),
            evaluation=out("verification/evaluation_set.csv"),
            discarded=out("verification/discarded.csv"),
            csv=out("tables/agreement.csv"),
            md=report(
                out("tables/agreement.md"),
                caption="../docs/report/agreement.rst",
                category="4.3 Verification",
                labels={"table": "agreement", "content": "raters and labels"},
            ),
        log:
            log_of("measure_agreement"),
        benchmark:
            benchmark_of("measure_agreement")
        conda:
            "../envs/workflow.yaml"
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            bootstrap=config["verification"]["bootstrap"],
            manifest=MANIFEST,
        message:
            "Agreement of the raters, and the evaluation set"
        script:
            "../scripts/verification/measure_agreement.py"


rule sample_tasks:
    input:
        shots=out("dataset/shots.parquet"),
        code=code("verification/sample_tasks"),
    output:
        out("verification/tasks.csv"),
    log:
        log_of("sample_tasks"),
    benchmark:
        benchmark_of("sample_tasks")
    conda:
        "../envs/workflow.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        sample=config["verification"]["sample"],
    message:
        "Sampling the shots that raters verify"
    script:
        "../scripts/verification/sample_tasks.py"


rule picture_tasks:
    input:
        media=MEDIA,
        tasks=rules.sample_tasks.output[0],
        code=code("verification/picture_tasks", costly=True),
    output:
        directory(out("verification/frames")),
    log:
        log_of("picture_tasks"),
    benchmark:
        benchmark_of("picture_tasks")
    conda:
        "../envs/workflow.yaml"
    threads: CORES
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        manifest=MANIFEST,
    message:
        "Large frames of the shots that raters verify"
    script:
        "../scripts/verification/picture_tasks.py"


rule make_annotation_page:
    input:
        tasks=rules.sample_tasks.output[0],
        frames=rules.picture_tasks.output[0],
        page=page_of("annotate", "answers"),
        mturk=shipped("scripts/lib/pages/mturk.html"),
        code=code("verification/make_annotation_page"),
    output:
        page=out("verification/annotate.html"),
        mturk=out("verification/mturk.html"),
    log:
        log_of("make_annotation_page"),
    conda:
        "../envs/workflow.yaml"
    params:
        manifest=MANIFEST,
        votes=config["verification"]["votes"],
    message:
        "The raters' page, and a form for Mechanical Turk"
    script:
        "../scripts/verification/make_annotation_page.py"


# Another salt would give every rater another name, so the rule is there only while the file is not.
if not Path(SALT).exists():

    localrules:
        make_salt,

    rule make_salt:
        input:
            code=code("verification/make_salt"),
        output:
            SALT,
        log:
            log_of("make_salt"),
        conda:
            "../envs/workflow.yaml"
        message:
            "Making the salt that hides the raters' names"
        script:
            "../scripts/verification/make_salt.py"


rule read_votes:
    input:
        tasks=rules.sample_tasks.output[0],
        votes=lambda wildcards: explained(find_votes, config["verification"]["votes"], SIMULATED),
        salt=SALT,
        code=code("verification/read_votes"),
    output:
        votes=out("verification/votes.csv"),
        refused=out("verification/refused.csv"),
    log:
        log_of("read_votes"),
    conda:
        "../envs/workflow.yaml"
    params:
        simulated=[rater["name"] for rater in config["demo"]["raters"]] if config["demo"] else [],
    message:
        "Reading the raters' votes"
    script:
        "../scripts/verification/read_votes.py"


rule verification:
    input:
        tables("verified_agreement") if RELEASED_SHOTS and VERIFIED else [],
        [*rules.list_verified.output] if RELEASED else [],
        [*rules.join_verified.output] if VERIFIED_TO_JOIN else [],
        [*rules.sample_tasks.output, *rules.make_annotation_page.output, *rules.read_votes.output] if STUDY else [],
        rules.measure_agreement.output if STUDY else [],

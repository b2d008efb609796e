"""Checks of what raters see and say, and of the evaluation set that follows."""

from scripts.lib.records.samples import SEPARATOR
from scripts.report.checks.results import EVALUATION_SET, SHOTS, SPLIT_TABLES, Outcome, Results, check, repeated


@check(*SPLIT_TABLES, EVALUATION_SET)
def verified_shots_are_no_samples(results: Results) -> Outcome:
    """No verified shot, nor its clip or video, is in a split; the movie of a `movie_disjoint` one is not in train.

    Where verified shots are given without `dataset.verified`, their videos stay in the splits.
    """
    table = results.table(EVALUATION_SET, "shot_id", "clip_id", "video_id", "movie_id", "movie_disjoint")
    samples = results.samples
    clips, in_train = set(samples["clip_id"]), set(samples["movie_id"][samples["split"] == "train"])
    shared = (
        table["shot_id"].isin(set(samples["shot_id"])) | table["clip_id"].isin(clips) | table["video_id"].isin(clips)
    ) & results.apart
    problems = [f"{name}: the shot, its clip or its video is in a split" for name in table["shot_id"][shared]]
    wrong = (table["movie_disjoint"] == "yes") & table["movie_id"].isin(in_train - {""})
    problems += [f"{name}: its movie is in train" for name in table["shot_id"][wrong]]
    problems += repeated(table["shot_id"])
    return Outcome(EVALUATION_SET, len(table), problems)


@check(*SPLIT_TABLES, "verification/tasks.csv")
def judged_clips_are_no_samples(results: Results) -> Outcome:
    """No clip of which raters see a shot is in a split."""
    file = "verification/tasks.csv"
    tasks = results.table(file, "shot_id", "clip_id")
    shared = tasks["clip_id"].isin(set(results.samples["clip_id"]))
    return Outcome(file, len(tasks), [f"{name}: its clip is in a split" for name in tasks["shot_id"][shared]])


@check(SHOTS, "verification/tasks.csv", "verification/votes.csv", EVALUATION_SET, "verification/discarded.csv")
def votes_lead_to_the_evaluation_set(results: Results) -> Outcome:
    """Votes are about tasks, and tasks about shots; a shot is accepted or discarded by its votes, counted anew."""
    tasks = results.table("verification/tasks.csv", "shot_id")["shot_id"]
    votes = results.table("verification/votes.csv", "shot_id", "label", "value")
    accepted = results.table(EVALUATION_SET, "shot_id", "labels")
    discarded = results.table("verification/discarded.csv", "shot_id")["shot_id"]
    problems = results.without_shot(tasks)
    problems += [f"{name} has votes and no task" for name in sorted(set(votes["shot_id"]) - set(tasks))]
    told = {name: set(labels.split(SEPARATOR)) for name, labels in accepted[["shot_id", "labels"]].to_numpy()}
    problems += [f"{name} is accepted and discarded" for name in sorted(told.keys() & set(discarded))]
    ticks = votes[votes["value"] != ""].assign(value=lambda rows: rows["value"].astype(float))
    shares = ticks.groupby(["shot_id", "label"])["value"].mean()
    majority: dict[str, set[str]] = {name: set() for name in votes["shot_id"]}
    for name, label in shares.index[shares > 0.5]:
        majority[name].add(label)
    for name, labels in majority.items():
        if told.get(name, set()) != labels:
            problems.append(f"{name}: its raters accept {', '.join(sorted(labels)) or 'no label'}")
    return Outcome(EVALUATION_SET, len(accepted), problems)

"""Agreement of the raters, and the evaluation set that their majority makes (paper section 4.3)."""

import numpy as np
import pandas as pd

from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job
from scripts.lib.records.samples import SEPARATOR, clip_table, read_samples
from scripts.lib.records.shots import scene_number
from scripts.lib.records.votes import OFFERED, Votes, accepted_labels, load_votes
from scripts.lib.tables.comparisons import comparison, markdown_table, write_comparisons
from scripts.lib.tables.frames import read_parquet, write_frame
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.verification.agreement import COLUMNS, measure_agreement

FRAMES = ["start_frame", "end_frame", "start_time", "end_time"]
# Columns of an evaluation set, those of the published one first.
SHOT_COLUMNS = [
    "shot_id",
    "clip_id",
    "video_id",
    "scene",
    *FRAMES,
    "movie_id",
    "labels",
    "movie_split",
    "movie_disjoint",
]
# What the rows of all shots say, in the order of the table.
TITLES = {
    "top1_majority": "shots whose best label (top-1) the majority accepts",
    "top5_majority": "shots with one of the five offered labels (top-5) that the majority accepts",
    "accepted": "shots that make the evaluation set, of all shots with a vote",
    "top1_votes": "votes that accept the best label",
    "top5_votes": "votes that accept at least one of the offered labels",
    "cannot_tell": "votes “cannot tell”",
    "percent_agreement": "pairs of raters who say the same of a label",
    "alpha": "Krippendorff's alpha",
}
EXPLAINED = (
    "A label is accepted if more than half of the raters who can tell have ticked it; a tie is no majority. Shots "
    "without an accepted label are discarded. In brackets: 95 % intervals, by bootstrap over shots; of single labels "
    "and of a rater's “cannot tell” by Wilson's formula. Alpha is 1 if all raters always agree and 0 if they agree as "
    "often as by chance. The paper's values are of other shots."
)
RATERS_EXPLAINED = (
    "With majority: how often a rater says of a label what the majority of the others says. Misses: right labels that "
    "are not ticked. False alarms: wrong labels that are ticked. Both are estimated without a known truth, by the "
    "model of Dawid and Skene, and need three raters."
)
SIMULATED_EXPLAINED = (
    "**Raters named “simulated” are no people.** A program votes by the true labels and errs at random, as often as "
    "`demo.raters` in the configuration says."
)
NOTHING_YET = (
    "No shot has been annotated yet. Give verification/annotate.html to the raters, put their files into one folder, "
    "name it in the configuration (verification.votes), and run again."
)
# Columns of the table of raters, by metric.
OF_RATERS = {
    "shots": "shots",
    "seconds": "seconds per shot (median)",
    "cannot_tell": "cannot tell, %",
    "with_majority": "with majority, %",
    "miss": "misses, %",
    "false_alarm": "false alarms, %",
}


def split_shots(votes: Votes, shots: pd.DataFrame, clips: pd.DataFrame, split_of: dict[str, str]) -> list[pd.DataFrame]:
    """The shots with an accepted label, and those without: `SHOT_COLUMNS`.

    Labels are the accepted ones by rank, and of discarded shots the offered ones.

    Args:
        shots: `dataset/shots.parquet`, by shot_id.
        clips: video and movie_id by clip_id, see `clip_table`.
        split_of: split of each movie in the dataset, empty if the run makes none.
    """
    offered, accepted = votes.tasks[OFFERED].to_numpy(object), accepted_labels(votes.marks)
    kept = accepted.any(axis=1)
    chosen = (offered != "") & (accepted | ~kept[:, None])
    table = votes.tasks[["shot_id", "clip_id"]].join(shots[FRAMES], on="shot_id")
    table = table.join(clips[["video", "movie_id"]], on="clip_id").rename(columns={"video": "video_id"})
    table["scene"] = table["shot_id"].map(scene_number)
    table["labels"] = [SEPARATOR.join(names[own]) for names, own in zip(offered, chosen, strict=True)]
    table["movie_split"] = [split_of.get(movie, "") for movie in table["movie_id"]]
    table["movie_disjoint"] = np.where(table["movie_split"] == "train", "no", "yes")
    return [table.loc[which, SHOT_COLUMNS] for which in (kept, ~kept)]


def compare_agreement(rows: list[dict], printed: list[dict[str, str]], n_shots: int, source: str) -> list[dict]:
    """The statistics of all shots beside the paper's, in long form.

    Args:
        rows: see `measure_agreement`.
        printed: metric, paper and shots.
        n_shots: of the study.
    """
    ours = {row["metric"]: row for row in rows if row["subject"] == "all"}
    papers = {row["metric"]: row for row in printed}
    table = []
    for metric, title in TITLES.items():
        own, paper = ours.get(metric, {}), papers.get(metric)
        about = (paper["shots"], str(n_shots) == paper["shots"]) if paper else ("", None)
        cell = ("agreement", title, "" if metric == "alpha" else "%")
        value = _as_text(own.get("value"), metric) if own else ""
        table.append(comparison(cell, paper["paper"] if paper else "", value, source, own.get("n", ""), *about))
    return table


def as_markdown(rows: list[dict], compared: list[dict]) -> str:
    """The page for people: all shots beside the paper, then each rater and each label."""
    if not rows:
        return f"{NOTHING_YET}\n"
    table = pd.DataFrame(rows).assign(text=[_with_interval(row) for row in rows])
    text = table.set_index(["subject", "name", "metric"])["text"]
    overall = [
        [title, row["paper"], text["all", "", metric], str(row["n_used"])]
        for (metric, title), row in zip(TITLES.items(), compared, strict=True)
    ]
    raters = table[table["subject"] == "rater"].pivot(index="name", columns="metric", values="text")
    raters = raters.reindex(columns=list(OF_RATERS), fill_value="").reset_index()
    offered = table[table["metric"] == "offered"].sort_values("value", ascending=False, kind="stable")
    labels = [[name, text["label", name, "offered"], text["label", name, "accepted"]] for name in offered["name"]]
    parts = [
        "# Agreement of the raters",
        SIMULATED_EXPLAINED if raters["name"].str.startswith("simulated").any() else "",
        markdown_table(["%, but alpha", "paper", "ours", "number of shots, votes, pairs or labels"], overall),
        EXPLAINED,
        "## Raters",
        markdown_table(["rater", *OF_RATERS.values()], raters.to_numpy().tolist()),
        RATERS_EXPLAINED,
        "## Labels",
        markdown_table(["label", "shots that offer it", "accepted, %"], labels),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _as_text(value: float | None, metric: str) -> str:
    if value is None:
        return "not defined"
    if metric in ("shots", "offered"):
        return f"{value:.0f}"
    return {"alpha": f"{value:.2f}", "seconds": f"{value:.1f}"}.get(metric, f"{100 * value:.1f}")


def _with_interval(row: dict) -> str:
    value, low, high = (_as_text(row[column], row["metric"]) for column in ("value", "low", "high"))
    return value if row["low"] is None else f"{value} ({low}–{high})"


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, result, params = snakemake.input, snakemake.output, snakemake.params
    votes = load_votes(source.tasks, source.votes)
    rows = measure_agreement(votes, **params.bootstrap) if len(votes.tasks) else []
    shots = read_parquet(source.shots, columns=["shot_id", "clip_id", "movie_id", *FRAMES])
    samples = read_samples(source.samples) if source.samples else pd.DataFrame(columns=["movie_id", "split"])
    split_of = dict(zip(samples["movie_id"], samples["split"], strict=True))
    tables = split_shots(votes, shots.set_index("shot_id"), clip_table(shots, params.manifest, ()), split_of)
    for table, path in zip(tables, (result.evaluation, result.discarded), strict=True):
        write_frame(table, path)
    write_csv(result.agreement, COLUMNS, rows)
    compared = compare_agreement(rows, read_csv(source.printed), len(votes.tasks), result.agreement)
    write_comparisons(result.csv, compared)
    write_text(result.md, as_markdown(rows, compared))
    return f"{len(votes.raters)} raters, {len(tables[0])} shots accepted, {len(tables[1])} discarded"


if __name__ == "__main__":
    run_job(main, snakemake)

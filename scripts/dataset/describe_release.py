"""Statistics of the other published files: verified set, Condensed Movies, HVU."""

import pandas as pd

from scripts.lib.jobs.log import run_job
from scripts.lib.records.condensed_movies import known_years
from scripts.lib.records.labels import read_labels
from scripts.lib.records.samples import SEPARATOR, SPLITS, instances, read_classes, read_samples, renamed_labels
from scripts.lib.tables.comparisons import printed_values, write_statistics
from scripts.lib.tables.frames import read_frame

VERIFIED, METADATA, HVU = "verified set", "Condensed Movies", "HVU"


def describe_verified(verified: pd.DataFrame) -> list[tuple[str, str, object]]:
    """The human-verified set: statistic, part, value. See `list_verified.verified_shots` for its columns."""
    names = verified["labels"].str.split(SEPARATOR)
    lengths = verified["end_time"].astype(int) - verified["start_time"].astype(int)
    return [
        ("shots", VERIFIED, len(verified)),
        ("windows", VERIFIED, verified["clip_id"].nunique()),
        ("windows of 10 s", VERIFIED, verified.loc[lengths == 10, "clip_id"].nunique()),
        ("videos", VERIFIED, verified["video_id"].nunique()),
        ("classes", VERIFIED, len({name for row in names for name in row})),
        ("label instances", VERIFIED, int(names.str.len().sum())),
        ("shots with 1 label(s)", VERIFIED, int((names.str.len() == 1).sum())),
        ("movie-disjoint shots", VERIFIED, int((verified["movie_disjoint"] == "yes").sum())),
    ]


def describe_metadata(
    clips: pd.DataFrame, info: pd.DataFrame, splits: pd.DataFrame, samples: pd.DataFrame
) -> list[tuple[str, str, object]]:
    """Condensed Movies' tables, and agreement of its own split with MovieCLIP's.

    Args:
        clips: videoid, imdbid, year.
        info: imdbid.
        splits: imdbid, split.
        samples: clip_id, movie_id, split of the published dataset.
    """
    ours = samples.drop_duplicates("movie_id").set_index("movie_id")["split"]
    theirs = splits.set_index("imdbid")["split"].reindex(ours.index).dropna()
    same = (ours[theirs.index] == theirs).mean()
    by_chance = sum((ours[theirs.index] == split).mean() * (theirs == split).mean() for split in SPLITS)
    return [
        ("clip rows", METADATA, len(clips)),
        ("clip rows without a plausible year", METADATA, int((known_years(clips["year"]) == "").sum())),
        ("of these, with year -1", METADATA, int((clips["year"].astype(float) == -1).sum())),
        ("ids that begin with -", METADATA, int(clips["videoid"].str.startswith("-").sum())),
        ("movies without a genre row", METADATA, len(set(clips["imdbid"]) - set(info["imdbid"]))),
        ("videos of the splits that are not listed", METADATA, len(set(samples["clip_id"]) - set(clips["videoid"]))),
        ("movies that its own split puts likewise, %", METADATA, f"{100 * same:.1f}"),
        ("movies that chance would put likewise, %", METADATA, f"{100 * by_chance:.1f}"),
    ]


def describe_hvu(tags: pd.DataFrame, validation: pd.DataFrame, labels: list[str]) -> list[tuple[str, str, object]]:
    """HVU's scene tags beside the taxonomy.

    Args:
        tags: Tag and Category.
        validation: Tags, `|`-separated.
        labels: the taxonomy.
    """
    scenes = set(tags.loc[tags["Category"] == "scene", "Tag"])
    tagged = validation["Tags"].str.split("|").map(lambda row: not scenes.isdisjoint(row))
    return [
        ("scene tags", HVU, len(scenes)),
        ("labels of the taxonomy that are scene tags as written", HVU, len(set(labels) & scenes)),
        (
            "labels that are scene tags once _ is a space",
            HVU,
            len(set(labels) & {tag.replace("_", " ") for tag in scenes}),
        ),
        ("validation videos", HVU, len(validation)),
        ("validation videos with a scene tag", HVU, int(tagged.sum())),
    ]


def describe_distribution(samples: pd.DataFrame, published: pd.DataFrame) -> list[tuple[str, str, object]]:
    """Number of classes whose count differs from the release's list (label, count)."""
    counted = instances(samples)["label"].value_counts()
    listed = published.set_index("label")["count"].astype(int)
    differs = counted.sub(listed, fill_value=0) != 0
    return [("classes whose count differs from the published list", "all", int(differs.sum()))]


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source = snakemake.input
    samples = read_samples(source.samples)
    labels = read_labels(source.taxonomy)
    classes = read_classes(source.classes)
    verified = read_frame(source.evaluation, ["clip_id", "video_id", "start_time", "end_time", "labels"])
    distribution = read_frame(source.distribution, ["label", "count"])
    clips = read_frame(source.clips, ["videoid", "imdbid", "year"])
    info, splits = read_frame(source.movie_info, ["imdbid"]), read_frame(source.movie_splits, ["imdbid", "split"])
    tags, validation = read_frame(source.hvu[0], ["Tag", "Category"]), read_frame(source.hvu[1], ["Tags"])
    renamed = renamed_labels(labels, dict(snakemake.params.merges), list(snakemake.params.drop))
    left = {labels[number] for number in renamed if number >= 0}
    rows = [
        ("labels", "taxonomy", len(labels)),
        ("labels left after merging and dropping", "taxonomy", len(left)),
        ("classes that are not among these", "taxonomy", len(set(classes) ^ left)),
        *describe_distribution(samples, distribution),
        *describe_verified(verified),
        *describe_metadata(clips, info, splits, samples),
        *describe_hvu(tags, validation, labels),
    ]
    write_statistics(snakemake.output.csv, snakemake.output.md, rows, printed_values(source.printed))


if __name__ == "__main__":
    run_job(main, snakemake)

"""What the card and the datasheet say of a run: its numbers, and sentences about how it was made."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from scripts.lib.records.samples import SEPARATOR, instances
from scripts.release.parts import SPLIT_NAMES

MOST_FREQUENT = 5
# The statistics that tell whether raters judged the labels.
VOTED, VERIFIED = "shots that raters voted on", "verified shots"
# Sources of the taxonomy's labels, in words.
SOURCES = {
    "common": "in screenplays and in the table of tags",
    "sluglines": "in screenplays only",
    "hvu": "in the table of tags only",
    "human": "added by an expert",
}
PUBLISHED_SELECTION = (
    "The authors kept the shots with a top-1 score of 0.4 or more and added the labels of rank 2 to 5 with a score "
    "above 0.1. No movie is in two of their splits."
)


def percent(part: float, whole: float) -> str:
    """A share in per cent with one decimal; `unknown` of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "unknown"


def counted(counts: Counter) -> str:
    """The most frequent names with their counts, as an enumeration."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_FREQUENT]
    return ", ".join(f"{name} ({count:,})" for name, count in ranked) or "unknown"


def sample_facts(samples: pd.DataFrame, classes: Sequence[str], movies: pd.DataFrame) -> dict[str, str]:
    """Numbers of the samples, by name of the statistic.

    Args:
        samples: see `read_samples`.
        classes: all classes.
        movies: rows of `dataset/movies.csv`, as text.
    """
    long = instances(samples)
    counts, best = Counter(long["label"]), Counter(long["label"][long["rank"] == 0])
    sizes, homes = samples["split"].value_counts(), movies.groupby("split")["movie_id"].nunique()
    ten = sum(sorted(counts.values(), reverse=True)[:10])
    several = int((samples["labels"].str.contains(SEPARATOR, regex=False)).sum())
    smallest = min(classes, key=lambda label: (counts[label], label))
    years = pd.to_numeric(movies["year"], errors="coerce").dropna().astype(int)
    genres = Counter(genre for row in movies["genres"] for genre in row.split(SEPARATOR) if genre)
    return {
        **{
            f"samples in {name}": f"{sizes.get(split, 0):,} of {homes.get(split, 0):,} movies"
            for split, name in SPLIT_NAMES.items()
        },
        "samples": f"{len(samples):,}",
        "movies with samples": f"{samples['movie_id'].nunique():,}",
        "movies in more than one split": f"{int((samples.groupby('movie_id')['split'].nunique() > 1).sum()):,}",
        "classes": f"{len(classes):,}",
        "labels per sample": f"{len(long) / max(1, len(samples)):.2f}",
        "samples with several labels": percent(several, len(samples)),
        "largest classes": counted(counts),
        "smallest class": f"{smallest} ({counts[smallest]:,})",
        "share of the ten largest classes": percent(ten, len(long)),
        "classes that are never the best label": f"{sum(not best[label] for label in classes):,}",
        "years": f"{years.min()} to {years.max()}" if len(years) else "unknown",
        "movies without a year": f"{len(movies) - len(years):,}",
        "genres": counted(genres),
        "movies without a genre": f"{int((movies['genres'] == '').sum()):,}",
    }


def shot_facts(shots: pd.DataFrame, threshold: float) -> dict[str, str]:
    """Numbers of all labelled shots.

    Args:
        shots: clip_id, start_time, end_time, score_1, flags.
        threshold: of the top-1 score.
    """
    confident = int((shots["score_1"] >= shots["score_1"].dtype.type(threshold)).sum())
    seconds = shots["end_time"] - shots["start_time"]
    return {
        "shots": f"{len(shots):,} of {shots['clip_id'].nunique():,} clips",
        "mean length of a shot": f"{seconds.mean():.2f} s",
        f"shots with a top-1 score of {threshold:g} or more": f"{confident:,} ({percent(confident, len(shots))})",
        "shots that are black, uniform or short": f"{int((shots['flags'] != '').sum()):,}",
    }


def vote_facts(votes: pd.DataFrame, simulated: bool) -> dict[str, str]:
    """Numbers of the votes.

    Args:
        votes: shot_id and rater, as text.
        simulated: whether the raters are programs.
    """
    return {
        VOTED: f"{votes['shot_id'].nunique():,}",
        "raters": f"{votes['rater'].nunique():,}{' simulated' if simulated else ''}",
    }


def origin(settings: dict, source: str) -> str:
    """Where the labels come from, as a paragraph.

    Args:
        settings: `tagger`, `encoder`, `detector` and `demo` of the run.
        source: `clips`, `shots` or `splits`: what the run began with.
    """
    if source == "splits":
        return (
            "The samples are the split files that the authors of MovieCLIP published. They have no scores and no "
            "times, which are therefore empty."
        )
    if source == "shots":
        return (
            "The labelled shots were read from a file in the format of MovieCLIP's release, with the five best labels "
            "of each shot. Flags and entropy of the shots are not in it and are therefore empty."
        )
    tagger, encoder = settings["tagger"], settings["encoder"]
    prompts = "; ".join(f'"{prompt}"' for prompt in tagger["prompts"])
    model = encoder["model"].rpartition("/")[2].removesuffix(".json")
    made = (
        f"Shots were detected with PySceneDetect's detector `{settings['detector']}`. Frames ({encoder['frames']}) "
        f"were scored with {model} against the labels, in the prompt {prompts} ({tagger['score']}); a shot's score is "
        "the mean over its frames."
    )
    return f"The films are drawn by a program and show invented movies. {made}" if settings["demo"] else made


def selection(settings: dict) -> str:
    """How shots became samples, as a paragraph.

    Args:
        settings: the keys of the configuration's `dataset` that select samples.
    """
    if settings["keep_fraction"] is None:
        kept = f"with a top-1 score of {settings['top1_threshold']:g} or more"
    else:
        kept = f"among the {100 * settings['keep_fraction']:g} % with the highest top-1 scores"
    told = [
        f"Samples are the shots {kept}; labels of rank 2 to {settings['top_k']} are added if their score is above "
        f"{settings['rank_threshold']:g}."
    ]
    if settings["exclude_flags"]:
        told.append(f"Shots with the flags {', '.join(settings['exclude_flags'])} are left out.")
    if settings["merges"] or settings["drop"]:
        told.append(f"{len(settings['merges'])} label(s) are merged into others, {len(settings['drop'])} dropped.")
    return " ".join([*told, "The splits divide the movies, so that no movie is in two of them."])


def taxonomy_origin(sources: pd.Series) -> str:
    """Where the labels of the taxonomy come from, as a sentence.

    Args:
        sources: of each label, empty if the list was given.
    """
    counts = Counter(sources[sources != ""])
    if not counts:
        return "It was given as a list."
    return (
        f"Of these {', '.join(f'{counts[source]} are {told}' for source, told in SOURCES.items() if counts[source])}."
    )


def verification(facts: dict[str, str]) -> str:
    """What raters have verified, as a paragraph.

    Args:
        facts: numbers by statistic.
    """
    told = []
    if VOTED in facts:
        told.append(f"{facts['raters']} rater(s) voted on {facts[VOTED]} shots (`votes.csv`).")
    if VERIFIED in facts:
        told.append(f"{facts[VERIFIED]} shots have a label that was accepted (`evaluation_set.csv`).")
    return " ".join(told) or "The bundle has no verified labels."

"""The bundle that others can load: Parquet in the layout of the Hugging Face hub, Croissant, card, datasheet."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from scripts.lib.files.atomic import atomic_folder, sha256_of
from scripts.lib.jobs.log import run_job
from scripts.lib.records.samples import SEPARATOR, read_classes, read_samples
from scripts.lib.tables.comparisons import markdown_table
from scripts.lib.tables.frames import read_frame, read_parquet
from scripts.release.croissant import PAPER, croissant
from scripts.release.facts import (
    PUBLISHED_SELECTION,
    VERIFIED,
    origin,
    sample_facts,
    selection,
    shot_facts,
    taxonomy_origin,
    verification,
    vote_facts,
)
from scripts.release.parts import SPLIT_NAMES, Table, typed_csv

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("shot_id", "clip_id", "movie_id")),
        *((name, pa.int32()) for name in ("start_frame", "end_frame")),
        *((name, pa.float64()) for name in ("start_time", "end_time")),
        ("labels", pa.list_(pa.string())),
        ("scores", pa.list_(pa.float32())),
    ]
)
TIMES = ["start_frame", "end_frame", "start_time", "end_time"]
# The hub's sizes: the name of the first whose number is not reached.
SIZES = {
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
}
# What is in the other tables, by their name.
ABOUT = {
    "shots": "all shots with their five best labels",
    "taxonomy": "the labels, where each comes from, what was merged into it, and clusters of similar labels",
    "taxonomy_history": "what was decided about every label of the sources, by whom and why",
    "classes": "the classes of the samples with their indices, counts and weights",
    "votes": "the votes of the raters, under codes instead of names, also for labels that were offered and not ticked",
    "evaluation_set": "the verified shots with the labels that raters accepted",
}


def typed_samples(samples: pd.DataFrame, times: pd.DataFrame | None) -> pa.Table:
    """The samples with the types of `SCHEMA`; unknown times are null, unknown scores an empty list.

    Args:
        samples: `SAMPLE_COLUMNS` as text.
        times: frames and seconds by shot_id; None if they are not known.
    """
    table = samples.join(times, on="shot_id") if times is not None else samples.assign(**dict.fromkeys(TIMES))
    table["labels"] = table["labels"].str.split(SEPARATOR)
    table["scores"] = [[float(score) for score in text.split(SEPARATOR) if score] for text in table["scores"]]
    return pa.Table.from_pandas(table[SCHEMA.names], SCHEMA, preserve_index=False).replace_schema_metadata()


def write_tables(
    folder: Path, samples: pd.DataFrame, times: pd.DataFrame | None, others: dict[str, str | Path]
) -> list[Table]:
    """Write the samples of each split and the other tables as Parquet, a CSV also as it is.

    Args:
        folder: the bundle.
        samples, times: see `typed_samples`, with `split`.
        others: files by the names of `ABOUT`.
    """
    (folder / "data").mkdir()
    tables = []
    for split, name in SPLIT_NAMES.items():
        path = f"data/{name}-00000-of-00001.parquet"
        part = typed_samples(samples[samples["split"] == split], times)
        pq.write_table(part, folder / path)
        tables.append(Table(name, path, f"the samples of {name}", part.schema))
    for name, source in others.items():
        path = f"{name}.parquet"
        shutil.copyfile(source, folder / f"{name}{Path(source).suffix}")
        if Path(source).suffix == ".csv":
            pq.write_table(typed_csv(source), folder / path)
        tables.append(Table(name, path, ABOUT[name], pq.read_schema(folder / path)))
    return tables


def copy_scores(folder: Path, shot_scores: Iterable[str], frame_scores: Sequence[str]) -> dict[str, str]:
    """Copy the score matrices; what is in them, by path in the bundle."""
    about = {}
    for source in shot_scores:
        shutil.copyfile(source, folder / "shot_scores.h5")
        about["shot_scores.h5"] = "the scores of all labels for all shots (HDF5)"
    if frame_scores:
        (folder / "scores").mkdir()
        about["scores/"] = "the scores of all labels for all sampled frames, by clip (HDF5)"
    for source in frame_scores:
        shutil.copyfile(source, folder / "scores" / Path(source).name)
    return about


def card_header(title: str, license: str, n_samples: int, tables: Sequence[Table]) -> str:
    """The YAML header of the hub's dataset card, with the configurations that `datasets` loads."""
    splits = [{"split": table.name, "path": table.path} for table in tables if table.is_split]
    others = [table for table in tables if not table.is_split]
    header = {
        "pretty_name": title,
        "license": license,
        "language": ["en"],
        "task_categories": ["video-classification"],
        "tags": ["movies", "visual scenes", "shots"],
        "size_categories": [next((name for limit, name in SIZES.items() if n_samples < limit), "10M<n<100M")],
        "configs": [
            {"config_name": "default", "data_files": splits, "default": True},
            *({"config_name": table.name, "data_files": table.path} for table in others),
        ],
    }
    return f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---\n"


def list_files(folder: Path) -> dict[str, tuple[int, str]]:
    """Bytes and SHA-256 of the files of a folder by their path in it, sorted."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.stat().st_size, sha256_of(path)) for path in paths}


def texts(settings: dict, facts: dict[str, str], about: dict[str, str], source: str, taxonomy: pd.DataFrame) -> dict:
    """What the templates of the card and of the datasheet are filled with.

    Args:
        settings: the job's parameters.
        facts: numbers by statistic.
        about: content of each file by its path.
        source: see `origin`.
        taxonomy: rows of `taxonomy.csv`, as text.
    """
    release = settings["release"]
    title = release["title"] or settings["run"]
    return {
        "title": title,
        "summary": f"{facts['samples']} shots of {facts['movies with samples']} movies, labelled with "
        f"{facts['classes']} kinds of places.",
        "contents": markdown_table(["file", "content"], [[f"`{path}`", text] for path, text in about.items()]),
        "numbers": markdown_table(["statistic", "value"], [list(fact) for fact in facts.items()]),
        "origin": origin(settings, source),
        "selection": PUBLISHED_SELECTION if source == "splits" else selection(settings["dataset"]),
        "taxonomy": taxonomy_origin(taxonomy["source"]),
        "verification": verification(facts),
        "n_labels": f"{len(taxonomy):,}",
        "years": facts["years"],
        "genres": facts["genres"],
        "ten": facts["share of the ten largest classes"],
        "never": facts["classes that are never the best label"],
        "license": release["license"],
        "version": release["version"],
        "published": f", published on {release['published']}" if release["published"] else "",
        "url": f", at {release['url']}" if release["url"] else "",
        "citation": PAPER,
    }


def write_documents(
    folder: Path, values: dict, settings: dict, tables: list[Table], n_samples: int, templates: Sequence[str]
) -> None:
    """Write `croissant.json`, the card, the datasheet and the checksums into the bundle.

    Args:
        folder: the bundle with all its data.
        values: see `texts`.
        settings: the configuration's `release`.
        tables: of the bundle.
        n_samples: samples of all splits.
        templates: of the card and of the datasheet.
    """
    document = croissant(values["title"], values["summary"], settings, tables, list_files(folder))
    header = card_header(values["title"], settings["license"], n_samples, tables)
    card, datasheet = (Template(Path(path).read_text(encoding="utf-8")) for path in templates)
    for name, text in (
        ("croissant.json", f"{json.dumps(document, indent=2, ensure_ascii=False)}\n"),
        ("README.md", card.substitute(values, header=header)),
        ("datasheet.md", datasheet.substitute(values)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    sums = "".join(f"{sha256}  {path}\n" for path, (_, sha256) in list_files(folder).items())
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source, settings = snakemake.input, snakemake.params.settings
    samples, movies = read_samples(source.samples), read_frame(source.movies, ["movie_id", "year", "genres", "split"])
    taxonomy, times, facts = read_frame(source.taxonomy, ["label", "source"]), None, {}
    others = {"taxonomy": source.taxonomy, "classes": source.classes}
    others |= {name: source[name][0] for name in ("shots", "taxonomy_history") if source[name]}
    if source.shots:
        shots = read_parquet(source.shots[0], columns=["shot_id", "clip_id", "score_1", "flags", *TIMES])
        facts |= shot_facts(shots, settings["dataset"]["top1_threshold"])
        times = shots.set_index("shot_id")[TIMES]
    facts |= sample_facts(samples, read_classes(source.classes), movies)
    # Before anybody has voted, both have a header only.
    judged = {name: read_frame(path, ["shot_id"]) for name in ("votes", "evaluation_set") for path in source[name]}
    others |= {name: source[name][0] for name, table in judged.items() if len(table)}
    if "votes" in others:
        facts |= vote_facts(judged["votes"], settings["demo"])
    if "evaluation_set" in others:
        facts[VERIFIED] = f"{len(judged['evaluation_set']):,}"
    with atomic_folder(snakemake.output[0]) as folder:
        tables = write_tables(folder, samples, times, {name: others[name] for name in ABOUT if name in others})
        about = {table.path: table.about for table in tables}
        about |= copy_scores(folder, source.scores, source.frame_scores)
        begun_with = "clips" if source.scores else "shots" if source.shots else "splits"
        values = texts(settings, facts, about, begun_with, taxonomy)
        write_documents(folder, values, settings["release"], tables, len(samples), source.templates)
    return f"{len(samples)} samples, {len(tables)} tables"


if __name__ == "__main__":
    run_job(main, snakemake)

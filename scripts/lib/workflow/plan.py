"""What a run will cost: jobs, processor and GPU hours and disk of each rule, before anything is submitted.

The costs are a table of docs/scaling.md, which says how they were measured.
"""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import Clip, clips_root, count_windows

TABLE = "docs/scaling.md"
# The table's row for rules without one: what a job of theirs costs.
OTHERS = "(others)"
# Media files that are opened to learn how long and how large clips are.
OPENED = 20
# Of the published dataset: 107,420 samples of 1,124,638 shots.
SAMPLES_PER_SHOT = 0.0955


@dataclass(frozen=True)
class Cost:
    """A row of the table: processor seconds of a job, and what is added for each unit of the work.

    Attributes:
        unit: a key of `quantities`.
        covers: a key of `estimate`'s `parts`: how much of the work one job does.
        job_seconds, core_seconds: without a GPU.
        gpu_seconds: elapsed, of one GPU, if there is one.
    """

    unit: str
    covers: str
    job_seconds: float
    core_seconds: float
    gpu_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Sizes:
    """How much there is to do.

    Attributes:
        count: number of clips.
        minutes, megapixels, fps: mean length, size of a frame, and frame rate.
        shots_per_minute: of the paper's collection.
        known: number of clips that were opened for this; without one, the paper's are assumed.
    """

    count: int
    minutes: float = 2.04
    megapixels: float = 0.174
    fps: float = 24.0
    shots_per_minute: float = 17.0
    known: int = 0


def read_costs(path: Path) -> dict[str, Cost]:
    """The table's rows by rule.

    Raises:
        UserError: a row cannot be read.
    """
    costs = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) >= 7:
            try:
                costs[cells[0].strip("`")] = Cost(cells[1], cells[2], *map(float, cells[3:7]))
            except ValueError as error:
                raise UserError(f"{path}: a cost is not a number in the line {line!r}") from error
    if OTHERS not in costs:
        raise UserError(f"{path} has no row `{OTHERS}` in its table of costs")
    return costs


def sample_clips(clips: Sequence[Clip], root: str | None) -> Sizes:
    """Mean length and size of clips, from known durations, and the headers and first frames of a few."""
    from scripts.lib.media.video import UnreadableClip, Video

    opened = []
    for clip in clips[:: max(1, len(clips) // OPENED)]:
        with suppress(UnreadableClip, OSError), Video(clip, root) as video:
            height, width, _ = next(iter(video)).rgb().shape
            fps = float(video.frame_rate)
            opened.append((video.announced_frames() / fps / 60, height * width / 1e6, fps))
    means = [sum(values) / len(opened) for values in zip(*opened, strict=True)]
    sizes = Sizes(len(clips), *means, known=len(opened))
    minutes = [clip.duration / 60 if clip.duration else sizes.minutes for clip in clips]
    return replace(sizes, minutes=sum(minutes) / max(1, len(minutes)))


def parts_of(shards: dict[str, list[Clip]], windows: dict[str, int], sizes: Sizes, models: int) -> dict[str, float]:
    """Into how many jobs of a kind the whole work would be divided.

    A `shard` in windows, of which `windows` has the numbers, is embedded by a job for each `window`;
    a `whole shard` is one that is not.
    """
    total = sizes.count * sizes.minutes
    long = sum(shards[shard][0].duration / 60 for shard in windows)
    return {
        "run": 1,
        "shard": max(1, len(shards)),
        "whole shard": (len(shards) - len(windows)) * total / (total - long) if total > long else 1,
        "window": sum(windows.values()) * total / long if long else 1,
        "model": max(1, models),
    }


def quantities(clips: Sizes, frames: str, epochs: float) -> dict[str, float]:
    """Units of work of a whole run, by name.

    Args:
        frames: which frames the encoder sees: `all`, `4 fps` or `2 per shot`.
        epochs: of all models together.
    """
    minutes = clips.count * clips.minutes
    shots = minutes * clips.shots_per_minute
    number, _, kind = frames.partition(" ")
    embedded = {"fps": minutes * 60, "per shot": shots}.get(kind, minutes * 60 * clips.fps)
    return {
        "job": 1,
        "clip": clips.count,
        "gigapixel": minutes * 60 * clips.fps * clips.megapixels / 1000,
        "shot": shots,
        "frame": embedded * (float(number) if kind else 1),
        "sample": SAMPLES_PER_SHOT * shots,
        "sample and epoch": SAMPLES_PER_SHOT * shots * epochs,
    }


def planned_jobs(command: Sequence[str]) -> dict[str, int]:
    """Jobs of a dry run, by rule.

    Raises:
        UserError: Snakemake cannot plan; the message is its own.
    """
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = done.stdout.partition("Error: ")[2] or done.stdout + done.stderr
        raise UserError(f"the run cannot be planned: {reason.strip()}")
    jobs = {}
    for line in done.stdout.partition("Job stats:")[2].splitlines()[3:]:
        words = line.split()
        if len(words) != 2 or words[0] == "total":
            break
        jobs[words[0]] = int(words[1])
    return jobs


@dataclass(frozen=True)
class Row:
    """What the jobs of a rule cost together."""

    rule: str
    jobs: int
    core_hours: float
    gpu_hours: float
    gigabytes: float


def estimate(
    jobs: dict[str, int], costs: dict[str, Cost], work: dict[str, float], parts: dict[str, float], model: str
) -> list[Row]:
    """Costs of the rules of a plan.

    Args:
        parts: into how many jobs a rule divides the work, by what a job covers, see `parts_of`.
        model: the tagger's; the table may have a row of its own for a rule with it, `rule model`.
    """
    rows, others = [], 0
    for rule, count in jobs.items():
        cost = costs.get(f"{rule} {model}") or costs.get(rule)
        if not cost:
            others += count
            continue
        units = 0 if cost.unit == "job" else work[cost.unit] * count / parts[cost.covers]
        seconds = count * cost.job_seconds + units * cost.core_seconds
        rows.append(Row(rule, count, seconds / 3600, units * cost.gpu_seconds / 3600, units * cost.megabytes / 1000))
    seconds = others * costs[OTHERS].job_seconds
    return [*rows, Row(OTHERS, others, seconds / 3600, 0, 0)]


def estimate_run(
    config: dict, shards: dict[str, list[Clip]], jobs: dict[str, int], costs: dict[str, Cost]
) -> tuple[list[Row], Sizes]:
    """Costs of these jobs of a configuration's run, by rule, and the sizes of its clips."""
    encoder = config["encoders"][config["taggers"][config["tagging"]["taggers"][0]]["encoder"]]
    sizes = sample_clips([clip for shard in shards.values() for clip in shard], clips_root(config))
    models = [config["models"][name] for name in config["training"]["models"]]
    work = quantities(sizes, encoder["frames"], sum(model["epochs"] for model in models))
    parts = parts_of(shards, count_windows(shards, config["clips"]), sizes, len(models))
    return estimate(jobs, costs, work, parts, Path(encoder["model"]).stem), sizes


def plan_text(rows: list[Row], clips: Sizes, shards: int) -> str:
    """The table for the terminal, what costs most first."""
    basis = f"sizes from {clips.known} of them" if clips.known else "sizes as in the paper's collection"
    lines = [
        f"{clips.count:,} clips in {shards:,} shards; {clips.count * clips.minutes / 60:,.1f} hours of video ({basis})",
        "",
        f"{'rule':<28}{'jobs':>8}{'core hours':>13}{'GPU hours':>12}{'GB':>9}",
    ]
    total = Row(
        "total",
        *(sum(getattr(row, name) for row in rows) for name in ("jobs", "core_hours", "gpu_hours", "gigabytes")),
    )
    for row in [*sorted(rows, key=lambda row: (-row.gpu_hours, -row.core_hours)), total]:
        numbers = f"{row.jobs:>8,}{row.core_hours:>13,.2f}{row.gpu_hours:>12,.2f}{row.gigabytes:>9,.2f}"
        lines.append(f"{row.rule:<28}{numbers}")
    return "\n".join(
        [
            *lines,
            "",
            "Core hours are those of a run without GPUs.",
            f"How this was estimated, and how far to trust it: {TABLE}",
        ]
    )


def plan_run(workflow, config: dict, own_configs: Sequence[str], shards: dict[str, list[Clip]]) -> str:
    """The plan of what is still to be done for the configuration's chapters.

    Raises:
        UserError: see `read_costs` and `planned_jobs`.
    """
    # `sys.executable` is quoted, see `processes.prepare_for_jobs`.
    command = [*shlex.split(sys.executable), "-m", "snakemake", "all", "--dry-run", "--cores", "1"]
    command += ["--snakefile", str(workflow.main_snakefile)]
    command += ["--configfile", *map(str, own_configs)] if own_configs else []
    command += ["--config", *given] if (given := workflow.config_settings.config_args) else []
    targets = {rule.name for rule in workflow.rules if rule.norun}
    jobs = {rule: count for rule, count in planned_jobs(command).items() if rule not in targets}
    costs = read_costs(Path(workflow.basedir, TABLE))
    return plan_text(*estimate_run(config, shards, jobs, costs), len(shards))

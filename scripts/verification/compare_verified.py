"""How often the top-1 and the top-5 labels of released shots agree with the human-verified labels (section 4.3)."""

import pandas as pd

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import LABEL_COLUMNS, TOP
from scripts.lib.records.release_lines import LabelLine, read_label_map, read_lines
from scripts.lib.records.shots import scene_number
from scripts.lib.records.videos import parse_window, video_of
from scripts.lib.tables.comparisons import write_statistics
from scripts.lib.tables.frames import read_parquet
from scripts.lib.tables.rows import read_csv

# The release's shortest shot, 14 frames of 24, in seconds: a cut so near to a window's start made no shot there.
SHORTEST = 0.58
BY_ID, BY_WINDOW = "joined by id", "joined by window and time"
ALL_JOINED = "joined shots"
TOP1, TOP5 = "top-1 agreement, %", "top-5 agreement, %"
NO_VIDEO, NO_SHOT = "not joined: the video is not among the shots", "not joined: the window has fewer shots"


def join_shots(lines: list[LabelLine], shots: pd.DataFrame) -> pd.DataFrame:
    """The released shot of each verified one, in their order: outcome, and its top-5 labels.

    A shot of the same id is the same shot. Otherwise scene number k of the window `v_<video>_seg_<from>_<to>`
    is the k-th shot of the whole video that overlaps the window's seconds. A first one that
    reaches less than `SHORTEST` seconds into the window does not count, because shot detection in the
    window joins it to the next.

    Args:
        lines: verified shots.
        shots: shot_id, clip_id, start_time, end_time, label_1 … label_5; times in the whole video.

    Returns:
        outcome (one of the four above), label_1 … label_5 (empty if not joined).
    """
    windows = [parse_window(line.clip_id) for line in lines]
    own = shots["shot_id"].isin({line.shot_id for line in lines})
    by_id = shots[own].set_index("shot_id")
    # Times of a window among the shots are its own.
    videos = {clip_id: video_of(clip_id) for clip_id in shots["clip_id"].unique() if parse_window(clip_id) is None}
    of_wanted = shots.assign(video=shots["clip_id"].map(videos))
    of_wanted = of_wanted[of_wanted["video"].isin({video_of(line.clip_id) for line in lines})]
    of_video = dict(iter(of_wanted.sort_values("start_time").groupby("video")))
    rows = []
    for line, window in zip(lines, windows, strict=True):
        if line.shot_id in by_id.index:
            rows.append((BY_ID, *by_id.loc[line.shot_id, LABEL_COLUMNS]))
            continue
        video = of_video.get(video_of(line.clip_id))
        if window is None or video is None:
            rows.append((NO_VIDEO, *[None] * TOP))
            continue
        inside = video[(video["end_time"] > window.start) & (video["start_time"] < window.end)]
        if len(inside) > 1 and inside["end_time"].iloc[0] - window.start < SHORTEST:
            inside = inside.iloc[1:]
        scene = scene_number(line.shot_id)
        found = 1 <= scene <= len(inside)
        rows.append((BY_WINDOW, *inside[LABEL_COLUMNS].iloc[scene - 1]) if found else (NO_SHOT, *[None] * TOP))
    return pd.DataFrame(rows, columns=["outcome", *LABEL_COLUMNS])


def agreement(lines: list[LabelLine], joined: pd.DataFrame, classes: list[str], merges: dict[str, str]) -> list[tuple]:
    """Rows of statistic, part, value: outcomes of the join, and the agreement of the joined shots in per cent.

    Top-1 agrees if the shot's first label is verified, top-5 if one of its five labels is.

    Args:
        lines: verified shots with their class indices.
        joined: see `join_shots`.
        classes: names by index.
        merges: labels that are renamed before they are compared, as the classes were.
    """
    verified = [{classes[index] for index in line.indices} for line in lines]
    found = joined[LABEL_COLUMNS].replace(merges).to_numpy(object)
    top1 = pd.Series([row[0] in known for row, known in zip(found, verified, strict=True)])
    top5 = pd.Series([not known.isdisjoint(row) for row, known in zip(found, verified, strict=True)])
    rows = [("verified shots", "all", len(lines))]
    for outcome in (BY_ID, BY_WINDOW, NO_VIDEO, NO_SHOT):
        rows.append((outcome, "all", int((joined["outcome"] == outcome).sum())))
    is_joined = joined["outcome"].isin([BY_ID, BY_WINDOW])
    parts = {ALL_JOINED: is_joined, **{name: joined["outcome"] == name for name in (BY_ID, BY_WINDOW)}}
    for part, chosen in parts.items():
        for name, right in ((TOP1, top1), (TOP5, top5)):
            if chosen.any():
                rows.append((name, part, f"{100 * right[chosen].mean():.1f}"))
    return rows


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source = snakemake.input
    classes = read_label_map(source.label_map)
    lines = [line for path in source.verified for line in read_lines(path, len(classes))]
    shots = read_parquet(source.shots, columns=["shot_id", "clip_id", "start_time", "end_time", *LABEL_COLUMNS])
    joined = join_shots(lines, shots)
    paper = {row["metric"]: row["paper"] for row in read_csv(source.printed, "metric", "paper")}
    n_joined = int(joined["outcome"].isin([BY_ID, BY_WINDOW]).sum())
    if not n_joined:
        raise UserError(
            f"none of the {len(lines)} verified shots is of a video among the released shots; set dataset.verified to "
            "the verified shots of these videos, or remove 'verification' from chapters"
        )
    write_statistics(
        snakemake.output.csv,
        snakemake.output.md,
        agreement(lines, joined, classes, snakemake.params.merges),
        {(TOP1, ALL_JOINED): (paper["top1_majority"], ""), (TOP5, ALL_JOINED): (paper["top5_majority"], "")},
        "The file of verified shots has only those with an accepted label, 1,883 of 2,393 in the paper, whose "
        "percentages are of all 2,393. The published names have no times: a join by window and time is likely, not "
        "certain.",
    )
    return f"{n_joined} of {len(lines)} verified shots are joined"


if __name__ == "__main__":
    run_job(main, snakemake)

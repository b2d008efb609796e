"""The sample of shots whose labels people verify (paper section 4.3)."""

from pathlib import Path

import pandas as pd

from scripts.lib.jobs.errors import UserError
from scripts.lib.jobs.log import logger, run_job
from scripts.lib.media.thumbnails import frame_names
from scripts.lib.records.draws import draw_key
from scripts.lib.records.labels import LABEL_COLUMNS, SCORE_COLUMNS
from scripts.lib.records.shots import SHOT_COLUMNS, Shot
from scripts.lib.tables.frames import read_parquet, write_frame
from scripts.verification.tasks import FRAMES, TASK_COLUMNS, study_id

TERCILES = 3
# Folder of the frames, beside the tasks.
FOLDER = "frames"


def draw_shots(shots: pd.DataFrame, n_shots: int, n_clips: int, seed: int) -> pd.DataFrame:
    """A random sample of shots, stratified by top-1 label and confidence, in a random order.

    First `n_clips` of the clips are drawn, each as likely as any other. Their shots are divided by top-1 label, and
    those of a label into terciles of its score there. Then the labels, in a random order, take turns: at its turn a
    label gives a random shot of its next tercile, each label beginning with another one. What is exhausted is passed
    over. So the numbers of shots of two labels differ by more than one only if the smaller has no more, and likewise
    for the terciles of a label.

    Args:
        shots: shot_id, clip_id, label_1 and score_1; shots without a score are not drawn.
        n_shots: size of the sample; all shots of the drawn clips if they have no more.
        n_clips: largest number of clips.
        seed: of all draws.

    Returns:
        The drawn rows, in the order in which raters see them.
    """
    scored = shots[shots["score_1"].notna() & shots["label_1"].notna()]
    clips = sorted(scored["clip_id"].unique(), key=lambda clip_id: draw_key(f"clip/{clip_id}", seed))[:n_clips]
    pool = scored[scored["clip_id"].isin(clips)]
    key = pool["shot_id"].map(lambda shot_id: draw_key(shot_id, seed))
    by_label = pool["label_1"].unique()
    queue = {}
    for turn, label in enumerate(sorted(by_label, key=lambda label: draw_key(f"label/{label}", seed))):
        of_label = pool[pool["label_1"] == label]
        ranks = of_label["score_1"].rank(method="first")
        tercile = ((ranks - 1) * TERCILES // len(ranks)).astype(int)
        drawn = key[of_label.index].sort_values()
        # A shot's place among those of its tercile is the round in which the tercile is asked for it.
        place = drawn.groupby(tercile[drawn.index]).cumcount()
        order = pd.DataFrame({"round": place, "tercile": (tercile[drawn.index] - turn) % TERCILES})
        queue |= {shot: (nth, turn) for nth, shot in enumerate(order.sort_values(["round", "tercile"]).index)}
    chosen = sorted(queue, key=queue.get)[:n_shots]
    return pool.loc[sorted(chosen, key=lambda shot: draw_key(f"order/{pool.at[shot, 'shot_id']}", seed))]


def make_tasks(drawn: pd.DataFrame) -> pd.DataFrame:
    """`verification/tasks.csv` of the drawn shots, rows of `dataset/shots.parquet`, in their order."""
    offered = [[label for label in row if isinstance(label, str) and label] for row in drawn[LABEL_COLUMNS].to_numpy()]
    frames = [_frames(Shot(*row)) for row in drawn[list(SHOT_COLUMNS)].itertuples(index=False)]
    table = drawn.assign(study=study_id(zip(drawn["shot_id"], offered, strict=True)))
    table[list(FRAMES)] = pd.DataFrame(frames, index=table.index, columns=list(FRAMES))
    return table[list(TASK_COLUMNS)]


def _frames(shot: Shot) -> list[str]:
    """Paths of a shot's three frames relative to `verification/`; a shot of fewer frames repeats its last one."""
    names = [f"{FOLDER}/{name}" for name in frame_names(shot)]
    return [*names, *(names[-1:] * (len(FRAMES) - len(names)))]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    settings = snakemake.params.sample
    columns = [*SHOT_COLUMNS, "shot_id", "movie_id", *LABEL_COLUMNS, *SCORE_COLUMNS]
    shots = read_parquet(snakemake.input.shots, columns=columns)
    drawn = draw_shots(shots, settings["shots"], settings["clips"], settings["seed"])
    if not len(drawn):
        raise UserError(f"{snakemake.input.shots} has no shot with a score, so there is nothing to verify")
    if len(drawn) < settings["shots"]:
        logger.warning(
            "verification.sample asks for %d shots of %d clips, which have only %d: all are taken",
            settings["shots"],
            settings["clips"],
            len(drawn),
        )
    tasks = make_tasks(drawn)
    write_frame(tasks, Path(snakemake.output[0]))
    return f"{len(tasks)} shot(s) of {tasks['clip_id'].nunique()} clip(s), study {tasks['study'].iloc[0]}"


if __name__ == "__main__":
    run_job(main, snakemake)

"""Large frames of the task shots; only their clips are decoded."""

from scripts.lib.files.atomic import atomic_folder
from scripts.lib.jobs.log import run_job
from scripts.lib.media.thumbnails import make_large_frames
from scripts.lib.records.clips import clips_root, read_manifest
from scripts.lib.records.shots import Shot
from scripts.verification.tasks import read_tasks


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    clips, shots = read_manifest(snakemake.params.manifest), {}
    for shot in sorted((task.shot for task in read_tasks(snakemake.input.tasks)[1]), key=_place):
        shots.setdefault(shot.clip_id, []).append(shot)
    with atomic_folder(snakemake.output[0]) as folder:
        counts = make_large_frames(clips, shots, clips_root(snakemake.config), folder, snakemake.threads)
    return f"frames of {sum(counts.values())} shot(s)"


def _place(shot: Shot) -> tuple[str, int]:
    return shot.clip_id, shot.number


if __name__ == "__main__":
    run_job(main, snakemake)

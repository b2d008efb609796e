"""Embed the sampled frames of a shard's clips (paper section 4.2, v_t): of all shots, or of chosen ones."""

from dataclasses import replace

from scripts.lib.jobs.log import run_job
from scripts.lib.media.frame_batches import Work, choose_shots, read_work
from scripts.lib.networks.features import write_features
from scripts.lib.records.clips import clips_root, fingerprint, shard_clips
from scripts.lib.records.shots import listed_shots


def shots_of_window(work: list[Work], start: float, end: float) -> list[Work]:
    """The parts of clips with the shots that begin in a window, from `start` to before `end` (seconds)."""
    begun = {shot.shot_id for item in work for shot in item.shots if start <= shot.start_time < end}
    return [replace(item, part=True) for item in choose_shots(work, begun)]


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    params, config = snakemake.params, snakemake.config
    clips = shard_clips(params.manifest, snakemake.wildcards.shard, config)
    work = read_work(clips, snakemake.input.clips, snakemake.input.shots, params.clips)
    if params.window:
        work = shots_of_window(work, *params.window)
    if chosen := snakemake.input.get("chosen"):
        work = choose_shots(work, listed_shots(chosen))
    return write_features(
        snakemake.output[0],
        work,
        params.encoder,
        snakemake.input.weights,
        fingerprint(clips),
        clips_root(config),
        config["tagging"]["batch_size"],
        snakemake.threads,
    )


if __name__ == "__main__":
    run_job(main, snakemake)

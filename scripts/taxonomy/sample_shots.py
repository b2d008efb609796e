"""Sample random shots in which the expert looks for missing labels (paper section 3.2)."""

import heapq
from collections.abc import Iterable

from scripts.lib.jobs.log import logger, run_job
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.records.draws import draw_key
from scripts.lib.records.shots import Shot, read_shots, write_shots


def sample_shots(shots: Iterable[Shot], n: int, seed: int) -> list[Shot]:
    """A uniform random sample of `n` shots; all if there are no more.

    It consists of the shots with the lowest digests of seed and shot id, so it depends only on the
    set of shots, not on their order, shards, labels or scores. Clips that are added later change
    little of a sample.

    Returns:
        The sample, sorted by clip id and number.
    """
    chosen = heapq.nsmallest(n, shots, key=lambda shot: (draw_key(shot.shot_id, seed), shot.shot_id))
    return sorted(chosen, key=lambda shot: (shot.clip_id, shot.number))


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    wanted, seed = snakemake.params.shots, snakemake.params.seed
    fingerprints = shard_fingerprints(snakemake.params.manifest, snakemake.config)
    shards = map(read_shots, snakemake.input.shots, fingerprints)
    everything = (shot for shard in shards for shots in shard.values() for shot in shots)
    sample = sample_shots(everything, wanted, seed)
    write_shots(snakemake.output[0], sample)
    logger.info("%d shot(s) of %d clip(s)", len(sample), len({shot.clip_id for shot in sample}))
    if len(sample) < wanted:
        logger.warning(
            "taxonomy.sample.shots asks for %d shots, but there are only %d: all are taken", wanted, len(sample)
        )


if __name__ == "__main__":
    run_job(main, snakemake)

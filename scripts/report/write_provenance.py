"""Write the provenance of a run: configuration, inputs, versions, wall times."""

import json

from scripts.lib.files.atomic import write_text
from scripts.lib.jobs.log import run_job
from scripts.lib.records.clips import shard_fingerprints
from scripts.lib.tables.times import wall_times
from scripts.report.provenance import checksums, clip_counts, git_commit, package_versions


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    # A run that starts from released split files has no clips and no manifest.
    fingerprints = []
    for manifest in snakemake.params.manifest:
        fingerprints = shard_fingerprints(manifest, snakemake.config)
    record = {
        "config": snakemake.params.config,
        "inputs_sha256": checksums([*snakemake.input.sources, *snakemake.params.manifest]),
        "clips": clip_counts(list(snakemake.input.clips), fingerprints),
        "versions": package_versions(),
        "git_commit": git_commit(snakemake.scriptdir),
        "wall_times": wall_times(snakemake.params.benchmarks),
    }
    write_text(snakemake.output[0], json.dumps(record, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    run_job(main, snakemake)

"""Time and memory of a dry run of a whole collection.

    uv run python -m benchmarks.dry_run --metadata resources/condensed_movies/clips.csv --clips 32484

turns rows of Condensed Movies' clip table into a manifest and asks Snakemake what it would do.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from scripts.lib.records.clips import Clip, write_manifest
from scripts.lib.tables.rows import read_csv


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=32484)
    parser.add_argument("--shard-size", type=int, default=100)
    options = parser.parse_args()
    rows = islice(read_csv(options.metadata), options.clips)
    clips = [
        Clip(row["videoid"], f"{row['videoid']}.mkv", row["imdbid"], row["title"], row["year"].removesuffix(".0"))
        for row in rows
    ]
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "clips.csv")
        write_manifest(clips, manifest)
        settings = f"{{manifest: '{manifest}', folder: null, shard_size: {options.shard_size}}}"
        command = [sys.executable, "-m", "snakemake", "tag", "--dry-run", "--cores", "2", "--quiet"]
        command += ["--configfile", "config/tag.yaml", "--config", "run=dry_run", f"clips={settings}"]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{len(clips)} clips in shards of {options.shard_size}: {seconds:.1f} s, {memory:.0f} MB at most")


if __name__ == "__main__":
    main()

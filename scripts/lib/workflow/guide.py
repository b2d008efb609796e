"""Texts for the terminal: the help, and the closing line of a run."""

import re
from pathlib import Path

# Pages and folders that the closing line names, in this order.
PLACES = ("index.html", "gallery/index.html", "taxonomy/review.html", "verification/annotate.html", "tables", "figures")


def help_text(folder: str | Path) -> str:
    """Targets and shipped configurations, one line each, from the first lines of the files that define them.

    Args:
        folder: the workflow's.
    """
    folder = Path(folder)
    chapters = re.findall(r'^ *include: "rules/(\w+)\.smk"', (folder / "Snakefile").read_text(encoding="utf-8"), re.M)
    targets = {
        "(none)": "the chapters that the configuration lists",
        "tables, figures": "the tables, or the figures, of these chapters",
        "tag": "every shot of a collection labelled, and the gallery",
        "export": "scenes and shots of each film, for ELAN, players and editing programs",
        "search": "shots like a text, a shot or a picture (--config query='a lighthouse at night')",
        "plan": "what is still to be done, and what it will cost",
        **{name: _first_line(folder / f"rules/{name}.smk", '"""') for name in chapters if name != "common"},
    }
    configs = {
        f"config/{path.name}": _first_line(path, "# ")
        for path in sorted((folder / "config").glob("*.yaml"))
        if path.stem not in ("default", "schema")
    }
    return (
        "uv run snakemake --cores all [TARGET …] [--configfile FILE] [--config KEY=VALUE …]\n\n"
        f"Targets:\n{_columns(targets)}\n\n"
        f"Configurations (without one, the demo runs; config/schema.yaml describes every key):\n{_columns(configs)}"
    )


def _first_line(path: Path, mark: str) -> str:
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(mark))
    return re.sub(r" \(paper .*\)|\. .*", "", line.removeprefix(mark).removesuffix('"""')).rstrip(":. ")


def _columns(rows: dict[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in rows.items())


def closing_line(run: str | Path, n_clips: int) -> str:
    """Result of a run and what to open: `477 shots, 96 clips, 0 failed. Open results/demo/index.html`.

    Args:
        run: the run's folder.
        n_clips: clips of the run.
    """
    run, counts = Path(run), ""
    # Shots that were read as released have no table of failures.
    if n_clips and (run / "dataset/shots.parquet").is_file():
        from pyarrow.parquet import read_metadata

        failures = (run / "dataset/failures.csv").read_text(encoding="utf-8", errors="replace")
        n_failed = max(0, len(failures.splitlines()) - 1)
        counts = f"{read_metadata(run / 'dataset/shots.parquet').num_rows} shots, {n_clips} clips, {n_failed} failed. "
    places = [str(run / place) for place in PLACES if (run / place).exists()]
    return f"{counts}Open {places[0]}" + (f"; see also {', '.join(places[1:])}" if places[1:] else "") if places else ""

"""The page of a run: what it found, and every table and figure beside the paper's. It is made last."""

import json
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from scripts.lib.files.atomic import atomic_path
from scripts.lib.jobs.log import run_job
from scripts.lib.pages.build import render_page
from scripts.lib.tables.rows import read_csv
from scripts.report.markdown import as_html, table_html
from scripts.report.summary import (
    compare_with_paper,
    compare_with_release,
    count_results,
    headline,
    read_rows,
    times_of_chapters,
)

# Rows of a table on the page; its file has all.
MOST_ROWS = 200
# At the beginning of a PNG: width and height.
_PNG_SIZE = struct.Struct(">16x2I")
COUNTED = ["jobs", "processor time", "duration", "memory, MB"]


def show_item(folder: Path, item: dict) -> dict:
    """A table or figure as the page shows it: id, title, its two parts, caption, figure, tables, links.

    Args:
        folder: of the run.
        item: of `list_contents`.
    """
    files = {Path(name).suffix: name for name in item["files"]}
    short, is_named, what = item["title"].partition(":")
    if not is_named:
        short, what = Path(item["files"][0]).stem.replace("_", " ").capitalize(), item["title"]
    figure, table, rows = files.get(".png") or files.get(".svg"), files.get(".md"), files.get(".csv")
    shown = {
        "id": Path(item["files"][0]).stem,
        "title": item["title"],
        "name": short,
        "what": what.strip(),
        "caption": read_caption(item["caption"]) if item["caption"] else "",
        "figure": None,
        "paper_form": as_html((folder / table).read_text(encoding="utf-8")) if table else "",
        "long_form": csv_html(folder / rows) if rows else "",
        "links": item["files"],
    }
    if figure:
        width, height = _PNG_SIZE.unpack((folder / figure).read_bytes()[:24]) if figure.endswith("png") else (0, 0)
        shown["figure"] = {"path": figure, "width": width, "height": height}
    return shown


def read_caption(path: str | Path) -> str:
    """The text of a caption in one line."""
    return " ".join(Path(path).read_text(encoding="utf-8").split())


def csv_html(path: Path) -> Markup:
    """The first `MOST_ROWS` rows of a CSV as a table, and how many there are if these are not all."""
    header, rows, n = read_rows(path, MOST_ROWS)
    note = Markup("<p>The first {:,} of {:,} rows; the file has all.</p>").format(MOST_ROWS, n) if n > MOST_ROWS else ""
    return table_html(header, rows) + note


def open_pages(folder: Path, contents: dict) -> list[dict]:
    """The pages to open, with searches and exports that there are; the first page of a folder comes first."""
    found = sorted(contents["pages"], key=lambda page: not page["path"].endswith("/index.html"))
    for page in sorted(folder.glob("search/*/index.html")):
        found.append({"title": f"Search: {page.parent.name}", "path": page.relative_to(folder).as_posix()})
    if (folder / "export/films.csv").is_file():
        found.append({"title": "Exports for ELAN, players and editing programs", "path": "export/films.csv"})
    return found


def failed_files(folder: Path, files: frozenset[str]) -> Sequence[tuple[str, str, str]]:
    """Clips and screenplays that could not be used: name, step, reason."""
    rows = []
    if "dataset/failures.csv" in files:
        rows += [(row["clip_id"], row["step"], row["reason"]) for row in read_csv(folder / "dataset/failures.csv")]
    if "taxonomy/screenplays.csv" in files:
        scripts = read_csv(folder / "taxonomy/screenplays.csv", "file", "status", "reason")
        rows += [(row["file"], "screenplay", row["reason"]) for row in scripts if row["status"] == "failed"]
    return rows


def page_facts(folder: Path, contents: dict, provenance: Path, checks: Path) -> dict:
    """All that the page shows, for its template.

    Args:
        folder: of the run.
        contents: see `list_contents`.
        provenance, checks: `provenance.json` and `checks.csv` of the run.
    """
    items = [item for section in contents["sections"] for item in section["items"]]
    tables = [name for item in items for name in item["files"] if name.endswith(".csv")]
    files = frozenset(
        [entry["path"] for entry in contents["others"]] + [name for item in items for name in item["files"]]
    )
    record = json.loads(provenance.read_text(encoding="utf-8"))
    beside, comparable = compare_with_paper(folder, tables)
    by_chapter, by_rule = times_of_chapters(record["wall_times"], contents["chapters"])
    failed, passed = failed_files(folder, files), read_csv(checks)
    n_known, n_equal = compare_with_release(folder, tables)
    return {
        "run": record["config"]["run"],
        "headline": headline(count_results(folder, files)),
        "is_demo": bool(record["config"]["demo"]),
        "pages": open_pages(folder, contents),
        "sections": [
            {
                "id": re.sub(r"\W+", "-", section["title"].lower()),
                "number": re.match(r"[\d.]*", section["title"])[0],
                "title": section["title"].lstrip("0123456789. "),
                "entries": [show_item(folder, item) for item in section["items"]],
            }
            for section in contents["sections"]
        ],
        "beside": table_html(["table", "values beside the paper's", "comparable", "equal"], beside) if beside else "",
        "comparable": table_html(["table", "row", "column", "paper", "ours", "delta"], comparable[:MOST_ROWS]),
        "n_comparable": len(comparable),
        "n_known": n_known,
        "n_equal": n_equal,
        "failed": table_html(["file", "step", "reason"], [list(row) for row in failed[:MOST_ROWS]]),
        "n_failed": len(failed),
        "checks": table_html(
            ["check", "file", "n", "what holds"], [[r["check"], r["file"], r["n"], r["detail"]] for r in passed]
        ),
        "n_checks": len(passed),
        "by_chapter": table_html(["chapter", *COUNTED], by_chapter),
        "by_rule": table_html(["chapter", "rule", *COUNTED], by_rule),
        "commit": record["git_commit"],
        "versions": table_html(["package", "version"], [[name, text] for name, text in record["versions"].items()]),
        "inputs": table_html(["input", "SHA-256"], [[name, text] for name, text in record["inputs_sha256"].items()]),
        "config": json.dumps(record["config"], indent=1, ensure_ascii=False),
        "others": contents["others"],
    }


def render_body(template: str, facts: dict) -> str:
    """The body of the page. Texts of `facts` are no markup."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["address"] = lambda path: "/".join(map(jinja2.filters.do_urlencode, path.split("/")))
    return environment.from_string(template).render(facts)


def main(snakemake) -> None:
    """Run as a Snakemake job."""
    source, folder = snakemake.input, Path(snakemake.params.folder)
    facts = page_facts(folder, snakemake.params.contents, Path(source.provenance), Path(source.checks))
    frame, base, body, css = (Path(part).read_text(encoding="utf-8") for part in source.page)
    with atomic_path(snakemake.output[0]) as temporary:
        page = render_page({}, frame, render_body(body, facts), f"{base}\n{css}", "")
        temporary.write_text(page, encoding="utf-8", errors="replace")


if __name__ == "__main__":
    run_job(main, snakemake)

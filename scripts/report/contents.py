"""What a run's page shows, from the rules themselves: known while Snakemake parses, before anything is made."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

# A file of one shard, of which there are thousands.
_OF_SHARD = re.compile(r"(?:^|/)\d{5}(?:\.\w+)?$")


def list_contents(rules: Iterable, made: Mapping[str, Iterable[str]], folder: str) -> dict:
    """Tables, figures, pages and other files of a run, each told by the rule that makes it.

    Args:
        rules: Snakemake's rule objects. One that makes tables or figures names its section of the paper as the
            `category` of `report(…)`, its title as `labels`, and its caption; without, its message is the title.
        made: the files that each chapter makes, by chapter.
        folder: the run's, with a `/` at the end.

    Returns:
        `sections`: title and `items`; an item has a title, a `caption` (path of its text, or empty) and `files`, all
        of one name, such as `tables/fig5.csv` and `figures/fig5.png`. `pages` and `others`: title and path, without
        the files of single shards. `chapters`: the chapter of each rule whose time is recorded. Paths
        are relative to the run's folder, captions to the working directory.
    """
    rules = list(rules)
    known = {str(path): rule for rule in rules for path in rule.output}
    section_of: dict[str, str] = {}
    for rule in rules:
        for report in _reports(rule).values():
            section_of.setdefault(_chapter(rule), report.category or "")
    sections: dict[str, dict[str, dict]] = {}
    pages, others = {}, {}
    for chapter, paths in made.items():
        for path in dict.fromkeys(map(str, paths)):
            if not path.startswith(folder) or _OF_SHARD.search(path):
                continue
            name, rule = path.removeprefix(folder), known.get(path)
            told = _told(rule, path)
            if name.startswith(("tables/", "figures/")):
                section = sections.setdefault(told["section"] or section_of.get(chapter) or _heading(chapter), {})
                item = section.setdefault(Path(name).stem, {"caption": "", "files": [], "title": told["title"]})
                item["files"].append(name)
                if told["caption"] and not item["caption"]:
                    item |= {"caption": told["caption"], "title": told["title"]}
            elif name.endswith(".html"):
                # Of several pages of a rule, the first is what people look at.
                pages.setdefault(rule and rule.name, {"title": told["title"], "path": name})
            else:
                others[name] = {"title": told["title"] if rule else "", "path": name}
    return {
        "sections": [
            {"title": title, "items": [item | {"files": sorted(item["files"])} for item in items.values()]}
            # By the paper's numbers; what has none comes last.
            for title, items in sorted(sections.items())
        ],
        "pages": list(pages.values()),
        "others": [others[name] for name in sorted(others)],
        "chapters": {rule.name: _chapter(rule) for rule in rules if rule.benchmark},
    }


def _chapter(rule) -> str:
    return Path(str(rule.snakefile)).stem


def _reports(rule) -> dict[str, object]:
    """What `report(…)` says of a rule's files, by path."""
    return {str(path): path.flags["report"] for path in rule.output if "report" in path.flags}


def _told(rule, path: str) -> dict[str, str]:
    """Section, title and caption of a file; those of the rule's first reported file where it has none of its own."""
    if rule is None:
        return {"section": "", "title": Path(path).name, "caption": ""}
    reports = _reports(rule)
    report = reports.get(path) or next(iter(reports.values()), None)
    if report is None:
        return {"section": "", "title": rule.message or rule.name, "caption": ""}
    # A second table beside the reported one has a name of its own.
    same = Path(path).stem in {Path(reported).stem for reported in reports}
    caption = os.path.relpath(report.caption.get_path_or_uri(secret_free=True)) if same and report.caption else ""
    title = report_title(report.labels or {}) if same else ""
    return {"section": report.category or "", "title": title or rule.message or rule.name, "caption": caption}


def report_title(labels: Mapping[str, str]) -> str:
    """`Table 3: models of visual scenes` from the labels of `report(…)`; a name that is no number stands alone.

    Args:
        labels: `table` or `figure`, the paper's number or a name, and `content`.
    """
    kind = next((kind for kind in ("table", "figure") if kind in labels), "")
    name, content = labels.get(kind, ""), labels.get("content", "")
    if re.match(r"\d", name):
        name = f"{'Table' if kind == 'table' else 'Fig.'} {name}"
    return _heading(": ".join(part for part in (name.strip("–"), content) if part))


def _heading(name: str) -> str:
    return name.replace("_", " ")[:1].upper() + name.replace("_", " ")[1:]

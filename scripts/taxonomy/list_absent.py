"""Fig. 1b as a table: the labels that other lists of scenes do not have."""

from scripts.lib.jobs.log import run_job
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.comparisons import write_markdown
from scripts.lib.tables.rows import read_csv, write_csv
from scripts.taxonomy.list_hvu_labels import hvu_labels
from scripts.taxonomy.places import spelling_key

LISTS = {"hvu": "HVU's scene tags", "places365": "Places365", "published": "the published list"}
COLUMNS = ("label", *LISTS, "paper")
# The lists that were there before the paper's.
EARLIER = ["hvu", "places365"]


def places_names(categories: list[str]) -> set[str]:
    """Names of Places365's categories, `_` as a blank, without what divides them: `church/indoor` is a church."""
    return {category.partition("/")[0].replace("_", " ") for category in categories}


def absent_rows(labels: list[str], lists: dict[str, set[str]], printed: set[str]) -> list[dict[str, str]]:
    """Rows with `COLUMNS`, in the labels' order: whether a list has a label, in any spelling.

    Args:
        labels: the taxonomy.
        lists: names by the key of `LISTS`; a list that is not given is left empty.
        printed: the labels that the paper names in Fig. 1b.
    """
    keys = {name: set(map(spelling_key, names)) for name, names in lists.items()}
    return [
        {
            "label": label,
            **{name: "yes" if spelling_key(label) in known else "no" for name, known in keys.items()},
            "paper": "named" if label in printed else "",
        }
        for label in labels
    ]


def absent_parts(rows: list[dict[str, str]], lists: dict[str, set[str]]) -> list[list[str]]:
    """Cells of the Markdown table: lists, number of labels that none of them has, and which; the paper's in bold.

    Args:
        rows: see `absent_rows`.
        lists: as there.
    """
    groups = [*([name] for name in lists), EARLIER]
    parts = []
    for names in groups:
        found = [row for row in rows if all(row[name] == "no" for name in names)]
        told = [f"**{row['label']}**" if row["paper"] else row["label"] for row in found]
        parts.append([" and ".join(LISTS[name] for name in names), str(len(found)), ", ".join(told) or "none"])
    return parts


def main(snakemake) -> str:
    """Run as a Snakemake job; returns a summary."""
    source = snakemake.input
    labels = read_labels(source.labels)
    lists = {
        "hvu": set(hvu_labels(read_csv(source.tags), source.tags)),
        "places365": places_names(read_labels(source.places)),
    }
    if published := source.get("published"):
        lists["published"] = set(read_labels(published))
    printed = {row["label"] for row in read_csv(source.printed, "label")}
    rows = absent_rows(labels, lists, printed)
    write_csv(snakemake.output.csv, COLUMNS, rows)
    absent = [row for row in rows if all(row[name] == "no" for name in EARLIER)]
    n_named = sum(row["paper"] != "" for row in absent)
    write_markdown(
        snakemake.output.md,
        ["Absent from", "Labels", "Which"],
        absent_parts(rows, lists),
        f"{len(labels)} labels of this run, by name in any spelling: another list may have the place under another "
        f"name. Bold: the {len(printed)} that the paper names as absent from earlier lists, as far as this run has "
        f"them; {n_named} are absent from HVU's scene tags and Places365.",
    )
    return f"{len(absent)} of {len(labels)} label(s) in neither HVU's scene tags nor Places365"


if __name__ == "__main__":
    run_job(main, snakemake)

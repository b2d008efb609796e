"""A check of the taxonomy."""

import pandas as pd

from scripts.report.checks.results import Outcome, Results, check, repeated


@check("taxonomy/taxonomy.csv")
def the_taxonomy_is_a_list_of_labels(results: Results) -> Outcome:
    """Labels are different and numbered from 0, and each is in a cluster whose exemplar is one of its labels."""
    file = "taxonomy/taxonomy.csv"
    table = results.table(file, "label_id", "label", "cluster", "exemplar")
    problems = repeated(table["label"])
    numbered = table["label_id"] == pd.Series(range(len(table))).astype(str)
    problems += [f"{label}: its label_id is not its place" for label in table["label"][~numbered]]
    members = set(zip(table["cluster"], table["label"], strict=True))
    lost = [pair not in members for pair in zip(table["cluster"], table["exemplar"], strict=True)]
    problems += [f"{label}: its exemplar is in another cluster" for label in table["label"][lost]]
    if results.labels and list(table["label"]) != list(results.labels):
        problems.append("its labels are not those that shots are labelled with")
    return Outcome(file, len(table), problems)

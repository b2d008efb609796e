"""The table of groups: complete for the published and the demo's labels, and refused where it is wrong."""

import pytest

from scripts.demo.studio.sets import SETS
from scripts.lib.jobs.errors import UserError
from scripts.lib.records.groups import GROUPS, read_groups
from scripts.lib.records.labels import read_labels
from scripts.lib.tables.rows import read_csv
from tests.helpers import ROOT

SHIPPED = ROOT / "config/groups.csv"


def test_the_shipped_table_has_every_label_and_its_evidence(shared_data):
    """Where the evidence is a count of sluglines, the group is what docs/films.md says follows from it."""
    groups = read_groups(SHIPPED)
    assert set(groups) == {*read_labels(shared_data / "movieclip/MovieCLIP_taxonomy_split.txt"), *SETS}
    assert set(groups.values()) == set(GROUPS)
    for row in read_csv(SHIPPED, "label", "group", "evidence"):
        basis, _, told = row["evidence"].partition(": ")
        assert basis in ("judged", "sluglines") and told, row
        if basis == "sluglines":
            share = float(told.rpartition(" ")[2])
            assert row["group"] == ("inside" if share >= 0.8 else "outside" if share <= 0.2 else "either"), row


def test_what_is_no_group_is_refused(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("label,group,evidence\nbar,inside,a room\nsea,wet,water\nbar,outside,a beach bar\n")
    with pytest.raises(UserError) as refusal:
        read_groups(path)
    assert "sea: the group 'wet' is not one of inside, outside, either" in str(refusal.value)
    assert "bar is named twice" in str(refusal.value)

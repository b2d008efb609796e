"""The page of a run: what rules say of their files, Markdown and tables as HTML, the first sentences."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from scripts.lib.tables.times import wall_times
from scripts.report.contents import list_contents, report_title
from scripts.report.markdown import as_html, table_html
from scripts.report.summary import (
    compare_with_paper,
    compare_with_release,
    count_results,
    duration,
    headline,
    times_of_chapters,
)
from tests.helpers import ROOT
from tests.helpers.galleries import make_shots


class Output(str):
    """A rule's file with what `report(…)` says of it, as Snakemake keeps it."""

    def __new__(cls, path, category=None, caption=None, **labels):
        output = super().__new__(cls, path)
        told = SimpleNamespace(
            category=category, labels=labels, caption=SimpleNamespace(get_path_or_uri=lambda secret_free: caption)
        )
        output.flags = {"report": told} if category else {}
        return output


def rule(name, chapter, message, *output, benchmark="times.tsv"):
    output = [path if isinstance(path, Output) else Output(path) for path in output]
    file = f"rules/{chapter}.smk"
    return SimpleNamespace(name=name, snakefile=file, message=message, output=output, benchmark=benchmark)


SIZES = Output("r/figures/sizes.png", "9 Census", "c.rst", figure="7", content="sizes")
SHOTS = Output("r/tables/other.md", "4 Shots", "o.rst", table="2", content="shots")
RULES = [
    rule("plot_sizes", "census", "Sizes", "r/tables/sizes.csv", SIZES, "r/figures/sizes.svg"),
    rule("count", "census", "Counting", "r/tables/count.csv", "r/census/count.csv"),
    rule("make_page", "census", "The page", "r/census/page.html", "r/census/form.html"),
    rule("cut", "shots", "Cutting", "r/shots/00000.csv"),
    rule("other", "shots", "Another", SHOTS),
]
MADE = {
    "census": [path for rule in RULES[:3] for path in rule.output],
    "shots": ["r/shots/00000.csv", "r/tables/other.md"],
}


def test_contents_are_what_the_rules_say():
    found = list_contents(RULES, MADE, "r/")
    assert [section["title"] for section in found["sections"]] == ["4 Shots", "9 Census"]
    sizes, count = found["sections"][1]["items"]
    assert sizes == {
        "title": "Fig. 7: sizes",
        "caption": "c.rst",
        "files": ["figures/sizes.png", "figures/sizes.svg", "tables/sizes.csv"],
    }
    # A table of which nothing is said stands with those of its chapter, under its rule's message.
    assert count == {"title": "Counting", "caption": "", "files": ["tables/count.csv"]}
    assert found["pages"] == [{"title": "The page", "path": "census/page.html"}]
    assert found["others"] == [{"title": "Counting", "path": "census/count.csv"}]
    assert found["chapters"]["cut"] == "shots"
    # Some rules are there only before their file is: the page must not be made again after.
    once = rule("salt", "shots", "Salt", "r/salt", benchmark=None)
    assert list_contents([*RULES, once], MADE, "r/") == found
    json.dumps(found)


@pytest.mark.parametrize(
    ("labels", "title"),
    [
        ({"table": "3", "content": "models"}, "Table 3: models"),
        ({"figure": "1c", "content": "labels"}, "Fig. 1c: labels"),
        ({"figure": "thresholds", "content": "what is kept"}, "Thresholds: what is kept"),
        ({"table": "–", "content": "our labels"}, "Our labels"),
        ({}, ""),
    ],
)
def test_titles_come_from_the_labels(labels, title):
    assert report_title(labels) == title


def test_markdown_is_shown_and_nothing_in_it_is_markup():
    table = "| a | b |\n| --- | --- |\n| x\\|<b> | 3.1 ± 0.2 (1–5) |\n"
    text = f"# Title\n\n**Not** all is `x < 1`.\n\n## Part\n- *one*\n- two\n\n{table}"
    assert as_html(text).splitlines() == [
        "<p><strong>Not</strong> all is <code>x &lt; 1</code>.</p>",
        "<h4>Part</h4>",
        "<ul><li><em>one</em></li><li>two</li></ul>",
        '<div class="wide" tabindex="0"><table><thead><tr><th>a</th><th class="number">b</th></tr></thead><tbody>'
        '<tr><td>x|&lt;b&gt;</td><td class="number">3.1 ± 0.2 (1–5)</td></tr></tbody></table></div>',
    ]


def test_every_table_of_the_workflow_is_understood():
    """No mark of Markdown is left over from what the tables' scripts write."""
    shown = as_html((ROOT / "results/README.md").read_text(encoding="utf-8"))
    assert "| ---" not in shown and "**" not in shown and "<table>" in shown


def test_a_group_of_rows_has_its_name_across():
    assert '<th colspan="3">Frames</th>' in table_html(["a", "b", "c"], [["Frames", "", ""], ["x", "1", "2"]])
    assert '<td></td><td class="number">1</td>' in table_html(["a", "b"], [["", "1"]])


def test_the_first_sentences_count(tmp_path):
    """Shots, clips, films, doubtful shots, failed files and places, against plain counts."""
    shots = make_shots(130, n_labels=4)
    (tmp_path / "dataset").mkdir()
    shots.to_parquet(tmp_path / "dataset/shots.parquet")
    (tmp_path / "dataset/failures.csv").write_text("clip_id,path,step,reason\nx,x.mp4,shots,bad\nx,x.mp4,tags,bad\n")
    files = frozenset(["dataset/shots.parquet", "dataset/failures.csv"])
    counts = count_results(tmp_path, files)
    best = shots["label_1"].value_counts()
    assert (counts["shots"], counts["clips"], counts["films"]) == (
        130,
        shots["clip_id"].nunique(),
        shots["movie_id"].nunique(),
    )
    assert dict(counts["places"]) == best.to_dict()
    flagged = (shots["flags"] != "").sum()
    first, second = headline(counts)
    assert (
        first
        == f"130 shots in 6 clips of 2 films, {flagged} too dark, too plain or too short to be trusted, 1 file failed."
    )
    assert second.startswith(f"4 places seen; most often {best.index[0]} ({best.iloc[0]}), ")
    trust = pd.DataFrame({"shot_id": shots["shot_id"], "trust": ["low"] * 12 + ["high"] * 118, "reasons": ""})
    trust.to_csv(tmp_path / "dataset/trust.csv", index=False)
    counts = count_results(tmp_path, files | {"dataset/trust.csv"})
    assert "12 not to be trusted" in headline(counts)[0]
    assert headline({}) == []


def test_only_comparable_values_are_compared(tmp_path):
    header = "table,row,column,paper,ours,delta,n_used,n_expected,comparable,source_file\n"
    (tmp_path / "a.csv").write_text(header + "t,r,c,5,5,+0,1,1,yes,f\nt,r,d,5,6,+1,1,1,no,f\nt,r,e,5,,,,,yes,f\n")
    (tmp_path / "b.csv").write_text("statistic,part,paper,release,ours\nx,all,,7,7\ny,all,,8,9\nz,all,,,3\n")
    (tmp_path / "c.csv").write_text("genre,paper\nWestern,named\n")
    names = ["a.csv", "b.csv", "c.csv"]
    assert compare_with_paper(tmp_path, names) == ([["a", "2", "1", "1"]], [["a", "r", "c", "5", "5", "+0"]])
    assert compare_with_release(tmp_path, names) == (2, 1)


def test_times_are_added_up_by_chapter(tmp_path):
    (tmp_path / "train_model").mkdir()
    header = "s\th:m:s\tmax_rss\tcpu_time\n"
    (tmp_path / "train_model/a.tsv").write_text(f"{header}10.0\t0:00:10\t100.0\t19.0\n")
    (tmp_path / "train_model/b.tsv").write_text(f"{header}20.0\t0:00:20\t300.0\t38.0\n")
    (tmp_path / "detect_shots.tsv").write_text(f"{header}0.1\t0:00:00\tNA\tNA\n")
    times = wall_times(tmp_path)
    assert times["train_model"] == {"jobs": 2, "seconds": 30.0, "cpu_seconds": 57.0, "max_memory_mb": 300.0}
    chapters = {"detect_shots": "shots", "train_model": "models"}
    by_chapter, by_rule = times_of_chapters(times, chapters)
    assert by_chapter == [["shots", "1", "0.0 s", "0.1 s", "0"], ["models", "2", "57 s", "30 s", "300"]]
    assert [row[1] for row in by_rule] == ["detect_shots", "train_model"]
    assert [duration(seconds) for seconds in (59, 600, 36000)] == ["59 s", "10 min", "10.0 h"]

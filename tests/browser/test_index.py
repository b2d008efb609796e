"""The page of a run in a browser, from disk: what a person finds, on a desk and on a phone, without scripts."""

import json
import re
import shutil

import pytest

from scripts.lib.pages.build import render_page
from scripts.report.write_index import page_facts, render_body
from tests.helpers import ROOT
from tests.helpers.galleries import make_shots

PHONE = {"viewport": {"width": 390, "height": 844}}
HOSTILE = "</script><img src=x onerror=alert(1)>"
PICTURE = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0"
    b"\xf0\x1f\0\x05\0\x01\xff\xe7\x9b\xf1\xae\0\0\0\0IEND\xaeB`\x82"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with the page of 300 shots, a table as wide and as long as they get, a figure and a gallery."""
    folder = tmp_path_factory.mktemp("run")
    for part in ("dataset", "tables", "figures", "gallery", "search/a lighthouse"):
        (folder / part).mkdir(parents=True)
    make_shots(300, n_labels=9).to_parquet(folder / "dataset/shots.parquet")
    (folder / "dataset/failures.csv").write_text(f"clip_id,path,step,reason\nx,x.mp4,detect_shots,{HOSTILE}\n")
    header = "table,row,column,paper,ours,delta,n_used,n_expected,comparable,source_file"
    rows = "".join(
        f"table3,swin_b,{n} {HOSTILE},44.4,17.4,-27.0,82,1883,{'no' if n else 'yes'},f\n" for n in range(500)
    )
    (folder / "tables/table3.csv").write_text(f"{header}\n{rows}")
    columns = [f"a wide column {n}" for n in range(12)]
    lines = [columns, ["---"] * 12, ["Swin-B **best**", *["44.4 (40.1–48.2)"] * 11]]
    (folder / "tables/table3.md").write_text("\n".join(f"| {' | '.join(line)} |" for line in lines))
    (folder / "figures/fig5.png").write_bytes(PICTURE)
    for page in ("gallery", "search/a lighthouse"):
        (folder / page / "index.html").write_text("<title>There</title>")
    caption = folder.parent / "caption.rst"
    caption.write_text("Models,\nbeside the paper's.\n")
    contents = {
        "sections": [
            {
                "title": "5.1 Dataset",
                "items": [{"title": "Fig. 5: genres", "caption": "", "files": ["figures/fig5.png"]}],
            },
            {
                "title": "5.2 Models",
                "items": [
                    {
                        "title": "Table 3: models",
                        "caption": str(caption),
                        "files": ["tables/table3.csv", "tables/table3.md"],
                    }
                ],
            },
        ],
        "pages": [{"title": "The gallery", "path": "gallery/index.html"}],
        "others": [{"title": "Shots", "path": f"dataset/{name}"} for name in ("shots.parquet", "failures.csv")],
        "chapters": {"train_model": "models"},
    }
    time = {"jobs": 2, "seconds": 30.0, "cpu_seconds": 57.0, "max_memory_mb": 300.0}
    record = {
        "config": {"run": f"my run {HOSTILE}", "demo": None},
        "inputs_sha256": {"a": "0" * 64},
        "versions": {"python": "3.11"},
        "git_commit": "abc",
        "wall_times": {"train_model": time},
    }
    (folder / "provenance.json").write_text(json.dumps(record))
    (folder / "checks.csv").write_text("check,file,n,result,detail\nshots are named,f,300,passed,All are.\n")
    facts = page_facts(folder, contents, folder / "provenance.json", folder / "checks.csv")
    frame, base, body, css = (
        (ROOT / f"scripts/lib/pages/{name}").read_text()
        for name in ("frame.html", "base.css", "index.html", "index.css")
    )
    page = render_page({}, frame, render_body(body, facts), f"{base}\n{css}", "")
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder


@pytest.mark.parametrize("options", [{}, PHONE, {**PHONE, "color_scheme": "dark"}], ids=["desk", "phone", "night"])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_finds_table_3_and_the_gallery(run, open_page, options, scripts, tmp_path):
    """On the first screen or the next one, by their names; also where the folder was copied to and no script runs."""
    folder = tmp_path / "a copy with spaces"
    shutil.copytree(run, folder)
    page = open_page(folder / "index.html", java_script_enabled=scripts, **options).page
    assert re.match(
        r"300 shots in 12 clips of 3 films, \d+ too dark.* 1 file failed\.", page.locator(".first").inner_text()
    )
    height = page.viewport_size["height"]
    for name, screens in (("The gallery", 1), ("Table 3", 2)):
        link = page.get_by_role("link", name=name).first
        assert link.bounding_box()["y"] + link.bounding_box()["height"] < screens * height
    page.get_by_role("link", name="Table 3").first.click()
    heading = page.get_by_role("heading", name="Table 3: models")
    assert 0 <= heading.bounding_box()["y"] < height / 2
    assert page.locator("#table3 .caption").inner_text() == "Models, beside the paper's."
    assert page.locator("#table3 .printed strong").inner_text() == "best"
    page.get_by_role("link", name="The gallery").click()
    assert page.title() == "There"


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_wide_tables_scroll_in_their_own_box(run, open_page, options):
    page = open_page(run / "index.html", **options).page
    page.locator("#table3 summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = page.eval_on_selector_all(
        "#table3 .wide", "all => all.map((box) => [box.scrollWidth > box.clientWidth, box.clientHeight])"
    )
    assert boxes[0][0]
    assert boxes[1][1] < 1000
    assert "The first 200 of 500 rows" in page.locator("#table3").inner_text()


def test_figures_open_and_texts_are_no_markup(run, open_page):
    page = open_page(run / "index.html").page
    assert page.locator("h1").inner_text() == f"my run {HOSTILE}"
    assert HOSTILE in page.locator("main").inner_text()
    assert page.locator("img").count() == 1
    page.locator(".figure").scroll_into_view_if_needed()
    page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth === 1")
    assert page.locator(".figure").get_attribute("href") == "figures/fig5.png"
    page.get_by_role("link", name="Search: a lighthouse").click()
    assert page.title() == "There"


def test_only_comparable_values_stand_beside_the_papers(run, open_page):
    page = open_page(run / "index.html").page
    rows = page.locator("section[aria-labelledby=paper] details tbody tr")
    assert rows.count() == 1
    assert rows.first.locator("td").all_inner_texts()[3:] == ["44.4", "17.4", "-27.0"]
    assert "57 s" in page.locator("section[aria-labelledby=time]").inner_text()

"""The gallery as a person meets it: in a browser, from disk."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts.lib.pages import build as pages
from scripts.lib.pages.colours import label_colours
from scripts.lib.records.timecodes import clock
from scripts.tagging.judge_shots import judge
from tests.helpers.galleries import PARTS, make_shots, write_page

PAGE_SIZE = 60
# Of the labels of `make_shots`; the last ones have no group.
GROUPS = {f"label {index:03d}": ("inside", "outside", "either")[index % 3] for index in range(170)}
CLUSTERS = {f"label {index:03d}": index // 6 for index in range(179)}
FAILURES = [{"clip_id": "broken", "path": "a/broken.mkv", "step": "detect_shots", "reason": "no <b>frame</b>"}]


@pytest.fixture(scope="module")
def shots():
    """With attributes, and what `judge` says of them."""
    table = make_shots(20_000)
    random = np.random.default_rng(1)
    table = table.assign(light=random.choice(["day", "night"], len(table)), light_score=0.9)
    told = judge(table, 0.4, {"second_share": 0.5, "labels": 5, "precision": 0.5})
    return table.assign(trust=told["trust"], reasons=told["reasons"])


@pytest.fixture(scope="module")
def large(shots, tmp_path_factory):
    """The page of these shots with all that it can show."""
    path = tmp_path_factory.mktemp("a large gallery") / "index.html"
    trust = shots[["shot_id", "trust", "reasons"]]
    return write_page(path, shots, trust=trust, groups=GROUPS, clusters=CLUSTERS, threshold=0.4, failures=FAILURES)


@pytest.fixture(scope="module")
def demo(demo_run):
    return demo_run.path / "results/demo/gallery/index.html"


@pytest.fixture(scope="module")
def demo_shots(demo_run):
    return pd.read_parquet(demo_run.path / "results/demo/dataset/shots.parquet")


def test_the_demos_page_shows_every_shot_with_its_picture(open_gallery, demo, demo_shots):
    gallery = open_gallery(demo)
    assert gallery.count() == len(demo_shots)
    first = gallery.page.locator(".card").first
    gallery.page.wait_for_function("document.querySelector('.card img').naturalWidth > 100")
    assert first.locator(".bars li").count() == demo_shots.filter(like="label_").iloc[0].notna().sum()
    assert first.locator(".bars .name").first.inner_text() == demo_shots["label_1"][0]
    assert gallery.all_pages() == list(demo_shots["shot_id"])


def test_the_demos_page_filters_by_each_label(open_gallery, demo, demo_shots):
    gallery = open_gallery(demo)
    for label, rows in demo_shots.groupby("label_1"):
        gallery.choose(label)
        assert gallery.count() == len(rows)
        assert gallery.all_pages() == list(rows["shot_id"])


def test_a_label_and_paging(open_gallery, large, shots):
    """Every page of a label's shots, counted against the table; then its neighbours in the best five."""
    label = shots["label_1"].value_counts().index[0]
    gallery = open_gallery(large)
    assert gallery.shown() == list(shots["shot_id"][:PAGE_SIZE])
    gallery.choose(label)
    expected = shots[shots["label_1"] == label]
    assert len(expected) > PAGE_SIZE
    assert gallery.count() == len(expected)
    assert gallery.all_pages() == list(expected["shot_id"])
    gallery.page.check("#top5")
    in_five = (shots.filter(like="label_") == label).any(axis=1)
    assert gallery.count() == in_five.sum()
    assert gallery.shown() == list(shots["shot_id"][in_five][:PAGE_SIZE])


def has_017(shots):
    """A word may be in the label, in the clip's id, or in the film's title or year."""
    return (shots["label_1"] == "label 017") | (shots["clip_id"] + shots["year"]).str.contains("017")


@pytest.mark.parametrize(
    ("control", "value", "fits"),
    [
        ("movie", "tt0000007", lambda shots: shots["movie_id"] == "tt0000007"),
        ("genre", "Drama", lambda shots: shots["genres"].isin(["Drama", "Crime|Drama"])),
        ("flag", "none", lambda shots: shots["reasons"] == ""),
        ("flag", "any", lambda shots: shots["reasons"] != ""),
        ("flag", "=uniform", lambda shots: shots["flags"].str.contains("uniform")),
        ("flag", "=short", lambda shots: shots["flags"] == "short"),
        ("min", "0.4", lambda shots: shots["score_1"].round(4) >= 0.4),
        ("max", "0.4", lambda shots: shots["score_1"].round(4) <= 0.4),
        ("from", "2001", lambda shots: shots["year"].astype(int) >= 2001),
        ("to", "1950", lambda shots: shots["year"].astype(int) <= 1950),
        ("trust", "low", lambda shots: shots["trust"] == "low"),
        ("flag", "=low score", lambda shots: shots["reasons"].str.contains("low score")),
        ("group", "outside", lambda shots: shots["label_1"].map(GROUPS) == "outside"),
        ("is-light", "night", lambda shots: shots["light"] == "night"),
        ("text", "MOVIE (1950)", lambda shots: shots["year"] == "1950"),
        ("text", "2015 movie", lambda shots: shots["year"] == "2015"),
        ("text", "clip_0033", lambda shots: shots["clip_id"] == "clip_0033"),
        ("text", "LABEL 017", lambda shots: has_017(shots)),
        ("text", "017 1950", lambda shots: has_017(shots) & (shots["year"] == "1950")),
    ],
)
def test_each_filter_finds_what_the_table_says(open_gallery, large, shots, control, value, fits):
    gallery = open_gallery(large)
    gallery.set(control, value)
    expected = shots[fits(shots)]
    assert 0 < gallery.count() == len(expected) < len(shots)
    assert gallery.shown() == list(expected["shot_id"][:PAGE_SIZE])


def test_filters_work_together_and_can_find_nothing(open_gallery, large, shots):
    gallery = open_gallery(large)
    gallery.set("genre", "Comedy")
    gallery.set("flag", "=black")
    gallery.set("min", "0.5")
    fits = (shots["genres"] == "Comedy") & shots["flags"].str.contains("black") & (shots["score_1"].round(4) >= 0.5)
    assert gallery.count() == fits.sum()
    gallery.page.fill("#text", "no such film")
    assert gallery.count() == 0
    assert gallery.page.is_visible("text=No shot fits these filters")
    gallery.page.click("#empty-reset")
    assert gallery.count() == len(shots)


def test_several_labels_are_chosen_and_taken_away(open_gallery, large, shots):
    gallery = open_gallery(large)
    gallery.choose("label 003", "label 010", "label 025")
    assert gallery.count() == shots["label_1"].isin(["label 003", "label 010", "label 025"]).sum()
    gallery.page.get_by_role("button", name="Without the label label 010").click()
    assert gallery.count() == shots["label_1"].isin(["label 003", "label 025"]).sum()
    assert not gallery.page.locator("#label-list").get_by_label("label 010").is_checked()


def test_a_picture_is_large_on_a_click_and_arrows_lead_on(open_gallery, large, shots, tmp_path):
    """Over the end of a page too; Escape leads back to the card of the shot seen last."""
    few = shots[:70]
    Image.new("RGB", (774, 144), (200, 120, 40)).save(tmp_path / "strip.jpg")
    pictures = pages.inline_pictures(dict.fromkeys(few["shot_id"], "strip.jpg"), tmp_path / "index.html")
    gallery = open_gallery(write_page(tmp_path / "index.html", few, pictures))
    page = gallery.page
    page.locator(".strip").nth(58).focus()
    page.keyboard.press("Enter")
    assert (
        page.locator("#large img").bounding_box()["width"]
        > 2 * page.locator("#shots img").first.bounding_box()["width"]
    )
    for number, key in [(59, "ArrowRight"), (60, "ArrowLeft"), (59, "ArrowRight"), (60, "ArrowRight"), (61, "Escape")]:
        assert page.locator("#large .card").get_attribute("data-id") == few["shot_id"][number - 1]
        page.keyboard.press(key)
    assert page.is_hidden("#large")
    assert page.input_value("#page") == "2"
    focused = "[document.activeElement.className, document.activeElement.closest('.card').dataset.id]"
    assert page.evaluate(focused) == ["strip bare", few["shot_id"][60]]
    assert page.locator(".card").count() == 10


def test_the_shots_found_are_handed_over_as_a_table(open_gallery, large, shots):
    """Rows and times are those of the table of shots; a filter holds for the file as for the page."""
    gallery = open_gallery(large)
    gallery.set("trust", "low")
    gallery.set("is-light", "day")
    expected = shots[(shots["trust"] == "low") & (shots["light"] == "day")].reset_index(drop=True)
    button = gallery.page.get_by_role("button", name=f"Download these {len(expected):,} shots (CSV)")
    with gallery.page.expect_download() as started:
        button.click()
    found = pd.read_csv(started.value.path(), dtype={"year": str}, keep_default_na=False)
    for column in ("shot_id", "clip_id", "movie_id", "title", "year", "shot", "label_1", "label_5", "reasons", "light"):
        assert list(found[column]) == list(expected[column]), column
    for column, error in {"start_time": 5.1e-4, "end_time": 5.1e-4, "score_1": 5.1e-5}.items():
        assert np.allclose(found[column], expected[column], atol=error)
    assert list(found["end_code"]) == [clock(seconds) for seconds in found["end_time"]]


def test_threshold_failures_and_colours_are_shown(open_gallery, large, shots):
    """The mark stands where the scale says; a label has the figures' colour."""
    page = open_gallery(large).page
    assert page.locator(".threshold").count() == PAGE_SIZE
    track, mark = (page.locator(place).first.bounding_box() for place in (".track", ".threshold"))
    assert mark["x"] + 1 == pytest.approx(track["x"] + 0.4 * track["width"], abs=0.6)
    assert page.is_hidden("#failures table")
    page.click("#failures summary")
    assert page.locator("#failures td").all_inner_texts() == ["broken", "detect_shots", "no <b>frame</b>"]
    colours = label_colours(shots["label_1"].unique(), CLUSTERS)
    page.evaluate("document.body.append(Object.assign(document.createElement('i'), { id: 'sample' }))")
    page.eval_on_selector(
        "#sample", "(mark, colour) => { mark.style.background = colour; }", colours[shots["label_1"][0]]
    )
    shown = "(part) => getComputedStyle(part).backgroundColor"
    assert page.eval_on_selector(".track i", shown) == page.eval_on_selector("#sample", shown)


def test_a_shot_says_why_it_is_not_trusted(open_gallery, large, shots):
    place = int(((shots["trust"] == "low") & (shots["flags"] == "uniform"))[:PAGE_SIZE].idxmax())
    badges = open_gallery(large).page.locator(".card").nth(place).locator(".badge").all_inner_texts()
    assert badges[0] == "low trust"
    assert [text.split(" · ")[0] for text in badges[1:-1]] == shots["reasons"][place].split("|")
    assert badges[-1] == shots["light"][place]


@pytest.mark.parametrize(
    ("order", "column", "ascending"),
    [("high", "score_1", False), ("low", "score_1", True), ("entropy", "entropy", False)],
)
def test_sorting(open_gallery, large, shots, order, column, ascending):
    gallery = open_gallery(large)
    gallery.page.select_option("#sort", order)
    digits = 4 if column == "score_1" else 3
    expected = shots.assign(key=shots[column].round(digits)).sort_values("key", ascending=ascending, kind="stable")
    assert gallery.shown() == list(expected["shot_id"][:PAGE_SIZE])


def test_a_search_begins_with_what_is_most_similar(open_gallery, shots, tmp_path):
    """A clip is shown in the film's order; the way back is the address's."""
    few = shots[:100]
    likeness = np.random.default_rng(2).permutation(100) / 100
    data = pages.shots_data(few, {}, "made up") | {"query": "<b>night</b>: a beach"}
    data["shots"]["similarity"] = pages.pack_numbers(likeness, 3)
    pages.write_page(tmp_path / "search.html", data, PARTS)
    gallery = open_gallery(tmp_path / "search.html")
    assert gallery.page.inner_text("#run") == "“<b>night</b>: a beach”"
    assert gallery.shown() == few["shot_id"].iloc[np.argsort(-likeness)].tolist()[:PAGE_SIZE]
    gallery.page.select_option("#sort", "")
    assert gallery.shown() == list(few["shot_id"][:PAGE_SIZE])
    gallery.page.reload()
    assert gallery.shown() == list(few["shot_id"][:PAGE_SIZE])


def test_the_address_keeps_the_state(open_gallery, large, shots):
    """Reloading, opening the same address elsewhere and going back lead to the same cards."""
    gallery = open_gallery(large)
    gallery.choose(*shots["label_1"].value_counts().index[:40])
    for control, value in {"trust": "low", "from": "1940", "max": "0.5", "is-light": "night", "genre": "Drama"}.items():
        gallery.set(control, value)
    gallery.page.select_option("#sort", "low")
    gallery.page.click(".bar .next")
    shown, address = gallery.shown(), gallery.page.url
    gallery.page.reload()
    assert gallery.shown() == shown
    assert gallery.page.input_value("#genre") == "Drama"
    assert gallery.page.input_value("#page") == "2"
    assert open_gallery(large, address[address.index("#") :]).shown() == shown
    gallery.page.go_back()
    gallery.page.wait_for_function("document.getElementById('page').value === '1'")
    gallery.page.go_forward()
    gallery.page.wait_for_function("document.getElementById('page').value === '2'")
    assert gallery.shown() == shown


@pytest.mark.parametrize("state", ["#page=0&min=x&label=none&flag=%3Cb%3E&sort=up", "#page=99999", "#%", "#text=%ff"])
def test_an_address_that_makes_no_sense_does_no_harm(open_gallery, large, state):
    gallery = open_gallery(large, state)
    assert gallery.count() >= 0
    assert gallery.page.is_visible("#found")


def test_everything_by_keyboard(open_gallery, large, shots):
    gallery = open_gallery(large)
    press, page = gallery.page.keyboard.press, gallery.page
    ids = list(shots["shot_id"])
    for key, number in [("n", 2), ("ArrowRight", 3), ("p", 2), ("ArrowLeft", 1), ("p", 1)]:
        press(key)
        assert gallery.shown() == ids[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    press("/")
    page.keyboard.type("clip_0033 n?")
    assert page.evaluate("document.activeElement.id") == "text"
    assert gallery.count() == 0
    press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    press("r")
    assert gallery.count() == len(shots)
    press("?")
    assert page.is_visible("#help")
    press("Escape")
    assert page.is_hidden("#help")
    press("Control+r")
    assert gallery.count() == len(shots)


def test_every_control_has_a_name_and_can_be_reached(open_gallery, large, shots):
    gallery = open_gallery(large)
    names = gallery.page.eval_on_selector_all(
        "input, select, button",
        """(controls) => controls.filter((control) => control.checkVisibility()).map((control) =>
             control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent)""",
    )
    assert len(names) > PAGE_SIZE and all(name.strip() for name in names)
    reached = set()
    gallery.page.evaluate("document.querySelectorAll('#panel details').forEach((fold) => { fold.open = true; })")
    gallery.choose("label 003")
    gallery.page.focus("#skip")
    for _ in range(230):
        gallery.page.keyboard.press("Tab")
        reached.add(gallery.page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert gallery.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    panel = "text top5 movie trust min max flag from to genre group is-light reset download".split()
    assert {*panel, "sort", "page", "name bare", "timeline bare"} <= reached
    # In a shot's labels arrows lead on.
    gallery.page.locator("button.name").first.focus()
    gallery.page.keyboard.press("ArrowDown")
    second = shots.loc[shots["label_1"] == "label 003", "label_2"].iloc[0]
    assert gallery.page.evaluate("document.activeElement.textContent") == second


def test_a_clips_timeline_leads_to_its_shots(open_gallery, large, shots):
    gallery = open_gallery(large, "#sort=high")
    clip_id, _, number = gallery.shown()[0].rpartition("-Scene-")
    timeline = gallery.page.locator(".timeline").first
    rows = shots[shots["clip_id"] == clip_id]
    timeline.locator("path").first.wait_for(state="attached")
    assert timeline.locator("path").count() == rows["label_1"].nunique()
    assert gallery.page.locator(".card").last.locator("path").count() == 0
    gallery.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert gallery.page.locator(".timeline:has(path)").count() == PAGE_SIZE
    timeline.focus()
    gallery.page.keyboard.press("Enter")
    assert gallery.shown() == list(rows["shot_id"])
    assert gallery.page.evaluate("document.activeElement.dataset.id") == f"{clip_id}-Scene-{number}"
    # A click at the end leads to the last shot.
    last = gallery.page.locator(".timeline").first
    last.click(position={"x": last.bounding_box()["width"] - 2, "y": 4})
    assert gallery.page.evaluate("document.activeElement.dataset.id") == rows["shot_id"].iloc[-1]
    gallery.page.click("#clip-clear")
    assert gallery.count() == len(shots)


def test_a_label_on_a_card_leads_to_its_shots(open_gallery, large, shots):
    gallery = open_gallery(large)
    gallery.page.locator(".name").first.click()
    assert gallery.count() == (shots["label_1"] == shots["label_1"][0]).sum()


def test_shots_without_a_number_come_last(open_gallery, tmp_path):
    shots = make_shots(70)
    shots.loc[:4, "entropy"] = None
    gallery = open_gallery(write_page(tmp_path / "index.html", shots), "#sort=entropy")
    expected = shots.round({"entropy": 3}).sort_values("entropy", ascending=False, kind="stable", na_position="last")
    assert gallery.all_pages() == list(expected["shot_id"])


def test_an_older_browser_shows_the_same(open_gallery, tmp_path):
    path = write_page(tmp_path / "index.html", make_shots(30))
    gallery = open_gallery(path)
    cards = gallery.page.inner_text("#shots")
    gallery.page.add_init_script("delete Uint8Array.fromBase64")
    gallery.open(path)
    assert gallery.page.evaluate("Uint8Array.fromBase64") is None
    assert gallery.page.inner_text("#shots") == cards


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_gets_one_column_and_folded_filters(open_gallery, large, shots, scheme):
    gallery = open_gallery(
        large, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme=scheme
    )
    page = gallery.page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    boxes = [page.locator(".card").nth(place).bounding_box() for place in range(2)]
    assert boxes[0]["x"] == boxes[1]["x"] and boxes[0]["width"] > 340
    assert page.is_hidden("#genre")
    page.tap("#panel > summary")
    page.tap("#more > summary")
    page.select_option("#genre", "Comedy")
    assert gallery.count() == (shots["genres"] == "Comedy").sum()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 241, 234)"
    assert light == (scheme == "light")


def test_controls_with_nothing_to_choose_are_hidden(open_gallery, tmp_path):
    """A folder of videos knows no titles, years or genres: the clip's id stands for them."""
    shots = make_shots(50, n_labels=2).assign(movie_id="", title="", year="", genres="", flags="")
    gallery = open_gallery(write_page(tmp_path / "index.html", shots))
    gallery.page.click("#more summary")
    for control in ("trust", "genre", "flag", "from", "group"):
        assert gallery.page.is_hidden(f"#{control}")
    assert gallery.page.is_visible("#label-fold")
    gallery.set("movie", "clip:clip_0001")
    assert gallery.shown() == list(shots["shot_id"][25:])
    gallery.page.click("#reset")
    assert gallery.page.locator("h2 .title").first.inner_text() == "clip_0000"
    assert gallery.page.locator(".card").first.locator(".bars li").count() == 2
    assert gallery.page.locator(".card").first.locator(".blank").is_visible()


def test_a_run_without_shots_says_so(open_gallery, tmp_path):
    gallery = open_gallery(write_page(tmp_path / "index.html", make_shots(5).iloc[:0]))
    assert gallery.count() == 0
    assert gallery.page.is_visible("#empty")


def test_pictures_beside_the_page_are_loaded_lazily_whatever_their_folder_is_called(open_gallery, tmp_path):
    folder = "50% of #1? ü"
    shots = make_shots(60)
    (tmp_path / folder).mkdir()
    for shot_id in shots["shot_id"]:
        Image.new("RGB", (486, 90), (200, 120, 40)).save(tmp_path / folder / f"{shot_id}.jpg")
    pictures = {shot_id: f"{folder}/{shot_id}.jpg" for shot_id in shots["shot_id"]}
    gallery = open_gallery(write_page(tmp_path / "index.html", shots, pictures), viewport={"width": 390, "height": 844})
    gallery.page.wait_for_function("document.querySelector('.card img').naturalWidth === 486")
    assert sum(url.endswith(".jpg") for url in gallery.requests) < 30


def test_hostile_words_are_words(open_gallery, tmp_path):
    """Titles, labels, genres and flags are anyone's text; a script in them is shown, not run."""
    bad = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    shots = make_shots(90).assign(title=bad, year=bad, genres=f"{bad}|Drama", flags=bad, movie_id=bad)
    shots.loc[:9, "label_1"] = bad
    shots.loc[45:, "movie_id"] = "another"
    gallery = open_gallery(write_page(tmp_path / "index.html", shots, run=bad))
    assert gallery.page.locator(".title").first.inner_text() == bad
    assert gallery.page.locator("h1").inner_text() == bad
    gallery.choose(bad)
    assert gallery.count() == 10
    gallery.page.locator(".timeline").first.hover()
    gallery.page.reload()
    assert gallery.count() == 10
    assert gallery.page.locator("script").count() == 2
    assert gallery.page.evaluate("document.images.length") == 0

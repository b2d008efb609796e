"""The raters' page as they meet it: votes by key and by finger, timed, kept for each rater, and handed over."""

import csv
import io
from pathlib import Path

import pytest
from PIL import Image

from scripts.verification.votes import PAGE_COLUMNS, read_votes, vote_rows
from tests.browser.conftest import Page
from tests.helpers.mini import until
from tests.helpers.studies import make_study, values_of, write_annotation_page

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DEVICES = {"desk": {}, "phone": PHONE}
BAD = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>'


class Rater(Page):
    """The open page and what a rater does there."""

    def start(self, name):
        self.page.fill("#name", name)
        self.page.keyboard.press("Enter")
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def reload(self):
        self.page.reload()
        return self

    def text(self, selector):
        return self.page.inner_text(selector)

    def shot(self):
        return self.page.get_attribute("#shot", "data-id")

    def ticked(self):
        """Texts of the ticked boxes."""
        return self.page.locator(".choice:has(:checked) span").all_inner_texts()

    def download(self, folder):
        with self.page.expect_download() as download:
            self.page.click("#download")
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def study(tmp_path):
    return make_study(tmp_path / "study/tasks.csv")


@pytest.fixture
def open_study(open_page, study, tmp_path):
    """Opens the page of the made-up study, or of one with what is given."""

    def start(options=None, kind=Rater, **data):
        path = write_annotation_page(tmp_path / "study/annotate.html", *study, **data)
        return open_page(path, kind=kind, **(options or {}))

    return start


@pytest.mark.parametrize("device", DEVICES)
def test_three_votes_by_keyboard_survive_a_reload_and_make_a_file_that_is_read(open_study, study, tmp_path, device):
    """Two labels, none, and cannot tell; the workflow reads from the file what was pressed, and names nobody."""
    name, tasks = study
    rater = open_study(DEVICES[device]).start("Zoë  Müller")
    assert rater.shot() == tasks[0].shot.shot_id
    rater.press("1", "3", "5", "3", "Enter", "0", "Enter", "?", "Enter")
    assert (rater.text("#place"), rater.text("#done")) == ("Shot 4 of 6", "3 voted")
    rater.reload()
    assert (rater.text("#place"), rater.text("#done"), rater.text("#who")) == ("Shot 4 of 6", "3 voted", "Zoë Müller")
    rater.press("ArrowLeft")
    assert rater.ticked() == ["Cannot tell"]
    rater.press("ArrowLeft")
    assert rater.ticked() == ["None of these"]
    rater.press("ArrowLeft")
    assert rater.ticked() == [tasks[0].labels[0], tasks[0].labels[4]]
    path = rater.download(tmp_path)
    assert path.name == f"votes-{name}-Zoë-Müller.csv"
    words = rater.text("#saved")
    assert "with 3 votes" in words and "put it into made up/votes" in words and "3 shots are still" in words
    rows = rows_of(path)
    assert list(rows[0]) == list(PAGE_COLUMNS)
    assert [row["value"] for row in rows] == ["1", "0", "0", "0", "1", *["0"] * 5, *[""] * 5]
    assert [row["verdict"] for row in rows] == [word for word in ("labels", "none", "unsure") for _ in range(5)]
    assert {(row["study"], row["rater"]) for row in rows} == {(name, "Zoë Müller")}
    votes, refusals = read_votes([path], name, tasks)
    read = vote_rows(votes, tasks, "0123456789abcdef")
    assert refusals == []
    values = values_of(read)
    assert values.loc[tasks[0].shot.shot_id].tolist() == [1, 0, 0, 0, 1]
    assert values.loc[tasks[1].shot.shot_id].tolist() == [0] * 5
    assert values.loc[tasks[2].shot.shot_id].isna().all()
    assert "Zo" not in str(read)


def test_a_finger_votes_as_the_keyboard_does(open_study, study, tmp_path):
    rater = open_study(PHONE)
    rater.page.fill("#name", "Tom")
    rater.page.tap("#start-form button")
    rater.page.tap(".choice >> nth=1")
    rater.page.tap("#next")
    rater.page.tap(".choice >> text=Cannot tell")
    rater.page.tap(f"#labels >> text={study[1][1].labels[3]}")
    rater.page.tap("#next")
    rater.page.tap(".choice >> text=None of these")
    rater.page.tap("#previous")
    assert rater.ticked() == [study[1][1].labels[3]]
    values = [row["value"] for row in rows_of(rater.download(tmp_path))]
    assert values == [*"01000", *"00010", *"00000"]


def test_two_raters_on_one_machine_do_not_mix(open_study, study, tmp_path):
    """In one tab by changing the name, and in two tabs at once; each file has its own rater's votes only."""
    rater = open_study().start("Anna")
    rater.press("1", "Enter", "2", "Enter")
    rater.page.click("#change")
    assert rater.text("#start-message") == "" and rater.page.input_value("#name") == ""
    rater.start("Ben")
    assert (rater.text("#done"), rater.text("#place"), rater.ticked()) == ("0 voted", "Shot 1 of 6", [])
    rater.press("4", "Enter")
    other = Rater(rater.page.context.new_page()).open(tmp_path / "study/annotate.html")
    assert other.page.is_visible("#start")
    other.start("  ANNA ")
    assert (other.text("#done"), other.text("#place")) == ("2 voted", "Shot 3 of 6")
    assert "2 votes of yours are here" in other.text("#message")
    rater.press("5", "Enter")
    files = [page.download(tmp_path) for page in (rater, other)]
    assert [path.name for path in files] == [f"votes-{study[0]}-{name}.csv" for name in ("Ben", "ANNA")]
    found = [[row["value"] for row in rows_of(path)] for path in files]
    assert found == [[*"00010", *"00001"], [*"10000", *"01000"]]
    votes, refusals = read_votes(files, *study)
    assert refusals == [] and len({vote.rater for vote in votes}) == 2
    assert rater.reload().text("#who") == "Ben" and other.complaints == []


def test_another_study_has_votes_of_its_own(open_study, study, tmp_path):
    rater = open_study().start("Anna").press("1", "Enter")
    write_annotation_page(tmp_path / "study/annotate.html", "0" * 12, study[1])
    assert rater.reload().text("#done") == "0 voted"


def test_time_counts_on_the_shot_while_the_page_is_seen(open_study, tmp_path):
    """A clock of our own: hidden time and the time of other shots are not counted, another visit is."""
    rater = open_study().start("Anna")
    rater.page.clock.install()
    rater.reload()

    def hide(state):
        rater.page.evaluate(
            """(state) => { Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
                 document.dispatchEvent(new Event("visibilitychange")); }""",
            state,
        )

    before = rater.page.evaluate("JSON.parse(Object.values(localStorage)[0]).seconds")
    rater.page.clock.run_for(4000)
    hide("hidden")
    rater.page.clock.run_for(60_000)
    hide("visible")
    rater.page.clock.run_for(1500)
    rater.press("1", "Enter")
    rater.page.clock.run_for(7000)
    rater.press("2", "ArrowLeft")
    rater.page.clock.run_for(2000)
    seconds = [float(row["seconds"]) for row in rows_of(rater.download(tmp_path))[::5]]
    assert seconds[0] == pytest.approx(7.5 + next(iter(before.values())), abs=1.0)
    assert seconds[1] == pytest.approx(7.0, abs=1.0)


def test_what_is_chosen_excludes_the_rest(open_study, study):
    labels = study[1][0].labels
    rater = open_study().start("Anna").press("2", "4")
    assert rater.ticked() == [labels[1], labels[3]]
    assert rater.press("0").ticked() == ["None of these"]
    assert rater.press("u").ticked() == ["Cannot tell"]
    assert rater.press("4").ticked() == [labels[3]]
    assert rater.press("4").ticked() == []
    rater.press("Enter")
    assert rater.text("#message") == "Tick something first."
    assert rater.press("0", "0").ticked() == [] and rater.text("#done") == "0 voted"


def test_next_leads_to_what_is_open_and_the_end_to_the_download(open_study, study, tmp_path):
    """Skipped shots come last; a label that is not offered has no key; Enter on the button presses it."""
    rater = open_study().start("Anna").press("ArrowRight")
    for _ in range(4):
        rater.press("1", "Enter")
    assert rater.text("#place") == "Shot 6 of 6"
    assert rater.page.locator("#labels .choice").count() == 3
    assert rater.press("5", "4").ticked() == []
    rater.press("3", "Enter")
    assert rater.text("#place") == "Shot 1 of 6"
    rater.press("1", "Enter")
    assert "every shot" in rater.text("#message")
    with rater.page.expect_download() as download:
        rater.press("Enter")
    download.value.save_as(tmp_path / "all.csv")
    votes, refusals = read_votes([tmp_path / "all.csv"], *study)
    assert (len(votes), refusals) == (6, [])


@pytest.mark.parametrize("name", ["=1+1", "+Anna", "@x", "-", " ", "<b>", "a\tb=", "Anna|cmd"])
def test_a_name_that_a_spreadsheet_would_execute_is_refused(open_study, name):
    rater = open_study().start(name)
    assert rater.page.is_visible("#start") and rater.text("#start-message")


@pytest.mark.parametrize("kept", ["{", "null", "3", '{"votes": 3, "seconds": [], "at": 9}', '{"votes": {"x": null}}'])
def test_what_the_browser_kept_may_be_broken(open_study, study, kept):
    rater = open_study()
    rater.page.evaluate("(entry) => localStorage.setItem(...entry)", [f"movieclip/made up/votes/{study[0]}/anna", kept])
    rater.start("Anna")
    assert rater.text("#done") == "0 voted"
    assert rater.press("1", "Enter").text("#done") == "1 voted"


def test_nothing_is_downloaded_before_a_vote(open_study):
    rater = open_study().start("Anna")
    rater.page.click("#download")
    assert rater.text("#message") == "There is no vote to download yet."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling_and_has_room_for_fingers(open_study, scheme):
    page = open_study({**PHONE, "color_scheme": scheme}, run="x" * 80).start("Anna " * 11).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    heights = page.eval_on_selector_all(
        "button, .choice", "(all) => all.filter((each) => each.checkVisibility()).map((each) => each.offsetHeight)"
    )
    assert len(heights) == 12 and min(heights) >= 44
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 241, 234)"
    assert light == (scheme == "light")


def test_every_control_has_a_name(open_study):
    rater = open_study()
    names = """(controls) => controls.filter((control) => control.checkVisibility()).map((control) =>
        control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent)"""
    found = rater.page.eval_on_selector_all("input, button", names)
    found += rater.start("Anna").page.eval_on_selector_all("input, button", names)
    assert len(found) == 14 and all(name.strip() for name in found)


def test_hostile_words_are_words(open_study, study, tmp_path):
    for task in study[1]:
        object.__setattr__(task, "labels", (BAD, *task.labels[1:]))
    rater = open_study(run=BAD, folder=BAD).start("Anna").press("1")
    assert rater.ticked() == [BAD]
    assert rows_of(rater.download(tmp_path))[0]["label"] == BAD
    assert BAD in rater.text("#saved")
    assert rater.page.locator("script").count() == 2 and rater.page.evaluate("document.images.length") == 3


def test_frames_beside_the_page_are_shown_and_missed(open_page, study, tmp_path):
    """Beyond the size of one file; the page says that their folder belongs to it."""
    names = {Path(frame).stem: frame for task in study[1] for frame in task.frames}
    (tmp_path / "study/frames").mkdir()
    for frame in names.values():
        Image.new("RGB", (320, 180), (200, 120, 40)).save(tmp_path / "study" / frame)
    path = write_annotation_page(tmp_path / "study/annotate.html", *study, pictures=names)
    rater = open_page(path, kind=Rater)
    assert "has to lie beside this page" in rater.text("#beside")
    rater.start("Anna")
    until(lambda: rater.page.evaluate("[...document.images].every((image) => image.naturalWidth === 320)"))
    assert rater.page.is_hidden("#note")
    alone = tmp_path / "alone.html"
    path.rename(alone)
    alone = open_page(alone, kind=Rater).start("Anna")
    alone.page.wait_for_selector("#note:visible")
    assert "frames" in alone.text("#note")
    # The browser's own, about each missing file.
    alone.complaints.clear()


def film_of(make_video, tmp_path):
    """A clip of three seconds below the page's folder: red, green and blue, one second each."""
    shots = [((200, 30, 30), 24), ((30, 200, 30), 24), ((30, 30, 200), 24)]
    source = make_video(shots, codec="libvpx-vp9", suffix=".webm", size=(160, 96))
    (tmp_path / "films #1").mkdir()
    Path(source.path).rename(tmp_path / "films #1/a film.webm")
    return "../films #1/a film.webm"


def test_a_clip_at_hand_plays_the_shots_seconds_and_no_more(open_study, study, make_video, tmp_path):
    """From its window's start on: the green second, first frame to last, however often it is played."""
    task = study[1][0]
    shot = task.shot
    for name, value in {"start_time": 0.5, "end_time": 1.5}.items():
        object.__setattr__(shot, name, value)
    films = {shot.clip_id: (film_of(make_video, tmp_path), 0.5)}
    rater = open_study(films=films).start("Anna")
    rater.page.wait_for_selector(".stage.with-film")
    film = "document.getElementById('film')"
    assert 1.0 <= rater.page.evaluate(f"{film}.currentTime") < 1.05
    for _ in range(2):
        rater.press("p")
        until(lambda: rater.page.evaluate(f"{film}.currentTime") < 1.5)
        until(lambda: rater.page.evaluate(f"{film}.currentTime") > 1.5)
        until(lambda: rater.page.evaluate(f"{film}.paused"))
        assert 1.85 < rater.page.evaluate(f"{film}.currentTime") < 2.0
        with Image.open(io.BytesIO(rater.page.locator("#film").screenshot())) as picture:
            red, green, blue = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
        assert green > 150 > max(red, blue)
    assert rater.press("2", "Enter").text("#done") == "1 voted"


def test_a_clip_that_is_not_at_hand_leaves_the_frames(open_page, study, tmp_path):
    films = {task.shot.clip_id: ("../gone.mp4", 0.0) for task in study[1]}
    path = write_annotation_page(tmp_path / "study/annotate.html", *study, films=films)
    rater = open_page(path, kind=Rater).start("Anna")
    rater.page.wait_for_timeout(500)
    rater.press("1", "Enter", "p", "2", "Enter")
    assert rater.page.locator(".stage.with-film").count() == 0 and rater.page.is_hidden("#play")
    assert sum("gone.mp4" in url for url in rater.requests) == 1
    rater.complaints.clear()

"""The expert's pages as a person meets them: answers by click and key, kept, and handed over as a file."""

import csv

import pytest
from PIL import Image

from scripts.taxonomy.review import read_review
from tests.browser.conftest import Page
from tests.helpers.expert_pages import LABELS, make_sheet, row, write_review_page, write_sample_page
from tests.helpers.galleries import make_shots


def rows_of(path):
    return [answer.row() for answer in read_review(path)]


EARLIER = [
    row("pier, old", "remove", reason='he said "no", twice'),
    row("attic", "add", reason="=1+1"),
    row("motel", "add", reason="frequent"),
    row("hill", "keep"),
]
HEADER = "label,decision,into,reason\n"


class Expert(Page):
    """An open page of the expert's and what a test asks of it."""

    def reload(self):
        self.page.reload()
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, selector):
        return self.page.inner_text(selector)

    def go_to(self, label):
        self.page.locator("#list .entry", has=self.page.get_by_text(label, exact=True)).click()
        assert self.text("#label") == label

    def merge_into(self, target):
        self.page.fill("#target", target)
        self.page.click("[data-action=merge]")

    def verdicts(self):
        """What the list says of each label."""
        names, words = (self.page.locator(f"#list .{part}").all_inner_texts() for part in ("name", "verdict"))
        return dict(zip(names, words, strict=True))

    def download(self, folder):
        with self.page.expect_download() as download:
            self.page.click("#download")
        assert download.value.suggested_filename == "review.csv"
        path = folder / "review.csv"
        download.value.save_as(path)
        return path

    def add_to(self, place, label):
        """Type a missing label at a card and press Enter."""
        field = self.page.locator(".add input").nth(place)
        field.fill(label)
        field.press("Enter")
        return self.page.locator(".add .message").nth(place).inner_text()

    def shown(self):
        return self.page.eval_on_selector_all(".card", "cards => cards.map((card) => card.dataset.id)")


@pytest.fixture
def open_review(open_page, tmp_path):
    """Opens the review page of the made-up sheet, or of what is given."""

    def start(options=None, **content):
        return open_page(write_review_page(tmp_path / "review.html", **content), kind=Expert, **(options or {}))

    return start


@pytest.fixture
def open_sample(open_page, tmp_path):
    """Opens the sample page of made-up shots."""

    def start(shots=None, options=None, **content):
        shots = make_shots(130) if shots is None else shots
        return open_page(write_sample_page(tmp_path / "sample.html", shots, **content), kind=Expert, **(options or {}))

    return start


def test_answers_by_click_and_key_survive_a_reload_and_make_a_complete_file(open_review, tmp_path):
    """Three answers; what the file held stays, also of labels that nobody asks about."""
    review = open_review(review=EARLIER)
    assert review.text("#done") == "2 of 12 questions answered"
    review.press("g")
    assert review.text("#last") == "landscape: remove: generic"
    assert review.text("#label") == "property"
    review.go_to("bazaar")
    assert review.page.input_value("#target") == "market"
    review.merge_into("Harbor ")
    review.go_to("white house")
    review.page.fill("#reason", "one, and only one")
    review.page.click("[data-action='too specific']")
    before = review.verdicts()
    review.reload()
    assert review.verdicts() == before
    assert before["bazaar"] == "merge into harbor" and before["creek"] == "open · merge into river"
    assert review.text("#done") == "5 of 12 questions answered"
    path = review.download(tmp_path)
    assert path.read_text() == HEADER + (
        "attic,add,,'=1+1\n"
        "bazaar,merge,harbor,\n"
        "hill,keep,,\n"
        "landscape,remove,,generic\n"
        "motel,add,,frequent\n"
        '"pier, old",remove,,"he said ""no"", twice"\n'
        'white house,remove,,"too specific: one, and only one"\n'
    )
    assert len(rows_of(path)) == 7
    assert "Put it in place of config/made_up/review.csv" in review.text("#saved")


def test_a_file_that_comes_back_is_the_same_file(open_review, tmp_path):
    """Downloaded, put in its place, and downloaded again without a change, by somebody else."""
    path = open_review(review=EARLIER).download(tmp_path)
    first = path.read_bytes()
    assert open_review(review=rows_of(path)).download(tmp_path).read_bytes() == first


def test_nothing_answered_is_a_file_with_no_row(open_review, tmp_path):
    assert open_review().download(tmp_path).read_text() == HEADER


def test_every_key_does_what_its_button_says(open_review):
    """From question to question; what is not offered for a question does nothing."""
    review = open_review()
    review.press("a", "k", "s", "m", "n")
    assert list(review.verdicts().values())[:4] == [
        "keep",
        "remove: too specific",
        "merge into market",
        "remove: no place",
    ]
    assert review.text("#label") == "hill"
    review.press("u", "u")
    assert review.text("#label") == "bazaar"
    assert review.text("#done") == "2 of 12 questions answered"
    review.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert review.text("#label") == "motel"
    review.press("k", "m")
    assert review.text("#state").startswith("No answer yet")
    review.press("g")
    assert review.verdicts()["motel"] == "do not add: generic"
    assert review.text("#label") == "office of the chief"
    review.press("ArrowLeft", "a")
    assert review.verdicts()["motel"] == "add"
    review.go_to("property")
    review.press("x")
    assert review.verdicts()["property"] == "open · remove"
    review.page.focus("#reason")
    review.page.keyboard.type("kgm")
    assert review.verdicts()["property"] == "open · remove"


def test_undo_reaches_back_over_a_reload(open_review):
    review = open_review(review=EARLIER)
    review.go_to("hill")
    review.press("g")
    review.reload().press("u")
    assert review.text("#label") == "hill"
    assert review.text("#state") == "Answered in review.csv: keep"
    assert review.page.is_disabled("#undo")


@pytest.mark.parametrize(
    ("first", "label", "target", "words"),
    [
        ([], "bazaar", "bazaar", "cannot be merged into itself"),
        ([], "bazaar", "volcano", "“volcano” is not among the labels"),
        ([], "bazaar", "landscape", "“landscape” is to be removed, as the suggestion says"),
        ([("lake side", "s")], "bazaar", "lake side", "“lake side” is removed"),
        ([], "hill", "", "Choose the label to merge into"),
        ([("bazaar", "hill")], "hill", "bazaar", "circle: hill → bazaar → hill"),
        ([("lake side", "hill"), ("hill", "bar")], "taproom", "taproom", "into itself"),
        ([], "lake side", "pond", "Answer “pond” first"),
    ],
)
def test_a_merge_that_cannot_be_is_refused_and_says_why(open_review, first, label, target, words):
    review = open_review()
    for other, what in first:
        review.go_to(other)
        review.press(what) if len(what) == 1 else review.merge_into(what)
    n_answers = len(first)
    review.go_to(label)
    review.merge_into(target)
    assert words in review.text("#message")
    assert review.text("#done").startswith(f"{n_answers} of 12")
    assert review.text("#label") == label


def test_a_label_that_others_are_merged_into_cannot_go(open_review):
    """Neither by an answer nor by taking one back; where only a suggestion leads there, it is marked."""
    review = open_review()
    review.go_to("lake side")
    review.press("g")
    assert "faulty" in review.page.locator("#list .entry", has_text="pond").get_attribute("class")
    review.press("u")
    review.go_to("pond")
    review.press("m")
    review.go_to("lake side")
    review.press("g")
    assert "“pond” is merged into “lake side”: change that answer first." in review.text("#message")
    review.page.fill("#own", "big lake")
    review.press("Enter", "Escape")
    review.go_to("taproom")
    review.merge_into("big lake")
    review.page.click("[aria-label='Withdraw this decision about big lake']")
    assert "“taproom” is merged into “big lake”" in review.text("#own-message")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("=cmd", "not with “=”"),
        ("-pier", "not with “-”"),
        ("@home", "not with “@”"),
        ("+1", "not with “+”"),
        ("café", "“é” cannot stand"),
        ("a, b", "“,” cannot stand"),
        ("  ", "Type a label"),
        (" Castle ", "“castle” is a label already"),
        ("attic", "“attic” is added already"),
        ("motel", "“motel” is question 6"),
        ("pier", "“pier” was removed"),
    ],
)
def test_a_label_of_ones_own_that_cannot_be_is_refused(open_review, tmp_path, typed, words):
    review = open_review(review=[row("attic", "add"), row("pier", "remove")])
    review.page.fill("#own", typed)
    review.press("Enter")
    assert words in review.text("#own-message")
    assert review.download(tmp_path).read_text() == f"{HEADER}attic,add,,\npier,remove,,\n"


def test_labels_of_ones_own_come_and_go(open_review, tmp_path):
    review = open_review(review=EARLIER)
    for typed in ("Doctor’s  Office", "drive-in"):
        review.page.fill("#own", typed)
        review.page.click("#own-form button")
    review.page.click("[aria-label='Withdraw this decision about attic']")
    review.reload()
    assert review.page.locator("#others .name").all_inner_texts() == ["doctor's office", "drive-in", "pier, old"]
    decisions = {line["label"]: line["decision"] for line in rows_of(review.download(tmp_path))}
    assert decisions == {
        "doctor's office": "add", "drive-in": "add", "hill": "keep", "motel": "add", "pier, old": "remove"
    }  # fmt: skip


def test_answers_are_kept_by_label_when_the_sheet_is_new(open_review, tmp_path):
    """Other questions in another order, one gone and one come."""
    review = open_review()
    review.press("g")
    review.go_to("creek")
    review.press("m")
    sheet = make_sheet()[:0:-1]
    write_review_page(
        tmp_path / "review.html", sheet=[*sheet, {**sheet[0], "label": "new one"}], labels=[*LABELS, "new one"]
    )
    review.reload()
    assert review.text("#done") == "1 of 12 questions answered"
    assert review.verdicts()["creek"] == "merge into river"
    assert review.page.locator("#others .name").all_inner_texts() == ["landscape"]
    assert rows_of(review.download(tmp_path)) == [
        row("creek", "merge", "river"),
        row("landscape", "remove", reason="generic"),
    ]


def test_a_file_edited_elsewhere_is_right_and_ones_own_older_one_is_not(open_review, tmp_path):
    review = open_review()
    review.press("g")
    older = rows_of(review.download(tmp_path))
    review.go_to("landscape")
    review.press("s")
    write_review_page(tmp_path / "review.html", review=older)
    review.reload()
    assert review.verdicts()["landscape"] == "remove: too specific"
    assert review.page.is_hidden("#note")
    write_review_page(tmp_path / "review.html", review=[row("landscape", "keep", reason="a colleague")])
    review.reload()
    assert review.verdicts()["landscape"] == "keep"
    assert "landscape" in review.text("#note")
    assert rows_of(review.download(tmp_path)) == [row("landscape", "keep", reason="a colleague")]


def test_another_run_has_answers_of_its_own(open_review, tmp_path):
    review = open_review()
    review.press("g")
    write_review_page(tmp_path / "review.html", run="another")
    assert review.reload().text("#done") == "0 of 12 questions answered"


@pytest.mark.parametrize("kept", ["{", "null", '{"answers": 3, "steps": {}}', '{"answers": [["bar", {"row": 1}]]}'])
def test_what_the_browser_kept_may_be_broken(open_review, kept):
    review = open_review()
    review.page.evaluate("(kept) => localStorage.setItem('movieclip/made up/review', kept)", kept)
    assert review.reload().text("#done") == "0 of 12 questions answered"
    review.press("g")
    assert review.text("#done") == "1 of 12 questions answered"


def test_the_list_is_filtered_and_searched(open_review):
    review = open_review(review=EARLIER)
    shown = review.page.locator("#list li:visible .name")
    review.page.select_option("#show", "answered")
    assert shown.all_inner_texts() == ["hill", "motel"]
    review.page.select_option("#show", "open")
    assert shown.count() == 10
    review.page.fill("#text", "LAND")
    assert shown.all_inner_texts() == ["landscape"]
    review.page.fill("#text", "nothing such")
    assert review.page.is_visible("#none")


def test_a_reason_typed_before_the_next_question_is_clicked(open_review, tmp_path):
    """Leaving the field keeps the reason, and the click that leaves it is not lost."""
    review = open_review(review=EARLIER)
    review.go_to("hill")
    review.page.fill("#reason", "+ two words")
    review.go_to("creek")
    review.go_to("hill")
    assert review.page.input_value("#reason") == "+ two words"
    assert "hill,keep,,'+ two words\n" in review.download(tmp_path).read_text()


BAD = '</script><script>alert(1)</script>"><img src=x onerror=alert(1)>'


def test_hostile_words_are_words(open_review, open_sample, tmp_path):
    """Labels, sources and reasons are anyone's text, and a comma or quote in them is no fence."""
    sheet = [{**line, "reason": BAD, "source": BAD, "into": line["into"] and BAD} for line in make_sheet()]
    sheet[0]["label"] = BAD
    earlier = [row(f"{BAD}, 2", "remove", reason=BAD)]
    review = open_review(sheet=sheet, labels=[*LABELS, BAD], review=earlier, run=BAD, file=BAD)
    assert review.text("#label") == BAD
    assert BAD in review.text("#why")
    review.press("g")
    assert review.reload().verdicts()[BAD] == "remove: generic"
    with open(review.download(tmp_path), newline="") as stream:
        assert [line["label"] for line in csv.DictReader(stream)] == [BAD, f"{BAD}, 2"]
    shots = make_shots(30).assign(title=BAD, movie_id=BAD, label_1=BAD)
    sample = open_sample(shots, labels=[BAD], review=earlier, run=BAD, file=BAD)
    assert sample.text(".title >> nth=0") == BAD
    sample.add_to(0, "pier")
    for page in (review.page, sample.page):
        assert page.locator("script").count() == 2
        assert page.evaluate("document.images.length") == 0


def test_a_sheet_without_questions(open_review, tmp_path):
    review = open_review(sheet=[], review=EARLIER)
    assert review.page.is_visible("#empty") and review.page.is_hidden("#question")
    review.press("g", "m", "u", "x", "ArrowRight")
    assert len(rows_of(review.download(tmp_path))) == len(EARLIER)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["review", "sample"])
def test_a_phone_needs_no_sideways_scrolling(open_review, open_sample, kind, scheme):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    page = (open_review if kind == "review" else open_sample)(options=phone).page
    page.tap("#panel > summary")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 241, 234)"
    assert light == (scheme == "light")


@pytest.mark.parametrize("kind", ["review", "sample"])
def test_every_control_has_a_name(open_review, open_sample, kind):
    page = (open_review(review=EARLIER) if kind == "review" else open_sample()).page
    names = page.eval_on_selector_all(
        "input, select, button",
        """(controls) => controls.filter((control) => control.checkVisibility()).map((control) =>
             control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent)""",
    )
    assert len(names) > 20 and all(name.strip() for name in names)


def test_missing_labels_are_collected_kept_and_handed_over(open_sample, tmp_path):
    sample = open_sample(review=EARLIER)
    assert sample.add_to(0, "Motel  Room") == ""
    assert sample.add_to(2, "motel room") == ""
    assert sample.add_to(2, "bus stop") == ""
    assert "noted already" in sample.add_to(2, "bus stop")
    for typed, words in {
        "Kitchen": "“kitchen” is a label already",
        "=1": "not with “=”",
        "attic": "“attic” is added already",
        "": "Type a label",
    }.items():
        assert words in sample.add_to(1, typed)
    sample.reload()
    assert sample.page.locator("#missing li").all_inner_texts() == ["bus stop\n1 shot", "motel room\n2 shots"]
    sample.page.click("#missing button >> text=motel room")
    assert len(sample.shown()) == 2
    found = {line["label"]: line for line in rows_of(sample.download(tmp_path))}
    assert list(found) == ["attic", "bus stop", "hill", "motel", "motel room", "pier, old"]
    assert found["motel room"] == row("motel room", "add", reason="seen in 2 sampled shots")
    assert found["bus stop"] == row("bus stop", "add", reason="seen in 1 sampled shot")
    sample.page.click("[aria-label='Remove motel room from this shot'] >> nth=0")
    assert "motel room\n1 shot" in sample.page.locator("#missing li").all_inner_texts()


def test_the_tagger_is_held_against_a_label_that_exists(open_sample):
    shots = make_shots(3).assign(label_2="kitchen")
    assert "The tagger gives it rank 2 here" in open_sample(shots).add_to(0, "kitchen")


@pytest.mark.parametrize(
    ("order", "columns", "ascending"), [("low", ["score_1"], [True]), ("label", ["label_1", "score_1"], [True, False])]
)
def test_shots_in_the_order_asked_for(open_sample, order, columns, ascending):
    shots = make_shots(130)
    sample = open_sample(shots)
    sample.page.select_option("#order", order)
    expected = shots.round({"score_1": 4}).sort_values(columns, ascending=ascending, kind="stable")["shot_id"]
    assert sample.shown() == list(expected[:60])


def test_a_shuffle_is_complete_and_stays(open_sample):
    shots = make_shots(55)
    sample = open_sample(shots)
    sample.page.select_option("#order", "shuffled")
    shown = sample.shown()
    assert sorted(shown) == sorted(shots["shot_id"])
    assert sum(a == b for a, b in zip(shown, shots["shot_id"], strict=True)) < 10
    sample.reload()
    assert sample.shown() == shown


def test_shots_that_are_done_can_be_left_out(open_sample):
    sample = open_sample()
    assert sample.text("#done") == "0 of 130 shots looked through"
    first = sample.shown()
    sample.page.click("#looked")
    assert sample.page.input_value("#page") == "2"
    sample.page.select_option("#show", "open")
    assert len(set(first) & set(sample.shown())) == 0
    sample.reload()
    assert sample.text("#done") == "60 of 130 shots looked through"
    sample.page.click("#looked")
    sample.page.click("#looked")
    assert sample.text("#empty") == "You have looked through all shots."
    assert sample.text("#done") == "130 of 130 shots looked through"


def test_both_pages_hand_over_what_was_done_on_either(open_review, tmp_path):
    """They share the browser's memory: no download loses the other page's answers."""
    review = open_review(review=EARLIER)
    review.press("g")
    review.page.fill("#own", "phone booth")
    review.press("Enter")
    sample = Expert(review.page.context.new_page())
    sample.open(write_sample_page(tmp_path / "sample.html", make_shots(5), review=EARLIER))
    sample.add_to(0, "motel room")
    assert "“phone booth” is added already" in sample.add_to(1, "phone booth")
    assert "change that on the review page" in sample.add_to(1, "landscape")
    from_sample = sample.download(tmp_path).read_bytes()
    assert review.download(tmp_path).read_bytes() == from_sample
    assert b"landscape,remove" in from_sample and b"motel room,add" in from_sample and b"phone booth,add" in from_sample
    review.page.click("[aria-label='Withdraw this decision about motel room']")
    assert "motel room" not in review.reload().download(tmp_path).read_text()
    assert "withdrawn" in sample.reload().text("#missing")
    assert sample.complaints == []


def test_pictures_beside_the_page_are_loaded_lazily(open_sample, tmp_path):
    shots = make_shots(60)
    (tmp_path / "sample").mkdir()
    for shot_id in shots["shot_id"]:
        Image.new("RGB", (486, 90), (200, 120, 40)).save(tmp_path / "sample" / f"{shot_id}.jpg")
    pictures = {shot_id: f"sample/{shot_id}.jpg" for shot_id in shots["shot_id"]}
    sample = open_sample(shots, {"viewport": {"width": 390, "height": 844}}, pictures=pictures)
    sample.page.wait_for_function("document.querySelector('.card img').naturalWidth === 486")
    assert sum(url.endswith(".jpg") for url in sample.requests) < 30


def test_answers_about_labels_that_a_run_may_lack_stay_so(open_review, tmp_path):
    review = open_review(
        review=[row("white house", "remove", reason="a name") | {"optional": "yes"}, row("hill", "keep")]
    )
    review.go_to("landscape")
    review.press("g")
    assert rows_of(review.download(tmp_path)) == [
        row("hill", "keep"),
        row("landscape", "remove", reason="generic"),
        row("white house", "remove", reason="a name") | {"optional": "yes"},
    ]


def test_the_run_takes_the_file(demo_run, workspace, open_page, tmp_path):
    """From the demo's own page to the labels of another run."""
    review = open_page(demo_run.path / "results/demo/taxonomy/review.html", kind=Expert)
    review.go_to("farm")
    review.press("s")
    review.go_to("boxing ring")
    review.merge_into("stadium")
    review.go_to("football stadium")
    review.press("k")
    before = review.verdicts()
    assert review.reload().verdicts() == before
    path = review.download(tmp_path)
    workspace.snakemake("results/demo/taxonomy/labels.txt", "--config", f"taxonomy={{review: '{path}'}}")
    drawn = set((workspace.path / "config/demo/labels.txt").read_text().split("\n")) - {""}
    labels = set((workspace.path / "results/demo/taxonomy/labels.txt").read_text().splitlines())
    assert labels == drawn - {"farm", "boxing ring"} | {"football stadium"}

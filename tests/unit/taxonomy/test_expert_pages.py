"""What stands behind the expert's pages: the review file, the sample, its pictures, and what the pages carry."""

from collections import Counter
from itertools import combinations
from types import SimpleNamespace as Job

import pandas as pd
import pytest

from scripts.lib.jobs.errors import UserError
from scripts.lib.records.clips import Clip, shard_fingerprints, write_manifest
from scripts.lib.records.shots import Shot, read_shots, write_shots
from scripts.taxonomy import make_review_page, make_sample_page, picture_sample, sample_shots
from scripts.taxonomy.make_review_page import review_data
from scripts.taxonomy.review import read_review
from tests.helpers.expert_pages import EXPERT, LABELS, make_sheet, row, write_review_page, write_sample_page
from tests.helpers.galleries import PAGE, PAGES, SHOT_CARDS, make_shots
from tests.unit.gallery.test_gallery import HOSTILE, Reader, data_of

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def make_shot_list(n_clips, per_clip, name="clip"):
    return [
        Shot(f"{name}{clip:03d}", number, 10 * number, 10 * number + 10, number / 2.4, (number + 1) / 2.4)
        for clip in range(n_clips)
        for number in range(1, per_clip + 1)
    ]


def test_a_sample_depends_on_the_shots_and_the_seed_alone():
    shots = make_shot_list(40, 25)
    sample = sample_shots.sample_shots(shots, 100, 0)
    assert sample == sample_shots.sample_shots(shots[::-1], 100, 0)
    assert sample == sorted(sample, key=lambda shot: (shot.clip_id, shot.number))
    assert len(set(sample)) == 100
    assert sample != sample_shots.sample_shots(shots, 100, 1)
    assert sample_shots.sample_shots(shots[:30], 100, 0) == shots[:30]


def test_later_clips_leave_most_of_a_sample():
    """A tenth more shots take about a tenth of the places; what is left was there before."""
    shots = make_shot_list(40, 25)
    sample = set(sample_shots.sample_shots(shots, 200, 0))
    longer = set(sample_shots.sample_shots(shots + make_shot_list(4, 25, "later"), 200, 0))
    assert {shot for shot in longer if shot.clip_id.startswith("clip")} <= sample
    assert 150 < len(longer & sample) < 200


def test_every_shot_and_every_pair_is_as_likely_as_any_other():
    """Of 60 shots 12 are drawn 2,000 times: chi-square of the shots, 99.9 % below 98.3, and of the pairs."""
    shots = make_shot_list(3, 20)
    samples = [sample_shots.sample_shots(shots, 12, seed) for seed in range(2000)]
    counts = Counter(shot for sample in samples for shot in sample)
    expected, spread = 400, 400 * (1 - 12 / 60)
    assert sum((counts[shot] - expected) ** 2 / spread for shot in shots) * 59 / 60 < 98.3
    pairs = Counter(pair for sample in samples for pair in combinations(sample, 2))
    expected = 2000 * (12 * 11) / (60 * 59)
    assert sum((pairs[pair] - expected) ** 2 / expected for pair in combinations(shots, 2)) < 2000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,decision,into\nbar,keep,\n", "lacks the column(s) reason"),
        ("label,decision,into,reason\nbar,drop,,\n", "line 2: the decision 'drop' is unknown"),
        ("label,decision,into,reason\npub,merge,,\n", "line 2: 'pub' has the decision merge and ''"),
        ("label,decision,into,reason\npub,keep,bar,\n", "line 2: 'pub' has the decision keep and 'bar'"),
        ("label,decision,into,reason\npub,merge,pub,\n", "line 2: 'pub' is merged into itself"),
        ("label,decision,into,reason\n=pub,keep,,\n", "line 2: '=pub' is not a label"),
        ("label,decision,into,reason\n,keep,,\n", "line 2: '' is not a label"),
        ("label,decision,into,reason\nbar,keep,,\nbar,remove,,\n", "line 3: 'bar' is already decided in line 2"),
        ("label,decision,into,reason\nbar,keep,,a,b\n", "line 2: the number of fields"),
        ("label,decision,into,reason\nbar,keep\n", "line 2: the number of fields"),
        ('label,decision,into,reason\nbar,keep,,"a\nb"\n\npub,drop,,\n', "line 5: the decision 'drop' is unknown"),
    ],
)
def test_a_review_file_that_cannot_be_used_says_why(tmp_path, text, message):
    (tmp_path / "review.csv").write_text(text)
    with pytest.raises(UserError) as error:
        read_review(tmp_path / "review.csv")
    assert message in str(error.value)


@pytest.mark.parametrize("text", [None, "", "label,decision,into,reason\n"])
def test_no_review_yet(tmp_path, text):
    if text is not None:
        (tmp_path / "review.csv").write_text(text)
    assert read_review(tmp_path / "review.csv") == read_review(None) == []


def test_a_review_file_as_spreadsheets_save_it(tmp_path):
    """With a byte order mark, CRLF, and a column of somebody's own."""
    text = '\ufefflabel,decision,into,reason,who\r\n"pier, old",merge,harbor,"a ""kind""",me\r\n'
    (tmp_path / "review.csv").write_bytes(text.encode())
    (answer,) = read_review(tmp_path / "review.csv")
    assert answer.row() == row("pier, old", "merge", "harbor", 'a "kind"')


def test_the_review_page_carries_the_sheet(tmp_path):
    sheet, review = make_sheet(), [row("motel", "add", reason="frequent")]
    data = data_of(write_review_page(tmp_path / "review.html", review=review))
    questions = data["questions"]
    for column in ("question", "label", "source", "suggestion", "into", "reason"):
        assert questions[column] == [line[column] for line in sheet]
    for column in ("cosine", "n_scripts", "n_sluglines"):
        assert ["" if value is None else str(value) for value in questions[column]] == [line[column] for line in sheet]
    assert (data["labels"], data["review"]) == (LABELS, review)


@pytest.mark.parametrize("column", ["label", "reason", "source", "into", "question", "suggestion"])
def test_no_text_can_break_out_of_the_data(tmp_path, column):
    plain = Reader(write_review_page(tmp_path / "plain.html").read_text())
    sheet = [{**line, column: word} for line, word in zip(make_sheet(), HOSTILE, strict=False)]
    page = write_review_page(tmp_path / "review.html", sheet=sheet, review=[row(HOSTILE[0], "keep", reason=HOSTILE[1])])
    assert Reader(page.read_text()).tags == plain.tags
    assert data_of(page)["questions"][column] == list(HOSTILE)


@pytest.mark.parametrize("write", [write_review_page, lambda path: write_sample_page(path, make_shots(3))])
def test_the_pages_ask_for_nothing_from_elsewhere(tmp_path, write):
    text = write(tmp_path / "page.html").read_text()
    assert "://" not in text
    reader = Reader(text)
    (policy,) = [attributes["content"] for _, attributes in reader.tags if "http-equiv" in attributes]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not [tag for tag, attributes in reader.tags if "src" in attributes or tag in ("link", "base", "iframe")]


class Files(list):
    """A rule's input as Snakemake gives it to a script: a list whose parts may have names."""

    def __init__(self, *paths, **named):
        super().__init__(paths)
        vars(self).update(named)


def test_from_shot_lists_to_the_sample_page(make_video, tmp_path):
    """The jobs one after the other on three clips: only sampled shots are pictured and shown."""
    videos = [make_video([(RED, 24), (GREEN, 24), (BLUE, 24)], clip_id=f"clip{name}") for name in "abc"]
    write_manifest([video.clip for video in videos], tmp_path / "manifest.csv")
    shots = [Shot(video.clip.clip_id, n, 24 * n - 24, 24 * n, n - 1.0, float(n)) for video in videos for n in (1, 2, 3)]
    lists = [tmp_path / "00000.csv", tmp_path / "00001.csv"]
    settings = {"clips": {"shard_size": 2, "shard_minutes": 30}}
    marks = shard_fingerprints(tmp_path / "manifest.csv", settings)
    write_shots(lists[0], shots[:6], marks[0])
    write_shots(lists[1], shots[6:], marks[1])
    sample = tmp_path / "taxonomy/sample.csv"
    params = Job(manifest=tmp_path / "manifest.csv", shots=4, seed=0)
    sample_shots.main(Job(input=Job(shots=lists), output=[sample], params=params, config=settings))
    chosen = [shot for part in read_shots(sample).values() for shot in part]
    assert len(chosen) == 4 and set(chosen) < set(shots)

    config = {
        "run": "made up",
        "clips": {"folder": None, "root": None},
        "taxonomy": {"review": str(tmp_path / "review.csv")},
    }
    folder = tmp_path / "taxonomy/sample"
    job = Job(
        input=Files(sample=sample), output=[folder], params=Job(manifest=tmp_path / "manifest.csv"), config=config
    )
    picture_sample.main(Job(**vars(job), threads=2))
    assert {path.stem for path in folder.iterdir()} == {shot.shot_id for shot in chosen}

    table = make_shots(9, per_clip=3)
    for column, value in {"shot_id": "shot_id", "clip_id": "clip_id", "shot": "number"}.items():
        table[column] = [getattr(shot, value) for shot in shots]
    table.sample(frac=1, random_state=0).to_parquet(tmp_path / "shots.parquet")
    (tmp_path / "labels.txt").write_text("bar\ncastle\n")
    (tmp_path / "review.csv").write_text("label,decision,into,reason\nattic,add,,'=1\n")
    parts = [*PAGE, *SHOT_CARDS, *EXPERT, *(PAGES / f"sample.{part}" for part in ("html", "css", "js"))]
    page = tmp_path / "taxonomy/sample.html"
    make_sample_page.main(
        Job(
            input=Files(
                sample=sample,
                pictures=[folder],
                shots=tmp_path / "shots.parquet",
                labels=tmp_path / "labels.txt",
                page=parts,
            ),
            output=[page],
            config=config,
        )
    )
    data = data_of(page)
    assert [
        (data["clips"]["id"][clip], n) for clip, n in zip(data["shots"]["clip"], data["shots"]["number"], strict=True)
    ] == [(shot.clip_id, shot.number) for shot in chosen]
    assert all(data["pictures"][place].startswith("data:image/jpeg") for place in data["shots"]["picture"])
    assert (data["known"], data["review"]) == (["bar", "castle"], [row("attic", "add", reason="'=1")])
    table_of = pd.read_parquet(tmp_path / "shots.parquet").set_index("shot_id")
    assert [data["labels"][label] for label in data["shots"]["labels"][0]] == [
        table_of["label_1"][shot.shot_id] for shot in chosen
    ]


def test_a_clip_without_sampled_shots_is_not_opened(make_video, tmp_path, caplog):
    video = make_video([(RED, 12)], clip_id="there")
    write_manifest([video.clip, Clip("gone", str(tmp_path / "gone.mp4"))], tmp_path / "manifest.csv")
    write_shots(tmp_path / "sample.csv", [Shot("there", 1, 0, 12, 0.0, 0.5)])
    picture_sample.main(
        Job(
            input=Files(sample=tmp_path / "sample.csv"),
            output=[tmp_path / "sample"],
            params=Job(manifest=tmp_path / "manifest.csv"),
            config={"clips": {"folder": None, "root": None}},
            threads=1,
        )
    )
    assert [path.name for path in (tmp_path / "sample").iterdir()] == ["there-Scene-001.jpg"]
    assert "gone" not in caplog.text


def test_a_run_without_a_review_file_has_a_page(tmp_path):
    (tmp_path / "labels.txt").write_text("bar\n")
    (tmp_path / "sheet.csv").write_text(",".join(make_sheet()[0]) + "\n")
    parts = [*PAGE, *EXPERT, *(PAGES / f"review.{part}" for part in ("html", "css", "js"))]
    files = Files(sheet=tmp_path / "sheet.csv", labels=tmp_path / "labels.txt", page=parts)
    for review in (None, str(tmp_path / "not yet.csv")):
        page = tmp_path / "review.html"
        config = {"run": "made up", "taxonomy": {"review": review}}
        make_review_page.main(Job(input=files, output=[page], config=config))
        assert data_of(page)["review"] == []


def test_numbers_that_are_not_there_are_none():
    questions = review_data(make_sheet(), [], [], "run", None)["questions"]
    assert questions["cosine"][0] is None and questions["n_scripts"][0] is None
    assert questions["cosine"][3] == 0.81 and questions["n_sluglines"][3] == 48

"""The study's sample, its frames and its pages."""

from collections import Counter
from pathlib import Path
from types import SimpleNamespace as Job

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scripts.lib.records.clips import Clip, write_manifest
from scripts.lib.records.labels import LABEL_COLUMNS
from scripts.lib.records.shots import shot_id
from scripts.verification import make_annotation_page, make_salt, picture_tasks, sample_tasks
from scripts.verification.make_annotation_page import place_frames
from scripts.verification.sample_tasks import TERCILES, draw_shots, make_tasks
from scripts.verification.tasks import TASK_COLUMNS, read_tasks
from tests.helpers.galleries import PAGES, make_shots
from tests.helpers.studies import ANNOTATE, write_annotation_page
from tests.unit.gallery.test_gallery import HOSTILE, Reader, data_of, like

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)


def tercile_counts(drawn, pool):
    """Drawn shots by label and tercile of the label's scores in the pool, by NumPy's own sorting."""
    counts = Counter()
    for label, part in pool.groupby("label_1"):
        order = np.argsort(np.argsort(part["score_1"].to_numpy(), kind="stable"))
        terciles = dict(zip(part["shot_id"], order * TERCILES // len(order), strict=True))
        counts.update((label, terciles[name]) for name in drawn["shot_id"] if name in terciles)
    return counts


def test_the_sample_is_one_of_the_seed_and_the_shots():
    shots = make_shots(2000, n_labels=20)
    drawn = draw_shots(shots, 300, 40, 0)
    again = draw_shots(shots.sample(frac=1, random_state=1), 300, 40, 0)
    assert list(drawn["shot_id"]) == list(again["shot_id"])
    assert drawn["shot_id"].is_unique and len(drawn) == 300
    other = draw_shots(shots, 300, 40, 1)
    assert set(drawn["shot_id"]) != set(other["shot_id"])
    shuffled = list(drawn["shot_id"])
    assert shuffled != sorted(shuffled) and shuffled != list(drawn.sort_values("label_1")["shot_id"])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_labels_and_terciles_are_balanced(seed):
    """Two labels, and two terciles of a label, differ by more than one only where one of them has no more."""
    shots = make_shots(3000, n_labels=15, seed=seed)
    drawn = draw_shots(shots, 200, 60, seed)
    assert drawn["clip_id"].nunique() <= 60
    clips = sorted(shots["clip_id"].unique(), key=lambda clip: sample_tasks.draw_key(f"clip/{clip}", seed))[:60]
    pool = shots[shots["clip_id"].isin(clips)]
    assert set(drawn["shot_id"]) <= set(pool["shot_id"])
    there, per_label = pool["label_1"].value_counts(), drawn["label_1"].value_counts()
    assert per_label.sum() == 200
    for label, count in per_label.items():
        assert count >= per_label.max() - 1 or count == there[label]
    of_pool, of_drawn = tercile_counts(pool, pool), tercile_counts(drawn, pool)
    for label in per_label.index:
        counts = [of_drawn[label, tercile] for tercile in range(TERCILES)]
        for tercile, count in enumerate(counts):
            assert count >= max(counts) - 1 or count == of_pool[label, tercile]


def test_never_more_clips_than_asked_and_every_clip_as_likely():
    """Of 20 clips 5 are drawn 200 times: chi-square with 19 degrees of freedom, 99.9 % below 43.8."""
    shots = make_shots(60, n_labels=2, per_clip=3)
    counts = Counter()
    for seed in range(200):
        clips = set(draw_shots(shots, 15, 5, seed)["clip_id"])
        assert len(clips) == 5
        counts.update(clips)
    expected = 200 * 5 / 20
    deviations = sum((counts[clip] - expected) ** 2 for clip in shots["clip_id"].unique())
    assert deviations / (expected * 15 / 20) * 19 / 20 < 43.8


def test_shots_without_a_score_are_not_drawn():
    shots = make_shots(50)
    shots.loc[:39, "score_1"] = float("nan")
    assert set(draw_shots(shots, 100, 100, 0)["shot_id"]) == set(shots["shot_id"][40:])


def test_the_studys_id_names_its_shots_and_labels():
    shots = make_shots(30)
    ids = {
        "same": make_tasks(shots)["study"][0],
        "shuffled": make_tasks(shots.sample(frac=1, random_state=0))["study"].iloc[0],
        "fewer": make_tasks(shots[:-1])["study"][0],
        "other labels": make_tasks(shots.assign(label_5="attic"))["study"][0],
        "other order": make_tasks(shots.rename(columns={"label_1": "label_2", "label_2": "label_1"}))["study"][0],
    }
    assert ids["same"] == ids["shuffled"]
    assert len(set(ids.values())) == 4
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in ids.values())


def job(**given):
    config = {"run": "made up", "clips": {"folder": None, "root": None}, "verification": {"votes": None}}
    return Job(**{"config": config, "threads": 2, **given})


def test_from_shots_to_pages(make_video, tmp_path, caplog):
    """The three jobs one after the other: the right frames, the window's seconds, and no clip without need."""
    video = make_video([(RED, 8), (GREEN, 8), (BLUE, 8), (RED, 1), (GREEN, 2)], clip_id="a", size=(1280, 720))
    window = Clip("b", video.path, start_time=0.5, end_time=1.0)
    write_manifest([video.clip, window, Clip("unused", "unused.mp4")], tmp_path / "manifest.csv")
    shots = make_shots(4, per_clip=3)
    shots["clip_id"], shots["shot"] = list("aaab"), [1, 2, 3, 1]
    shots["shot_id"] = [shot_id(*pair) for pair in zip(shots["clip_id"], shots["shot"], strict=True)]
    shots["start_frame"], shots["end_frame"] = [0, 24, 25, 0], [24, 25, 27, 12]
    shots["start_time"], shots["end_time"] = shots["start_frame"] / 24, shots["end_frame"] / 24
    shots.to_parquet(tmp_path / "shots.parquet")
    tasks, frames = tmp_path / "verification/tasks.csv", tmp_path / "verification/frames"
    params = Job(sample={"shots": 9, "clips": 5, "seed": 0})
    sample_tasks.main(job(input=Job(shots=tmp_path / "shots.parquet"), output=[tasks], params=params))
    assert "asks for 9 shots of 5 clips, which have only 4: all are taken" in caplog.text
    assert list(pd.read_csv(tasks)) == list(TASK_COLUMNS)
    params = Job(manifest=tmp_path / "manifest.csv", votes="my votes")
    picture_tasks.main(job(input=Job(tasks=tasks), output=[frames], params=params))
    expected = {
        "a-Scene-001": [RED, GREEN, BLUE],
        "a-Scene-002": [RED],
        "a-Scene-003": [GREEN, GREEN],
        "b-Scene-001": [GREEN, BLUE, BLUE],
    }
    for name, colours in expected.items():
        paths = sorted(frames.glob(f"{name}-*.jpg"))
        assert len(paths) == len(colours)
        for path, colour in zip(paths, colours, strict=True):
            with Image.open(path) as image:
                assert image.size == (853, 480)
                assert like(np.asarray(image.convert("RGB")).astype(int)[240, 400], colour), path.name
    page, mturk = tmp_path / "verification/annotate.html", tmp_path / "verification/mturk.html"
    source = Job(tasks=tasks, frames=str(frames), page=ANNOTATE, mturk=PAGES / "mturk.html")
    make_annotation_page.main(job(input=source, output=Job(page=page, mturk=mturk), params=params))
    study, made = read_tasks(tasks)
    data = data_of(page)
    assert (data["study"], data["folder"]) == (study, "my votes")
    rows = data["tasks"]
    assert rows["id"] == [task.shot.shot_id for task in made] == list(pd.read_csv(tasks)["shot_id"])
    assert rows["labels"] == [list(task.labels) for task in made]
    assert [len(urls) for urls in rows["frames"]] == [len(expected[name]) for name in rows["id"]]
    assert all(url.startswith("data:image/jpeg") for urls in rows["frames"] for url in urls)
    place = rows["id"].index("b-Scene-001")
    assert (rows["start"][place], rows["end"][place]) == (0.5, 1.0)
    assert (page.parent / rows["film"][place]).samefile(video.path)
    assert "score" not in page.read_text().partition('id="data"')[2].partition("</script>")[0]
    columns = {f"${{{name}}}" for name in TASK_COLUMNS}
    used = {f"${{{part.partition('}')[0]}}}" for part in mturk.read_text().split("${")[1:]}
    assert used <= columns and {f"${{{name}}}" for name in LABEL_COLUMNS} < used


def test_a_task_whose_clip_fails_now_is_left_out(tmp_path, make_video, caplog):
    video = make_video([(RED, 12)], clip_id="clip_0000")
    write_manifest([video.clip, Clip("clip_0001", "gone.mp4")], tmp_path / "manifest.csv")
    shots = make_shots(2, per_clip=1).assign(start_frame=0, end_frame=12)
    make_tasks(shots).to_csv(tmp_path / "tasks.csv", index=False)
    params = Job(manifest=tmp_path / "manifest.csv", votes=None)
    picture_tasks.main(job(input=Job(tasks=tmp_path / "tasks.csv"), output=[tmp_path / "frames"], params=params))
    source = Job(tasks=tmp_path / "tasks.csv", frames=tmp_path / "frames", page=ANNOTATE, mturk=PAGES / "mturk.html")
    output = Job(page=tmp_path / "annotate.html", mturk=tmp_path / "mturk.html")
    make_annotation_page.main(job(input=source, output=output, params=params))
    assert "1 task(s) have no pictures" in caplog.text
    assert data_of(tmp_path / "annotate.html")["tasks"]["id"] == ["clip_0000-Scene-001"]


def test_many_frames_stay_beside_the_page(tmp_path, monkeypatch, caplog):
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames/a-1.jpg").write_bytes(b"1234")
    assert place_frames(tmp_path / "frames", tmp_path / "p.html")["a-1"].startswith("data:image/jpeg;base64,")
    monkeypatch.setattr(make_annotation_page, "MAX_INLINED_BYTES", 3)
    assert place_frames(tmp_path / "frames", tmp_path / "p.html") == {"a-1": "frames/a-1.jpg"}
    assert "hand out" in caplog.text


def test_no_text_can_break_out_of_the_data(tmp_path):
    make_tasks(make_shots(5)).to_csv(tmp_path / "plain.csv", index=False)
    make_tasks(make_shots(5).assign(label_1=HOSTILE)).to_csv(tmp_path / "tasks.csv", index=False)
    pages = [
        write_annotation_page(tmp_path / f"{name}.html", *read_tasks(tmp_path / f"{name}.csv"), run=run, folder=run)
        for name, run in (("plain", "run"), ("tasks", HOSTILE[0]))
    ]
    assert Reader(pages[0].read_text()).tags == Reader(pages[1].read_text()).tags
    assert [labels[0] for labels in data_of(pages[1])["tasks"]["labels"]] == list(HOSTILE)


def test_salts_are_long_private_and_not_alike(tmp_path):
    salts = [Path(tmp_path, name) for name in ("a.txt", "b.txt")]
    for path in salts:
        make_salt.main(Job(output=[path]))
    texts = [path.read_text().strip() for path in salts]
    assert texts[0] != texts[1] and all(len(text) == 64 for text in texts)
    assert salts[0].stat().st_mode & 0o077 == 0

"""Shot detection equals PySceneDetect's own, in decode indices; lists of one's own are honoured or refused."""

import json

import numpy as np
import pytest
import scenedetect
import yaml
from scenedetect.detector import SceneDetector

from scripts.lib.jobs.errors import UserError
from scripts.lib.media.video import Video
from scripts.lib.records.clips import Clip
from scripts.lib.records.shots import Shot, listed_shots, read_shot_list
from scripts.shots.detect_shots import detect_shots
from scripts.shots.detection import DETECTORS, detect_cuts, make_detector
from tests.helpers import ROOT


class AllDetectors(SceneDetector):
    """Every detector side by side in one pass, with the cuts of each kept in seconds."""

    def __init__(self):
        super().__init__()
        self.detectors = {"content 30": make_detector("content", {"threshold": 30})}
        self.detectors |= {name: make_detector(name, {}) for name in DETECTORS}
        self.cuts = {name: set() for name in self.detectors}

    @property
    def event_buffer_length(self):
        return max(detector.event_buffer_length for detector in self.detectors.values())

    def process_frame(self, timecode, frame_img):
        return self._gather(lambda detector: detector.process_frame(timecode, frame_img))

    def post_process(self, timecode):
        return self._gather(lambda detector: detector.post_process(timecode))

    def _gather(self, ask):
        found = {name: ask(detector) for name, detector in self.detectors.items()}
        for name, cuts in found.items():
            self.cuts[name] |= {cut.seconds for cut in cuts}
        return sorted({cut for cuts in found.values() for cut in cuts})


def our_cuts(clip, detector):
    """Cuts of a clip on our decoder."""
    with Video(clip) as video:
        return detect_cuts(video, detector)


def their_cuts(path, detector):
    """Cuts of a file by PySceneDetect's API and its own decoder: the reference."""
    scenes = scenedetect.detect(str(path), detector, start_in_scene=True)
    return [start.frame_num for start, _ in scenes[1:]]


def assert_all_detectors_agree(path):
    """Each detector finds the same on our decoder as through PySceneDetect's API."""
    ours, theirs = AllDetectors(), AllDetectors()
    found = our_cuts(Clip("c", str(path)), ours)
    expected = their_cuts(path, theirs)
    assert found == [cut for cut in expected if cut]
    for name in ours.cuts:
        assert np.allclose(sorted(ours.cuts[name]), sorted(theirs.cuts[name]), rtol=0, atol=2e-3), name
    return ours


def run(clips, **arguments):
    """`detect_shots` with the paper's detector unless told otherwise."""
    defaults = {"root": None, "detector": "content", "parameters": {"threshold": 30}, "workers": 2}
    return detect_shots(clips, **(defaults | arguments))


def spans(shots):
    """Start and end frames of shots."""
    return [(shot.start_frame, shot.end_frame) for shot in shots]


@pytest.mark.parametrize(("codec", "suffix"), [("libx264", ".mp4"), ("libvpx-vp9", ".webm"), ("mpeg4", ".avi")])
def test_rendered_cuts_are_found_to_the_frame(make_video, codec, suffix):
    """Known cuts come out, also at 25 frames a second in containers that round times; detectors agree."""
    rendered = make_video([(1, 40), ((20, 20, 200), 30), (2, 16), (3, 60)], fps=25, codec=codec, suffix=suffix)
    assert our_cuts(rendered.clip, make_detector("content", {})) == rendered.cuts == [40, 70, 86]
    detectors = assert_all_detectors_agree(rendered.path)
    assert len(detectors.cuts["hash"]) >= 2


def test_fades_are_found_as_by_the_api(make_video):
    """The threshold detector, which cuts in the middle of a fade, agrees too."""
    fade = [((level, level, level), 1) for level in (*range(200, 0, -10), *range(0, 200, 10))]
    rendered = make_video([(1, 30), *fade, (2, 30), *fade, (3, 20)], fps=30)
    detectors = assert_all_detectors_agree(rendered.path)
    assert len(detectors.cuts["threshold"]) == 2


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("skv_bikes.mp4", 5),
        ("slhck_scenecut_test.mp4", 7),
        ("cve_vid1.mp4", 0),
        ("tc_h265_video.mp4", 0),
        ("fw_video-15s.avi", 4),
        ("mpy_big_buck_bunny_0_30.webm", 4),
        ("nosferatu_localdiplo.mp4", 9),
        ("sintel_trailer_threejs.mp4", 18),
    ],
)
def test_all_detectors_agree_with_the_api_on_real_clips(shared_data, name, at_least):
    """Content at 27 and 30, adaptive, hash, histogram and threshold give PySceneDetect's cuts."""
    detectors = assert_all_detectors_agree(shared_data / "videos" / name)
    assert len(set().union(*detectors.cuts.values())) >= at_least


# Found by PySceneDetect 0.5.6, the authors' version, with its defaults. A cut that comes too early is ignored
# (226 after 225), and at 24 frames per second 14 are long enough (660 to 674).
RELEASE_CUTS = {
    "katna_pos_video.mp4": [45, 165, 293],
    "mpy_big_buck_bunny_0_30.webm": [283, 376, 551],
    "nosferatu_localdiplo.mp4": [],
    "sintel_trailer_threejs.mp4": [15, 225, 288, 336, 398, 422, 437, 519, 573, 623, 660, 674, 721, 740, 773, 1016],
    "skv_bikes.mp4": [30, 76, 137, 187, 242],
    "slhck_scenecut_test.mp4": [24, 49, 74, 99, 124, 149, 174],
}
SEEN_BY_EYE = ("skv_bikes.mp4", "slhck_scenecut_test.mp4", "mpy_big_buck_bunny_0_30.webm")


@pytest.mark.parametrize("name", RELEASE_CUTS)
def test_the_papers_settings_find_the_cuts_of_the_release(shared_data, name):
    """Cut for cut as PySceneDetect 0.5.6; of three clips these are the hard cuts that people have verified."""
    shots = yaml.safe_load((ROOT / "config/default.yaml").read_text(encoding="utf-8"))["shots"]
    clip = Clip("c", str(shared_data / "videos" / name))
    _, found = run([clip], detector=shots["detector"], parameters=shots["parameters"][shots["detector"]])
    assert [shot.start_frame for shot in found[1:]] == RELEASE_CUTS[name]
    if name in SEEN_BY_EYE:
        assert RELEASE_CUTS[name] == json.loads((shared_data / "videos" / "cuts.json").read_text())[name]["hard"]


@pytest.mark.parametrize("name", ["demo", "tag", "paper"])
def test_all_shipped_runs_of_clips_detect_as_the_paper(name):
    assert "shots" not in yaml.safe_load((ROOT / f"config/{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("length", "cuts"),
    [({"seconds_in_whole_frames": 0.6}, [30, 44]), (14, [30, 44]), (15, [30]), (0.6, [30]), (0.58, [30, 44])],
)
def test_the_shortest_length_is_in_frames_seconds_or_whole_frames_of_seconds(make_video, length, cuts):
    """A shot of 14 frames at 24 per second is long enough for int(0.6 * 24) frames, but lasts less than 0.6 s."""
    rendered = make_video([(1, 30), (2, 14), (3, 30)], fps=24)
    _, shots = run([rendered.clip], parameters={"min_scene_len": length, "filter_mode": "suppress"})
    assert [shot.start_frame for shot in shots[1:]] == cuts


def test_cuts_of_a_variable_rate_clip_are_decode_indices(shared_data):
    """PySceneDetect's frame numbers there come from times and name no frame; ours hit the true cuts."""
    truth = json.loads((shared_data / "videos" / "cuts.json").read_text())["katna_pos_video.mp4"]
    path = shared_data / "videos" / "katna_pos_video.mp4"
    found = our_cuts(Clip("c", str(path)), make_detector("content", {"threshold": 30}))
    assert len(found) >= 3
    assert set(found) <= set(truth["hard"])
    assert their_cuts(path, make_detector("content", {})) != found


def test_cuts_of_a_rendered_variable_rate_clip_are_decode_indices(make_video):
    """The same where everything is known: frames that last four times as long shift nothing."""
    seconds = np.cumsum([0.04] * 40 + [0.16] * 40 + [0.02] * 60) - 0.04
    rendered = make_video([(1, 30), (2, 40), (3, 50), (4, 20)], times=seconds.tolist())
    found = our_cuts(rendered.clip, make_detector("content", {"min_scene_len": 0.3}))
    assert found == rendered.cuts == [30, 70, 120]


def test_whole_frames_of_a_variable_rate_are_of_its_average(make_video):
    """Five frames of 0.16 s are long enough for 0.6 s at about 24 frames per second, twenty of 0.02 s are not."""
    seconds = np.cumsum([0.04] * 40 + [0.16] * 5 + [0.02] * 20 + [0.04] * 40)
    rendered = make_video([(1, 40), (2, 5), (3, 20), (4, 40)], times=[0, *seconds[:-1].tolist()])
    parameters = {"min_scene_len": {"seconds_in_whole_frames": 0.6}, "filter_mode": "suppress"}
    _, shots = run([rendered.clip], parameters=parameters)
    assert spans(shots) == [(0, 40), (40, 45), (45, 105)]


def test_shots_cover_the_clip_and_carry_its_times(make_video):
    """Shots meet without gap from the first frame to the last, and times are those of the frames."""
    rendered = make_video([(1, 30), (2, 40), (3, 26)], delay=1.0, clip_id="film")
    rows, shots = run([rendered.clip])
    assert (rows[0]["status"], rows[0]["reason"], rows[0]["n_frames"]) == ("ok", "", 96)
    assert spans(shots) == [(0, 30), (30, 70), (70, 96)]
    assert [shot.shot_id for shot in shots] == ["film-Scene-001", "film-Scene-002", "film-Scene-003"]
    edges = [0, 30 / 24, 70 / 24, 96 / 24]
    assert np.allclose([shot.start_time for shot in shots], edges[:-1], atol=1e-3)
    assert np.allclose([shot.end_time for shot in shots], edges[1:], atol=1e-3)


def test_a_window_is_detected_like_a_clip_of_its_own(make_video):
    """Frames and times of a window's shots count from the window's first frame."""
    rendered = make_video([(1, 48), (2, 48), (3, 48)])
    _, shots = run([Clip("w", rendered.path, start_time=1.0, end_time=5.0)])
    assert spans(shots) == [(0, 24), (24, 72), (72, 96)]
    assert shots[1].start_time == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_clip_without_cuts_is_one_shot(make_video, detector):
    """Also a clip of one frame, with every detector."""
    for n_frames in (1, 40):
        rendered = make_video([((90, 90, 90), n_frames)])
        rows, shots = run([rendered.clip], detector=detector, parameters={})
        assert rows[0]["status"] == "ok"
        assert spans(shots) == [(0, n_frames)]


def test_bad_files_never_stop_the_others(make_video, tmp_path):
    """Missing, damaged and empty files become rows with reasons; order and the rest are untouched."""
    good = make_video([(1, 30), (2, 30)], clip_id="good")
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "empty.mp4").touch()
    bad = [Clip(name, str(tmp_path / f"{name}.mp4")) for name in ("noise", "empty", "gone")]
    last = Clip("last", good.path)
    rows, shots = run([bad[0], good.clip, *bad[1:], last])
    assert [row["clip_id"] for row in rows] == ["noise", "good", "empty", "gone", "last"]
    assert [row["status"] for row in rows] == ["failed", "ok", "failed", "failed", "ok"]
    assert all(len(row["reason"]) > 15 for row in rows if row["status"] == "failed")
    assert "unexpected" not in "".join(row["reason"] for row in rows)
    assert [(shot.clip_id, shot.start_frame) for shot in shots] == [
        ("good", 0),
        ("good", 30),
        ("last", 0),
        ("last", 30),
    ]


def test_a_clip_with_fewer_frames_than_announced_is_used_with_a_remark(shared_data):
    """What is there is used, and the user is told what is not."""
    rows, shots = run([Clip("c", str(shared_data / "videos" / "cve_vid1.mp4"))])
    assert rows[0]["status"] == "ok"
    assert "only 56 of the 74 frames" in rows[0]["reason"]
    assert shots[-1].end_frame == 56


def test_unknown_detectors_and_parameters_are_named_with_the_nearest(make_video):
    """A typing error stops the job at once and says what was meant."""
    clips = [Clip("c", "nowhere.mp4")]
    with pytest.raises(UserError, match=r"no 'treshold'; did you mean 'threshold'\?"):
        run(clips, parameters={"treshold": 30})
    with pytest.raises(UserError, match=r"adaptive detector has no 'threshold'; did you mean 'adaptive_threshold'\?"):
        run(clips, detector="adaptive", parameters={"threshold": 3})
    with pytest.raises(UserError, match=r"'contents' is unknown; did you mean 'content'"):
        run(clips, detector="contents")
    with pytest.raises(UserError, match="rejects"):
        run(clips, parameters={"filter_mode": "melt"})


def test_converted_parameters_reach_the_detector(make_video):
    """Weights, filter mode and method are objects in PySceneDetect: written as text they have the same effect."""
    rendered = make_video([((200, 30, 30), 30), ((30, 200, 30), 30), ((90, 90, 90), 30)])
    by_colour = {"weights": [1, 0, 0, 0], "filter_mode": "suppress", "threshold": 20}
    reference = scenedetect.ContentDetector(
        20,
        weights=scenedetect.ContentDetector.Components(1, 0, 0, 0),
        filter_mode=scenedetect.detectors.content_detector.FlashFilter.Mode.SUPPRESS,
    )
    assert our_cuts(rendered.clip, make_detector("content", by_colour)) == their_cuts(rendered.path, reference)
    assert make_detector("threshold", {"method": "ceiling"}).method.name == "CEILING"


LISTS = {
    "frames": "clip_id,start_frame,end_frame\nfilm,10,20\nfilm,0,10\nfilm,40,60\n",
    "times": "clip_id,start_time,end_time\nfilm,0.4167,0.8333\nfilm,0,0.4167\nfilm,1.667,99\n",
}


@pytest.mark.parametrize("unit", LISTS)
def test_a_list_of_ones_own_replaces_detection(make_video, tmp_path, unit):
    """By frames or by rounded times, in any order, with gaps; other clips of the shard lack shots and say so."""
    path = tmp_path / "shots.csv"
    path.write_text(LISTS[unit])
    film = make_video([(1, 30), (2, 30)], clip_id="film")
    rows, shots = run([Clip("other", film.path), film.clip], shot_list=path)
    assert spans(shots) == [(0, 10), (10, 20), (40, 60)]
    assert [shot.number for shot in shots] == [1, 2, 3]
    assert shots[0] == Shot("film", 1, 0, 10, 0.0, pytest.approx(10 / 24, abs=1e-3))
    assert (rows[0]["status"], rows[1]["status"]) == ("failed", "ok")
    assert "no shot of this clip" in rows[0]["reason"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("film,0,20\nfilm,19,30", "overlap at frame 19"),
        ("film,0,20\nfilm,60,70", "no frame of this clip, which has 60"),
    ],
)
def test_listed_shots_that_do_not_fit_fail_their_clip_alone(make_video, tmp_path, lines, reason):
    """Overlaps and shots beyond the end are a reason in the clip's row."""
    path = tmp_path / "shots.csv"
    film = make_video([(1, 60)], clip_id="film")
    path.write_text(f"clip_id,start_frame,end_frame\n{lines}\nother,0,60\n")
    rows, shots = run([film.clip, Clip("other", film.path)], shot_list=path)
    assert reason in rows[0]["reason"]
    assert [row["status"] for row in rows] == ["failed", "ok"]
    assert spans(shots) == [(0, 60)]


def test_a_shot_list_with_faults_names_them_all(tmp_path):
    """Every bad line is listed with its number, and missing columns with what was found."""
    path = tmp_path / "shots.csv"
    path.write_text("clip_id,start_time,end_time\na,0,1\na,5,2\na,nan,9\na,x,9\na,3\na,-1,4\na,1,inf\n")
    with pytest.raises(UserError) as refusal:
        read_shot_list(path)
    assert [number for number in range(2, 9) if f"line {number}:" in str(refusal.value)] == [3, 4, 5, 6, 7, 8]
    path.write_text("clip,start_time,end_frame\n")
    with pytest.raises(UserError, match="it has clip, start_time, end_frame"):
        read_shot_list(path)


def test_the_bar_knows_its_total_before_it_starts(shared_data, make_video, tmp_path, capsys):
    """Headers tell it; where they are wrong, or a clip cannot be used, it still ends full."""
    lying = Clip("lying", str(shared_data / "videos" / "cve_vid1.mp4"))
    run([make_video([(1, 40)]).clip, Clip("gone", str(tmp_path / "gone.mp4")), lying])
    bar = capsys.readouterr().err.replace("\r", "\n").splitlines()
    states = [line for line in bar if line.startswith("Detecting shots")]
    assert "| 0/114 [" in states[0]
    assert "100%" in states[-1] and "| 96/96 [" in states[-1]


def test_shots_are_chosen_by_any_of_several_tables(tmp_path):
    (tmp_path / "train.csv").write_text("shot_id,labels\na,bar\nb,bar\n")
    (tmp_path / "tasks.csv").write_text("study,shot_id\n1,b\n1,c\n")
    assert listed_shots([tmp_path / "train.csv", tmp_path / "tasks.csv"]) == {"a", "b", "c"}
    (tmp_path / "val.csv").write_text("shot\nd\n")
    with pytest.raises(UserError, match=r"val\.csv: it lacks the column\(s\) shot_id"):
        listed_shots([tmp_path / "val.csv"])

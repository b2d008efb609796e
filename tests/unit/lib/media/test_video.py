"""The decoder: every frame, at its time, upright, and a reason where there is none."""

import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from scripts.lib.media.video import UnreadableClip, Video, copy_pictures
from scripts.lib.records.clips import Clip

# No user should have to read these.
TRACEBACK_WORDS = ("Errno", "Error", "Traceback", "0x", "None", "<")

# Not AV1, of which there is a real clip: as root, its encoder takes the processors from all others (SCHED_FIFO).
CONTAINERS = [
    ("libx264", ".mp4", {"g": "12", "bf": "2"}),
    ("libx264", ".ts", {"g": "12"}),
    ("libx264", ".mov", {"g": "12", "x264-params": "open-gop=1"}),
    ("libx265", ".mp4", {"g": "12", "x265-params": "log-level=none:pools=1"}),
    ("libvpx-vp9", ".webm", {"g": "12"}),
    ("mpeg4", ".avi", {"g": "12"}),
]
CONTAINER_IDS = [f"{codec}{suffix}" for codec, suffix, _ in CONTAINERS]


def decode(clip):
    """All pixels, times and what the pass has shown."""
    with Video(clip) as video:
        pixels = [frame.bgr() for frame in video]
        return pixels, list(video.times), video.info()


def decode_with_opencv(path):
    """The independent reference: OpenCV's frames, which it turns upright by itself."""
    capture = cv2.VideoCapture(str(path))
    pixels = []
    while (picture := capture.read())[0]:
        pixels.append(picture[1])
    capture.release()
    return pixels


def same(ours, theirs):
    """Whether two lists of pictures are equal, bit for bit."""
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


@pytest.mark.parametrize(("codec", "suffix", "options"), CONTAINERS, ids=CONTAINER_IDS)
def test_every_frame_arrives_at_its_time(make_video, codec, suffix, options):
    """No frame is lost at either end, whatever the codec, and times count from the first frame."""
    delay = 0.0 if suffix == ".avi" else 0.5  # AVI has no timestamps to begin late with
    rendered = make_video([(0, 17), (1, 20)], codec=codec, suffix=suffix, options=options, delay=delay)
    pixels, times, info = decode(rendered.clip)
    assert np.allclose(times, rendered.times, rtol=0, atol=1e-3)
    assert (info.n_frames, info.fps, info.vfr, info.rotation) == (37, 24.0, False, 0)
    assert (info.width, info.height) == (160, 96)
    assert info.duration == pytest.approx(37 / 24, abs=2e-3)
    for decoded, painted in zip(pixels, rendered.pictures, strict=True):
        assert np.abs(decoded[..., ::-1].astype(int) - painted).mean() < 20


@pytest.mark.parametrize(("codec", "suffix", "options"), CONTAINERS, ids=CONTAINER_IDS)
def test_a_window_has_exactly_the_frames_of_its_interval(make_video, codec, suffix, options):
    """Seeking may start anywhere before the window, but never shows in the frames or their times."""
    rendered = make_video([(0, 30), (1, 42)], codec=codec, suffix=suffix, options=options)
    whole, times, _ = decode(rendered.clip)
    middle = times[41]
    for start, end in [(1.0, 2.0), (0.49, None), (None, 1.3), (2.2, 2.5), (middle, times[42]), (0.0, times[1])]:
        inside = [i for i, time in enumerate(times) if (start or 0) - 1e-3 <= time < (end or 9) - 1e-3]
        pixels, window_times, info = decode(Clip("w", rendered.path, start_time=start, end_time=end))
        assert same(pixels, [whole[i] for i in inside]), (start, end)
        assert np.allclose(window_times, [times[i] - times[inside[0]] for i in inside], atol=1e-9)
        assert info.n_frames_header is None


def parts_equal_the_whole(clip, starts):
    """Where parts from these frames on begin; they must have the indices, times and pixels of a whole pass."""
    with Video(clip) as video:
        whole = [(frame.index, frame.time, zlib.crc32(frame.rgb())) for frame in video]
    begun = []
    for start in starts(len(whole)):
        with Video(clip) as video:
            part = [(frame.index, frame.time, frame.rgb()) for frame in video.frames_from(*whole[start][:2])]
        begun.append(part[0][0])
        assert [(index, time, zlib.crc32(pixels)) for index, time, pixels in part] == whole[begun[-1] :], start
    return begun


@pytest.mark.parametrize("window", [{}, {"start_time": 0.7, "end_time": 2.2}], ids=["file", "window"])
@pytest.mark.parametrize(("codec", "suffix", "options"), CONTAINERS, ids=CONTAINER_IDS)
def test_a_part_has_the_frames_of_a_whole_pass(make_video, codec, suffix, options, window):
    """From any frame on, key frame or not; what precedes it is not decoded where a file can be sought."""
    delay = 0.0 if suffix == ".avi" else 0.5
    rendered = make_video([(0, 30), (1, 42)], codec=codec, suffix=suffix, options=options, delay=delay)
    clip = Clip("c", rendered.path, **window)
    begun = parts_equal_the_whole(clip, lambda n_frames: range(0, n_frames, 5))
    # A transport stream has no index: near its start nothing earlier is found.
    assert begun[4:] == list(range(20, 5 * len(begun), 5)) and set(begun[:4]) <= {0, 5, 10, 15}


def test_a_part_of_a_variable_rate_clip(make_video):
    """Times between frames differ, and the first frame comes late."""
    seconds = np.cumsum(np.random.default_rng(0).choice([0.01, 0.04, 0.3], 90)).tolist()
    rendered = make_video([(0, 90)], times=seconds, delay=2.0, audio=True, options={"g": "20"})
    assert parts_equal_the_whole(rendered.clip, lambda n_frames: [0, 19, 20, 41, 89]) == [0, 19, 20, 41, 89]


def test_a_part_of_a_file_without_timestamps_is_decoded_from_the_first_frame(make_video, tmp_path):
    """A raw stream cannot be sought."""
    path = tmp_path / "raw.h264"
    copy_pictures(make_video([(0, 30), (1, 30)], options={"g": "12", "bf": "0"}).path, path)
    assert parts_equal_the_whole(Clip("c", str(path)), lambda n_frames: [0, 17, 40]) == [0, 0, 0]


@pytest.mark.parametrize(
    "name",
    [
        *("cve_vid1.mp4", "fw_video-15s.avi", "katna_pos_video.mp4", "mpy_big_buck_bunny_0_30.webm"),
        *("nosferatu_localdiplo.mp4", "skv_bikes.mp4", "slhck_scenecut_test.mp4", "tc_av1_video.mkv"),
        "tc_h265_video.mp4",
    ],
)
def test_parts_of_real_clips(shared_data, name):
    """Files of other encoders: variable rate, damaged at the end, long distances between key frames."""
    clip = Clip("c", str(shared_data / "videos" / name))
    parts_equal_the_whole(clip, lambda n_frames: [n_frames // 3, n_frames * 9 // 10])


def test_windows_of_variable_rate_and_delayed_files(make_video):
    """A window's seconds count from the file's first frame, also when that comes late and sound does not."""
    seconds = [0.0, 0.04, 0.08, 0.5, 0.54, 0.58, 1.6, 1.64, 1.68, 1.72]
    rendered = make_video([(0, 10)], times=seconds, delay=2.0, audio=True, options={"g": "3"})
    whole, times, info = decode(rendered.clip)
    assert np.allclose(times, seconds, rtol=0, atol=1e-4)
    assert info.vfr
    pixels, window_times, _ = decode(Clip("w", rendered.path, start_time=0.5, end_time=1.65))
    assert same(pixels, whole[3:8])
    assert np.allclose(window_times, [0, 0.04, 0.08, 1.1, 1.14], atol=1e-4)


def test_a_window_without_frames_says_so(make_video):
    """A window past the end is a clip that cannot be used, not a crash or an empty clip."""
    rendered = make_video([(0, 10)])
    with pytest.raises(UnreadableClip, match="no frame lies in the window from 30 s to the end"):
        decode(Clip("w", rendered.path, start_time=30.0))


def test_variable_frame_rate_is_flagged_and_a_constant_one_is_not(make_video):
    """One long interval makes a rate variable; timestamps rounded to milliseconds do not."""
    steady = make_video([(0, 40)], fps=30, suffix=".mkv")
    uneven = make_video([(0, 40)], fps=30, times=[i / 30 + (0.1 if i > 20 else 0) for i in range(40)])
    assert not decode(steady.clip)[2].vfr
    pixels, times, info = decode(uneven.clip)
    assert info.vfr
    assert len(pixels) == 40
    assert times[21] - times[20] == pytest.approx(1 / 30 + 0.1, abs=1e-4)


def test_sizes_and_durations_of_a_single_frame(make_video):
    """A clip of one frame has a duration, and odd sizes are kept."""
    _, times, info = decode(make_video([(3, 1)], size=(33, 17), pixel_format="yuv444p").clip)
    assert (times, info.n_frames, info.width, info.height) == ([0.0], 1, 33, 17)
    assert info.duration == pytest.approx(1 / 24, abs=1e-3)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_clips_are_turned_upright(make_video, rotation):
    """Phones film sideways: pixels and size are those that a viewer, and OpenCV, sees."""
    rendered = make_video([(5, 4)], size=(160, 96), rotation=rotation)
    pixels, _, info = decode(rendered.clip)
    reference = decode_with_opencv(rendered.path)
    assert same(pixels, reference)
    assert (info.height, info.width) == reference[0].shape[:2]
    assert info.rotation in (rotation, 360 - rotation)
    assert not np.array_equal(pixels[0], decode(make_video([(5, 4)], size=(160, 96)).clip)[0][0])


@pytest.mark.parametrize("rotation", [0, 90, 180])
def test_scaled_pictures_are_upright_too(make_video, rotation):
    """Width and height are meant after the rotation, and the content is that of the whole picture."""
    with Video(make_video([(5, 4)], size=(160, 96), rotation=rotation).clip) as video:
        for frame in video:
            small, whole = frame.rgb((48, 27)), frame.rgb()
            assert small.shape == (27, 48, 3)
            away = [
                np.abs(small - cv2.resize(turned, (48, 27), interpolation=cv2.INTER_AREA).astype(float)).mean()
                for turned in (whole, whole[::-1], whole[:, ::-1])
            ]
            assert away[0] < min(away[1:]) / 2


def test_pictures_are_scaled_as_ffmpegs_program_scales_them(make_video):
    """Published networks have seen such pictures: its filter `scale` with its default, bicubic.

    At the edges of colours, where these have half the resolution, its pictures differ a little.
    """
    rendered = make_video([(5, 4)], size=(160, 96), pixel_format="yuv444p")
    graph = av.filter.Graph()
    with av.open(rendered.path) as container, Video(rendered.clip) as video:
        source = graph.add_buffer(template=container.streams.video[0])
        graph.link_nodes(source, graph.add("scale", "48:27"), graph.add("format", "rgb24"), graph.add("buffersink"))
        graph.configure()
        for frame, picture in zip(video, container.decode(video=0), strict=True):
            graph.push(picture)
            assert np.array_equal(frame.rgb((48, 27)), graph.pull().to_ndarray())


def test_pixels_equal_opencvs(make_video):
    """PySceneDetect's published behaviour rests on OpenCV's pixels, so ours are the same bit for bit."""
    rendered = make_video([(0, 30), (1, 30)], size=(314, 178), options={"g": "20"})
    assert same(decode(rendered.clip)[0], decode_with_opencv(rendered.path))


@pytest.mark.parametrize("name", ["skv_bikes.mp4", "slhck_scenecut_test.mp4", "tc_h265_video.mp4", "cve_vid1.mp4"])
def test_pixels_of_real_clips_equal_opencvs(shared_data, name):
    """As above, on files of other encoders; one has fewer frames than its header announces."""
    path = shared_data / "videos" / name
    assert same(decode(Clip("c", str(path)))[0], decode_with_opencv(path))


def test_header_and_decoded_counts_are_told_apart(shared_data):
    """A file that promises 74 frames and gives 56 is recognised as such."""
    _, _, info = decode(Clip("c", str(shared_data / "videos" / "cve_vid1.mp4")))
    assert (info.n_frames_header, info.n_frames) == (74, 56)


def test_a_real_variable_rate_clip_is_flagged(shared_data):
    """The flag comes on for katna's clip, whose frames OpenCV counts as we do."""
    path = shared_data / "videos" / "katna_pos_video.mp4"
    with Video(Clip("c", str(path))) as video:
        assert sum(1 for _ in video) == 379
        assert video.info().vfr


def test_av1_and_ten_bits_decode(shared_data):
    """AV1, of which OpenCV reads nothing, and 10-bit H.264 give 8-bit pictures that are not blank."""
    for path, expected in [("videos/tc_av1_video.mkv", 125), ("broken_videos/tc_h264_10bits.mp4", 30)]:
        pixels, _, info = decode(Clip("c", str(shared_data / path)))
        assert info.n_frames == len(pixels) == expected
        assert pixels[expected // 2].dtype == np.uint8
        assert pixels[expected // 2].std() > 10


def test_ten_bit_pictures_are_the_eight_bit_ones(make_video):
    """Ten bits are scaled down, not cut off or wrapped around."""
    eight = decode(make_video([(7, 3)], codec="libx265").clip)[0]
    ten = decode(make_video([(7, 3)], codec="libx265", pixel_format="yuv420p10le").clip)[0]
    assert np.abs(eight[1].astype(int) - ten[1]).mean() < 6


BROKEN = [
    "decord_corrupted.mp4",
    "decord_video_0.mov",
    "decord_video_90.mov",
    "fw_audio-1s.wav",
    "mpy_no_duration.webm",
    "mpy_video-with-dash.mp4",
    "mpy_zero_length_result.webm",
    "psd_delayed_start.mp4",
    "small_AudioVideoInterleave.avi",
    "small_Mpeg4.mp4",
    "small_gif.gif",
    "tc_h264_10bits.mp4",
]


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_give_frames_or_a_reason(shared_data, name):
    """Twelve inputs of other projects' bug reports: all frames that OpenCV gets, or words for a person."""
    path = shared_data / "broken_videos" / name
    reference = decode_with_opencv(path)
    try:
        pixels, times, info = decode(Clip("c", str(path)))
    except UnreadableClip as reason:
        assert not reference, f"OpenCV reads {len(reference)} frames of what is refused with {reason}"
        assert len(str(reason)) > 15
        assert not any(word in str(reason) for word in TRACEBACK_WORDS), reason
        return
    assert info.n_frames == len(pixels) >= len(reference) > 0
    assert times[0] == 0
    assert (np.diff(times) > 0).all()
    assert all(picture.shape == (info.height, info.width, 3) for picture in pixels)
    assert same(pixels[: len(reference) - 1], reference[:-1])


@pytest.mark.parametrize("name", ["decord_corrupted.mp4"])
def test_damaged_pictures_are_the_same_each_time(shared_data, name):
    """What FFmpeg puts in place of lost data must not depend on the machine's cores."""
    clip = Clip("damaged", str(shared_data / "broken_videos" / name))
    digests = {tuple(zlib.crc32(frame.bgr().tobytes()) for frame in Video(clip)) for _ in range(2)}
    assert len(digests) == 1


@pytest.mark.parametrize("content", [b"", b"no video at all" * 40, b"\x00\x00\x00\x20ftypisom" + bytes(600)])
def test_files_that_are_no_video_are_refused_with_a_reason(tmp_path, content):
    """Empty files, text and headers without a body are told in words."""
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableClip) as refusal:
        decode(Clip("c", str(path)))
    assert str(tmp_path) not in str(refusal.value)
    assert not any(word in str(refusal.value) for word in TRACEBACK_WORDS)


def test_missing_files_and_folders_are_refused_with_a_reason(tmp_path):
    """The path is told where the file is missing, and a folder is not taken for a file."""
    with pytest.raises(UnreadableClip, match=r"does not exist: .*nowhere\.mp4"):
        Video(Clip("c", "nowhere.mp4"), str(tmp_path))
    with pytest.raises(UnreadableClip, match="File name too long"):
        Video(Clip("x", "x" * 300), str(tmp_path))
    with pytest.raises(UnreadableClip, match="not a file"):
        Video(Clip("c", "."), str(tmp_path))


def test_a_list_of_other_files_is_no_video(tmp_path, make_video):
    """FFmpeg would read the named file in its place, whatever it is called."""
    video = make_video([(0, 5)])
    listing = video.path.replace("clip.mp4", "list.mp4")
    Path(listing).write_text("ffconcat version 1.0\nfile clip.mp4\n")
    with pytest.raises(UnreadableClip, match=r"a list of other files \(concat\)"):
        decode(Clip("c", listing))
    with av.open(listing) as followed:
        assert len(list(followed.decode(video=0))) == 5


def test_a_truncated_file_gives_its_first_frames(make_video):
    """A download that broke off is used as far as it goes."""
    rendered = make_video([(0, 60)], suffix=".mkv", options={"g": "6"})
    whole = decode(rendered.clip)[0]
    with open(rendered.path, "r+b") as stream:
        stream.truncate(int(stream.seek(0, 2) * 0.6))
    pixels, times, info = decode(rendered.clip)
    assert 20 < info.n_frames < 55
    assert same(pixels[:-1], whole[: len(pixels) - 1])
    assert np.allclose(times, rendered.times[: len(times)], atol=1e-3)

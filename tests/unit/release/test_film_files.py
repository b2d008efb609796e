"""What the exports of the films rendered elsewhere do not have: dropped frames, and names that are not ASCII."""

import opentimelineio as otio
import pytest
from pympi import Eaf

from scripts.lib.records.timecodes import SMPTE_RATES, smpte
from scripts.release.film_files import Entry, write_eaf, write_edl, write_otio


def entry(value, first, last, rate):
    start, end = (round(1000 * frame / SMPTE_RATES[rate]) for frame in (first, last))
    return Entry(value, start, end, first, last)


@pytest.mark.parametrize("rate", SMPTE_RATES)
def test_edl_and_otio_keep_frames_at_every_rate(tmp_path, rate):
    """Of hours; a drop-frame list says so."""
    media = tmp_path / "film.mov"
    spans = [(0, 1), (1798, 1800), (17982, 17983), (1_000_000, 1_100_001)]
    tiers = {"scene": [entry(f"place {first}", first, last, rate) for first, last in spans], "shot": []}
    write_edl(tmp_path / "a.edl", tiers, media, rate)
    text = (tmp_path / "a.edl").read_text()
    assert text.splitlines()[1] == ("FCM: DROP FRAME" if "drop" in rate else "FCM: NON-DROP FRAME")
    codes = [line.split()[4:] for line in text.splitlines() if line[:3].isdigit()]
    assert codes == [[smpte(frame, rate) for frame in span] * 2 for span in spans]
    edl = otio.adapters.read_from_string(text, "cmx_3600", rate=float(SMPTE_RATES[rate]))
    write_otio(tmp_path / "a.otio", tiers, media, rate)
    timeline = otio.adapters.read_from_file(str(tmp_path / "a.otio"))
    for clips in (edl.find_clips(), timeline.tracks[0].find_clips()):
        ranges = [(clip.source_range.start_time.value, clip.source_range.end_time_exclusive().value) for clip in clips]
        assert ranges == spans
        assert [clip.name for clip in clips] == [f"place {first}" for first, _ in spans]


def test_any_file_name_can_be_linked(tmp_path):
    """Also one that is not UTF-8; the same content gives the same file."""
    media = tmp_path / "Кино 100% \udcff.mkv"
    for name in ("a", "b"):
        write_eaf(tmp_path / f"{name}.eaf", {"scene": [entry("café", 0, 24, "24")]}, media)
        write_otio(tmp_path / f"{name}.otio", {"scene": [entry("café", 0, 24, "24")]}, media, "24")
    assert (tmp_path / "a.eaf").read_bytes() == (tmp_path / "b.eaf").read_bytes()
    eaf = Eaf(tmp_path / "a.eaf")
    (linked,) = eaf.get_linked_files()
    assert linked["MEDIA_URL"].startswith("file:///") and linked["MEDIA_URL"].endswith("100%25%20%FF.mkv")
    assert eaf.get_annotation_data_for_tier("scene")[0][:3] == (0, 1000, "café")
    (clip,) = otio.adapters.read_from_file(str(tmp_path / "b.otio")).find_clips()
    assert clip.media_reference.target_url == linked["MEDIA_URL"]

"""Time codes against another way of counting them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.lib.records.timecodes import SMPTE_RATES, clock, file_frames, find_smpte_rate, smpte


def count_codes(n_frames: int, nominal: int, dropped: int) -> list[str]:
    """The codes of the first frames: a counter that leaves out the first numbers of nine minutes in ten."""
    codes, second, number, mark = [], 0, 0, ";" if dropped else ":"
    while len(codes) < n_frames:
        if not (number < dropped and second % 60 == 0 and second // 60 % 10):
            codes.append(f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}{mark}{number:02d}")
        number += 1
        if number == nominal:
            second, number = second + 1, 0
    return codes


@pytest.mark.parametrize("rate", SMPTE_RATES)
def test_codes_are_those_of_a_counter(rate):
    """Every frame of eleven minutes; the first hour of drop frame ends where the clock's does."""
    nominal = round(SMPTE_RATES[rate])
    dropped = nominal // 15 if "drop" in rate else 0
    codes = count_codes(11 * 60 * nominal, nominal, dropped)
    assert [smpte(frame, rate) for frame in range(len(codes))] == codes
    if dropped:
        assert smpte(round(3600 * SMPTE_RATES[rate]), rate) in ("01:00:00;00", "00:59:59;29", "00:59:59;59")


@given(st.integers(0, 100 * 3600 * 1000 - 1))
def test_the_clock_is_read_back(milliseconds):
    hours, minutes, seconds = clock(milliseconds / 1000).split(":")
    assert round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000) == milliseconds
    assert len(seconds) == 6 and float(seconds) < 60 and int(minutes) < 60


@given(st.sampled_from(sorted(SMPTE_RATES)), st.integers(0, 500_000), st.integers(0, 500_000))
def test_a_constant_rate_is_found_and_frames_are_those_of_the_file(rate, window, frame):
    """Of a clip that begins at any frame of its file, by times as a container rounds them."""
    exact = SMPTE_RATES[rate]
    offset, times = np.array([round(float(window / exact), 3)]), np.array([round(float(frame / exact), 3)])
    frames = np.array([frame])
    assert find_smpte_rate(round(float(exact), 6), False, offset, frames, times) == (rate, "")
    assert file_frames(offset, frames, rate).tolist() == [window + frame]


def test_a_file_without_a_smpte_rate_is_told_why():
    offset, frames = np.zeros(3), np.array([0, 100, 200])
    assert find_smpte_rate(24.0, True, offset, frames, frames / 24)[1] == "the frame rate varies"
    assert find_smpte_rate(17.92, False, offset, frames, frames / 17.92)[1].endswith("for 17.92 frames per second")
    # A damaged file, of which frames are missing.
    late = frames / 24 + np.array([0, 0, 2])
    assert "not those of 24" in find_smpte_rate(24.0, False, offset, frames, late)[1]
    assert find_smpte_rate(23.976, False, offset, frames, frames * 1001 / 24000)[0] == "23.976"

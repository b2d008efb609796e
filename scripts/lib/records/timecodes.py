"""Time codes: of the clock, and of SMPTE."""

from fractions import Fraction

import numpy as np
import opentimelineio as otio

# Frame rates with SMPTE time codes, by their names. Drop frame, which keeps to the clock, where there is one.
SMPTE_RATES = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97 drop frame": Fraction(30000, 1001),
    "30": Fraction(30),
    "48": Fraction(48),
    "50": Fraction(50),
    "59.94 drop frame": Fraction(60000, 1001),
    "60": Fraction(60),
}
# Share by which a container's average rate may differ; 24 and 23.976 differ by twice as much.
RATE_TOLERANCE = 0.0005


def clock(seconds: float) -> str:
    """`HH:MM:SS.mmm`, to the nearest millisecond."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return "{:02d}:{:02d}:{:02d}.{:03d}".format(*divmod(minutes, 60), *divmod(milliseconds, 1000))


def find_smpte_rate(
    fps: float, is_variable: bool, offset: np.ndarray, frames: np.ndarray, times: np.ndarray
) -> tuple[str, str]:
    """Name of the SMPTE rate in `SMPTE_RATES` that a file has, and why it has none; one of the two is empty.

    Args:
        fps, is_variable: the average frame rate, and whether it varies.
        offset, frames, times: some frames of clips, on which the rate is tried: seconds of their clip's first frame in
            the file, decode index and seconds in the clip, (N,) each.
    """
    if is_variable:
        return "", "the frame rate varies"
    name, rate = min(((name, float(rate)) for name, rate in SMPTE_RATES.items()), key=lambda item: abs(item[1] - fps))
    if abs(rate - fps) > RATE_TOLERANCE * rate:
        return "", f"SMPTE has no time codes for {fps:g} frames per second"
    if (np.abs((offset + times) * rate - file_frames(offset, frames, name)) > 0.5).any():
        return "", f"the times of the frames are not those of {name} frames per second"
    return name, ""


def file_frames(offset: np.ndarray, frames: np.ndarray, rate: str) -> np.ndarray:
    """0-based frames in a file, (N,), of `frames` of clips that begin `offset` seconds after its first frame."""
    return np.rint(offset * float(SMPTE_RATES[rate])).astype(int) + frames


def smpte(frame: int, rate: str) -> str:
    """`HH:MM:SS:FF` of a 0-based frame; `;` before the frames of a drop-frame code.

    Args:
        rate: name in `SMPTE_RATES`.
    """
    return otio.opentime.RationalTime(frame, float(SMPTE_RATES[rate])).to_timecode()

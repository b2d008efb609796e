"""The files of one film: WebVTT for players, ELAN's EAF, OpenTimelineIO, and EDL."""

import html
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio
from pympi import Eaf

from scripts.lib.records.timecodes import SMPTE_RATES, clock

MILLISECONDS = 1000
# ELAN's files have a date; the same content gives the same file.
DATE = "1970-01-01T00:00:00+00:00"
# EDL's name of a source of which no tape is known.
REEL = "AX"


@dataclass(frozen=True)
class Entry:
    """Something that a tier says about a part of a film, in two units, both from the file's first frame, end exclusive.

    Attributes:
        start, end: milliseconds.
        first, last: frames; 0 in a file without a SMPTE rate.
    """

    value: str
    start: int
    end: int
    first: int
    last: int


# Entries by tier, in order and without overlap.
Tiers = Mapping[str, Sequence[Entry]]


def write_vtt(path: Path, tiers: Tiers) -> None:
    """Cues `tier: value`, of all tiers in the order of time."""
    cues = [(entry, tier) for tier, entries in tiers.items() for entry in entries]
    lines = ["WEBVTT\n"]
    for entry, tier in sorted(cues, key=lambda cue: cue[0].start):
        times = " --> ".join(clock(time / MILLISECONDS) for time in (entry.start, entry.end))
        lines.append(f"{times}\n{html.escape(f'{tier}: {entry.value}', quote=False)}\n")
    path.write_text("\n".join(lines), encoding="utf-8")


def write_eaf(path: Path, tiers: Tiers, media: Path) -> None:
    """A tier of ELAN for each tier, linked to the media file."""
    eaf = Eaf(author="")
    eaf.adocument["DATE"] = DATE
    eaf.add_linked_file(_url(media), mimetype=mimetypes.guess_type(media.name)[0] or "video/*")
    for tier, entries in tiers.items():
        eaf.add_tier(tier)
        for entry in entries:
            eaf.add_annotation(tier, entry.start, entry.end, entry.value)
    eaf.remove_tier("default")
    eaf.to_file(path)


def write_otio(path: Path, tiers: Tiers, media: Path, rate: str) -> None:
    """A track for each tier, at the SMPTE rate of this name; in milliseconds without one."""
    otio.adapters.write_to_file(_timeline(path.stem, tiers, media, rate), str(path), "otio_json")


def write_edl(path: Path, tiers: Tiers, media: Path, rate: str) -> None:
    """A CMX 3600 list of the first tier, each entry at its own time of source and of record; `rate` as before."""
    first = dict(list(tiers.items())[:1])
    text = otio.adapters.write_to_string(_timeline(path.stem, first, media, rate), "cmx_3600", reelname_len=None)
    mode = "DROP FRAME" if rate.endswith("drop frame") else "NON-DROP FRAME"
    title, rest = text.split("\n", 1)
    path.write_text(f"{title}\nFCM: {mode}\n{rest}", encoding="utf-8")


def _timeline(name: str, tiers: Tiers, media: Path, rate: str) -> otio.schema.Timeline:
    ticks = float(SMPTE_RATES[rate]) if rate else MILLISECONDS
    timeline = otio.schema.Timeline(name)
    for tier, entries in tiers.items():
        track, position = otio.schema.Track(tier, kind=otio.schema.TrackKind.Video), 0
        for entry in entries:
            start, end = (entry.first, entry.last) if rate else (entry.start, entry.end)
            if start > position:
                track.append(otio.schema.Gap(duration=otio.opentime.RationalTime(start - position, ticks)))
            source = otio.schema.ExternalReference(_url(media))
            track.append(otio.schema.Clip(entry.value, source, _range(start, end, ticks), {"cmx_3600": {"reel": REEL}}))
            position = end
        timeline.tracks.append(track)
    return timeline


def _range(start: int, end: int, rate: float) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(*(otio.opentime.RationalTime(ticks, rate) for ticks in (start, end - start)))


def _url(media: Path) -> str:
    return media.absolute().as_uri()

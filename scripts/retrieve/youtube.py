"""YouTube's reasons why a video is unavailable, and whether to try again."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One reason.

    Attributes:
        status: its name in tables.
        pattern: regular expression for its messages, in lower case.
        waits: seconds before each further attempt; empty if the video itself is the reason.
        stops_after: number of consecutive videos after which the job ends; 0 for never.
        remedy: what the user can do.
    """

    status: str
    pattern: str
    waits: tuple[float, ...] = ()
    stops_after: int = 0
    remedy: str = ""


# The first match counts: a rate limit also says "Video unavailable".
REFUSALS = (
    Refusal(
        "rate_limit",
        r"rate.?limited|too many requests|http error 429|isn.{1,3}t available, try again later",
        waits=(60,),
        stops_after=1,
        remedy="too many videos in a short time: wait some hours",
    ),
    Refusal(
        "bot_wall",
        r"confirm you.{1,3}re not a bot|not a robot|captcha",
        waits=(60,),
        stops_after=1,
        remedy="YouTube does not trust this network address: wait some hours, or use another network",
    ),
    Refusal("private", r"private video|video is private"),
    Refusal(
        "region",
        r"in your country|your country|in your location|geo.?restrict|not available from your location",
        remedy="the video is available in other countries",
    ),
    Refusal("age", r"confirm your age|age.restricted", remedy="the video is for signed-in adults"),
    Refusal("members", r"members.only|join this channel|requires payment|purchase|premium", remedy="paid for"),
    Refusal("format", r"requested format is not available|no video formats found", remedy="update yt-dlp"),
    Refusal(
        "removed",
        r"video unavailable|removed by|has been (removed|terminated)|account associated|copyright|no longer available"
        r"|does not exist|is not available|isn.{1,3}t available|this video is unavailable|incomplete youtube id",
    ),
    Refusal(
        "network",
        r"timed out|timeout|connection|resolve|unreachable|ssl|http error (403|408|5\d\d)|unable to download"
        r"|incomplete ?read|downloaded file is empty|fragment|more expected|any data",
        waits=(5, 30),
        stops_after=3,
        remedy="the network failed, or yt-dlp is too old",
    ),
)
UNKNOWN = Refusal("failed", "", remedy="see the reason; a newer yt-dlp may help")


def classify(message: str) -> Refusal:
    """The refusal that matches a message of yt-dlp."""
    text = message.lower()
    return next((refusal for refusal in REFUSALS if re.search(refusal.pattern, text)), UNKNOWN)


def plain(message: str) -> str:
    """A message of yt-dlp in one line, without colours, prefix, and advice on yt-dlp's options."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", message).split())
    text = re.sub(r"^ERROR: ", "", text)
    text = re.sub(r"^\[[\w:+-]+\] (?:[A-Za-z0-9_-]{6,}: )?", "", text)
    return re.split(r"[.;] (?:Use --|See +https|It is recommended|Learn more|please report this)|\(caused by", text)[
        0
    ].strip()


def watch_url(video_id: str) -> str:
    """The URL of a video; a bare id may begin with `-`, like an option."""
    return f"https://www.youtube.com/watch?v={video_id}"

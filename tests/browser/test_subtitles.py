"""WebVTT beside the film that it was made for."""

from pathlib import Path

import pytest

from scripts.release.film_files import Entry, write_vtt

# A page from disk may play a film from disk, but not read a track from there.
LOAD = """async ([film, text]) => {
  const video = document.createElement("video");
  video.src = film;
  const track = document.createElement("track");
  track.src = "data:text/vtt;charset=utf-8," + encodeURIComponent(text);
  track.default = true;
  video.append(track);
  document.body.append(video);
  const arrived = (target, event) => new Promise((done, failed) => {
    target.addEventListener(event, done);
    target.addEventListener("error", () => failed(new Error(`no ${event}`)));
  });
  await Promise.all([arrived(video, "loadeddata"), arrived(track, "load")]);
  const cues = [...track.track.cues].map((cue) => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent]);
  video.currentTime = 1.25;
  await arrived(video, "seeked");
  while (!track.track.activeCues.length) await new Promise(requestAnimationFrame);
  return [video.duration, cues, [...track.track.activeCues].map((cue) => cue.startTime)];
}"""


def test_chromium_shows_the_cues_beside_the_film(open_page, make_video, tmp_path):
    film = make_video([(1, 24), (2, 24), (3, 24)], suffix=".webm", codec="libvpx-vp9")
    spans = [(0, 1000), (1000, 2000), (2000, 3000)]
    values = ["kitchen", "bar & <grill>", "street --> sea"]
    shots = [Entry(value, *span, 0, 0) for value, span in zip(values, spans, strict=True)]
    write_vtt(tmp_path / "film.vtt", {"scene": [Entry("kitchen", 0, 3000, 0, 0)], "shot": shots})
    (tmp_path / "empty.html").write_text("<!doctype html><title>film</title>")
    page = open_page(tmp_path / "empty.html")
    text = (tmp_path / "film.vtt").read_text(encoding="utf-8")
    duration, cues, active = page.page.evaluate(LOAD, [Path(film.path).as_uri(), text])
    assert duration == pytest.approx(3, abs=0.1)
    expected = [(*span, f"shot: {value}") for span, value in zip(spans, values, strict=True)]
    expected.insert(0, (0, 3000, "scene: kitchen"))
    assert [(1000 * start, 1000 * end, told) for start, end, told in cues] == expected
    # Those of the scene and of the second shot.
    assert active == [0, 1]

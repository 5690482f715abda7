"""Pages with players, for one's own machine, and pages that are passed on, without."""

import hashlib
import io
import re
from base64 import b64encode

import numpy as np
import pytest
import soundfile
from bs4 import BeautifulSoup

from lib import rich_output
from lib.errors import ReportError
from lib.rich_output import SOUNDS, Sound, read_sounds
from lib.site.build import build, build_local
from lib.workflow.cli import main
from tests.site import OFFERED, make_with_sound, offering


@pytest.fixture
def study(tmp_path):
    return make_with_sound(tmp_path)


def test_pages_that_are_passed_on_hold_no_sound_and_say_how_to_get_it(study):
    build(study)
    page = BeautifulSoup((study.results / "05_error_analysis.html").read_text(), "html.parser")
    assert page.select_one("p.sounds").get_text().startswith("To hear them, run make listen STUDY=fake")
    assert not page.find(["audio", "script"]) and not list(study.results.rglob("*.mp3"))
    assert "a song" not in page.get_text()


def test_the_local_pages_play_stretches_of_the_files_and_touch_no_results(study):
    before = {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()}
    index = build_local(study)
    assert index == study.work / "listen" / "index.html"
    assert {path: path.read_bytes() for path in study.results.rglob("*") if path.is_file()} == before
    page = BeautifulSoup((index.parent / "05_error_analysis.html").read_text(), "html.parser")
    texts = [box.get_text(" ", strip=True) for box in page.select(".sound")]
    assert texts[0] == "Folk, taken for Rock: <b>Song & 0</b> $x$ , Electronic artist 0, CC BY"
    assert "It cannot be played: the file does not exist" in texts[1] and "does not hold it" in texts[2]
    (audio,) = page.find_all("audio")
    assert audio["preload"] == "none" and audio["aria-label"] == "<b>Song & 0</b> $x$, 6 s"
    assert (index.parent / audio["data-picture"]).is_file() and "timeline" in audio["data-picture"]
    assert (audio["data-left"], audio["data-right"]) == ("0.1250", "0.8750")
    y, rate = soundfile.read(io.BytesIO((index.parent / audio["src"]).read_bytes()))
    assert rate == 22050 and 5.9 < len(y) / rate < 6.2
    assert np.abs(y).max() > 0.1 and abs(y[0]) < 0.02  # it plays, and does not click
    assert (index.parent / "figures" / "timeline.svg").is_file()


def test_the_only_script_is_named_by_its_hash(study):
    index = build_local(study)
    text = (index.parent / "05_error_analysis.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    named = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{named}'" in text
    assert not re.search(r"<script|script-src", index.read_text())  # a page without a playhead needs none


def test_what_a_notebook_offers_comes_back_as_it_was(capsys):
    assert read_sounds(offering(OFFERED)[SOUNDS]) == OFFERED
    assert type(Sound("a", start_s=np.float32(1.5)).start_s) is float
    rich_output.offer([])
    assert capsys.readouterr().out == ""
    good = {"track_id": "a"}
    wrong = [
        {"about": "x"},
        *({**good, **bad} for bad in ({"start_s": "x"}, {"start_s": -1}, {"length_s": float("nan")})),
    ]
    wrong += [good | {"span": [1]}, good | {"span": [0, 2]}, {"track_id": ["a"]}]
    for broken in (None, {}, *({"sounds": [one]} for one in wrong)):
        with pytest.raises(ReportError, match="Run it again"):
            read_sounds(broken)


def test_a_study_without_slices_is_an_error(study, capsys):
    (study.slices / "slices.json").unlink()
    assert main(["listen", "--study", study.name, "--root", str(study.root)]) == 1
    assert "02_spectrogram_slicing" in (output := capsys.readouterr().err) and "Traceback" not in output
    assert not (study.work / "listen").exists()


def test_the_command_says_where_the_pages_are(study, capsys):
    assert main(["listen", "--study", study.name, "--root", str(study.root)]) == 0
    assert capsys.readouterr().out.strip() == str(study.work / "listen" / "index.html")


@pytest.mark.browser
def test_a_line_runs_over_the_picture_whose_sound_plays(study, browser):
    page = browser.new_page()
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto((build_local(study).parent / "05_error_analysis.html").as_uri())
    line = page.locator(".playhead")
    assert line.count() == 1 and not line.is_visible()
    audio, places = page.locator("audio"), []
    audio.evaluate("audio => { audio.preload = 'auto'; audio.load(); }")

    def wait(until: str) -> None:  # the page's policy forbids playwright's own way of waiting
        for _ in range(200):
            if audio.evaluate(until):
                return
            page.wait_for_timeout(100)
        pytest.fail(until)

    wait("audio => audio.readyState > 2")
    for share in (0.25, 0.5, 0.9):
        audio.evaluate("(audio, share) => { audio.currentTime = share * audio.duration; }", share)
        wait("audio => !audio.seeking")
        page.wait_for_timeout(200)
        places.append(line.evaluate("line => line.offsetLeft"))
    left, width = page.locator(".picture img").evaluate("image => [image.offsetLeft, image.clientWidth]")
    assert line.is_visible() and messages == []
    assert places == pytest.approx([left + width * share for share in (0.3125, 0.5, 0.8)], abs=1.5)
    page.close()

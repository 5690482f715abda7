"""The built site in a browser: nothing loaded from elsewhere, readable by everyone, on every width.

Both a small site with hostile texts and the committed pages of real music are looked at, in Debian's Chromium and with
axe-core from npm. Where one of these is missing the tests skip; with ``BROWSER_TESTS=required`` they fail instead.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lib.paths import PROJECT, Study
from lib.site.build import build_local
from tests.conftest import unavailable
from tests.site import HOSTILE, make_with_sound, pages, parsed

pytestmark = pytest.mark.browser

AXE = "axe-core@4.14.1"
LARGEST = 1_500_000  # bytes of a page with its pictures; sounds are only loaded when somebody plays them


@pytest.fixture(scope="session")
def axe(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("npm")
    if shutil.which("npm") is None:
        unavailable("npm is not installed, so axe-core cannot be had (Debian: apt install npm)")
    command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, AXE]
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    except subprocess.SubprocessError as error:
        unavailable(f"npm could not bring {AXE}: {error} {(getattr(error, 'stderr', '') or '')[-300:]}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Site:
    """The pages of a study, by address."""

    folder: Path
    pages: dict

    def address(self, page: str) -> str:
        return (self.folder / page).as_uri()


@pytest.fixture(scope="session", params=["made", "sounding", pytest.param("emotify", marks=pytest.mark.committed)])
def site(request, tmp_path_factory) -> Site:
    if request.param == "sounding":
        index = build_local(make_with_sound(tmp_path_factory.mktemp("sounding")))
        return Site(index.parent, parsed(index.parent))
    study = request.getfixturevalue("built") if request.param == "made" else Study("emotify", PROJECT)
    if not (study.results / "index.html").is_file():
        pytest.skip(f"{study.results} holds no pages")
    return Site(study.results, pages(study))


@dataclass
class Look:
    """What one page showed in one window."""

    requests: list  # addresses
    messages: list  # console, errors and dialogs
    text: str
    width: int  # of the content
    drawn: bool  # every image
    violations: list  # axe's


SCREENS = {"desk": (1280, "light"), "phone": (360, "dark")}
OF_THE_SCREEN = ("color-contrast", "target-size")  # axe's rules whose outcome depends on colours or width


def visit(browser, site: Site, page: str, **settings):
    """Open one page in a context of its own; return it, its requests and its console messages."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings)
    opened, requests, messages = context.new_page(), [], []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: messages.append(message.text))
    opened.on("pageerror", lambda error: messages.append(str(error)))
    opened.on("dialog", lambda dialog: (messages.append(f"dialog {dialog.message}"), dialog.dismiss()))
    opened.goto(site.address(page), wait_until="load")
    return opened, requests, messages


@pytest.fixture(scope="session")
def looks(browser, site, axe) -> dict[str, dict[str, Look]]:
    """Every page on every screen, each opened once; of the pages of single runs, which look alike, the first two."""
    runs = [page for page in site.pages if page.startswith("runs/")]
    found: dict[str, dict[str, Look]] = {screen: {} for screen in SCREENS}
    for page in (page for page in site.pages if page not in runs[2:]):
        opened, requests, messages = visit(browser, site, page, viewport={"width": 1280, "height": 800})
        for screen, (width, scheme) in SCREENS.items():
            opened.set_viewport_size({"width": width, "height": 800})
            opened.emulate_media(color_scheme=scheme)
            text = opened.locator("body").inner_text()
            drawn = opened.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
            content = opened.evaluate("document.documentElement.scrollWidth")
            look = Look(list(requests), list(messages), text, content, drawn, [])
            opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            options = {"resultTypes": ["violations"], "preload": False}
            if screen == "desk":
                opened.evaluate(axe)
            else:
                options |= {"runOnly": {"type": "rule", "values": OF_THE_SCREEN}}
            look.violations = opened.evaluate("options => axe.run(options)", options)["violations"]
            found[screen][page] = look
        opened.context.close()
    return found


def local(address: str) -> Path:
    parts = urlsplit(address)
    assert parts.scheme in ("file", "data"), address
    return Path(unquote(parts.path)) if parts.scheme == "file" else Path()


def test_a_page_loads_only_what_lies_beside_it_and_little_of_that(site, looks):
    for page, look in looks["desk"].items():
        assert look.messages == [], (page, look.messages)
        files = {local(address) for address in look.requests} - {Path()}
        assert all(file.is_relative_to(site.folder) and file.is_file() for file in files), page
        assert sum(file.stat().st_size for file in files) < LARGEST, page
        assert look.drawn, page


def test_a_page_says_the_same_without_scripts(browser, site, looks):
    for page, look in looks["desk"].items():
        if site.pages[page].find("script") is None:
            continue
        opened, _, _ = visit(browser, site, page, viewport={"width": 1280, "height": 800}, java_script_enabled=False)
        assert opened.locator("body").inner_text() == look.text, page
        assert len(look.text) > 200, page
        opened.context.close()


def test_no_page_scrolls_sideways_on_a_phone(looks):
    assert {page: look.width for page, look in looks["phone"].items() if look.width > SCREENS["phone"][0]} == {}


@pytest.mark.parametrize("screen", SCREENS)
def test_no_page_keeps_anyone_out(looks, screen):
    for page, look in looks[screen].items():
        grave = [
            one for one in look.violations if one["impact"] in ("serious", "critical") or one["id"].startswith("color")
        ]
        assert not grave, (page, [(one["id"], one["nodes"][0]["html"][:300]) for one in grave])


def test_hostile_texts_stay_texts(browser, built):
    site = Site(built.results, pages(built))
    for page in ("index.html", "01_data_acquisition.html"):
        opened, _, messages = visit(browser, site, page, bypass_csp=True)  # nothing but the cleaning stands in its way
        assert messages == [] and HOSTILE.partition("</script>")[0] in opened.locator("main").inner_text()
        assert opened.locator("main script, main [onclick], main [onerror]").count() == 0
        opened.context.close()


def test_every_relative_link_and_anchor_leads_somewhere(site):
    for page, soup in site.pages.items():
        for element in soup.find_all(["a", "img", "link", "source", "audio"]):
            target = element.get("href") or element.get("src")
            parts = urlsplit(target)
            if parts.scheme:
                continue
            path = (site.folder / page).parent / unquote(parts.path) if parts.path else site.folder / page
            assert path.is_file(), (page, target)
            if parts.fragment:
                other = site.pages[path.resolve().relative_to(site.folder).as_posix()]
                assert other.find(id=unquote(parts.fragment)) is not None, (page, target)


def test_the_committed_pages_hold_no_message_and_no_error():
    study = Study("emotify", PROJECT)
    for name, soup in pages(study).items():
        text = soup.get_text()
        for sign in ("Messages of the run", "Traceback", "Warning:"):
            assert sign not in text, f"{name}: {sign}"
    audio = [path for path in study.results.rglob("*") if path.suffix in (".mp3", ".ogg", ".wav", ".flac")]
    assert not audio


def test_what_is_committed_of_results_stays_small():
    listed = subprocess.run(["git", "ls-files", "-z", "results"], cwd=PROJECT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("no repository here to list what is committed")
    paths = [PROJECT / name for name in listed.stdout.decode().split("\0") if name]
    assert paths
    assert sum(path.stat().st_size for path in paths if path.is_file()) < 15e6

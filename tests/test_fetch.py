import shutil
import zipfile
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest

from lib.datasets.download.archives import BrokenError, extract, need_space, open_archive
from lib.datasets.download.remote import Remote
from lib.datasets.download.retry import TransientError, retry
from lib.errors import ReportError
from tests.loopback import Faults, serve

RNG = np.random.default_rng(0)
CLIPS = {f"music/{n:03d}.mp3": RNG.integers(0, 256, 150_000, dtype=np.uint8).tobytes() for n in range(4)}
BODY = RNG.integers(0, 256, 700_000, dtype=np.uint8).tobytes()
MUCH = 1_000_000


def packed(members, method=zipfile.ZIP_BZIP2) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return held.getvalue()


ZIP = packed(CLIPS.items())


def remote(server, path="/a.zip", **patience):
    return Remote(server.address + path, **{"sleep": lambda seconds: None} | patience)


@pytest.fixture(params=["here", "there"])
def opened(request, tmp_path):
    """Open a zip archive given as bytes, on this machine or on a server."""
    with serve({}) as server:

        def open_(body: bytes):
            if request.param == "there":
                server.files["/a.zip"] = body
                return open_archive(remote(server))
            (tmp_path / "a.zip").write_bytes(body)
            return open_archive(tmp_path / "a.zip")

        yield open_


class TestRemote:
    def test_a_range_is_what_the_file_holds_there(self):
        with serve({"/a.zip": BODY}) as server:
            file = remote(server)
            assert (file.size, file.ranges, file.name) == (len(BODY), True, "a.zip")
            assert file.read(100, 200_000) == BODY[100:200_000]

    @pytest.mark.parametrize(
        "faults", [{"cut": 0.7}, {"error": 0.4}, {"cut": 0.5, "error": 0.3, "pause_s": 0.01}, {"busy": 3}]
    )
    def test_a_bad_connection_ends_in_the_same_bytes(self, faults):
        with serve({"/a.zip": BODY}, Faults(**faults)) as server:
            file = remote(server, tries=20)
            came = []
            file.received = came.append
            assert file.read(1, len(BODY)) == BODY[1:]
        assert sum(came) == len(BODY) - 1  # what came before a connection broke is not requested again

    def test_without_ranges_the_whole_file_comes_and_is_begun_anew(self, tmp_path):
        (tmp_path / "a").write_bytes(b"something else")
        with serve({"/a.zip": BODY}, Faults(ranges=False, cut=0.5)) as server:
            file = remote(server, tries=20)
            assert (file.size, file.ranges) == (len(BODY), False)
            file.save(tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == BODY

    def test_a_server_that_never_recovers_is_given_up(self):
        with serve({"/a.zip": BODY}, Faults(error=1.0)) as server:
            with pytest.raises(ReportError, match=r"/a.zip: the server answered 500\. .* kept; .* later"):
                remote(server).read(0, 1)
            assert len(server.requests) == 6

    @pytest.mark.parametrize(
        ("path", "message"), [("/none.zip", r"/none.zip: there is no such file \(404\)"), ("", "must begin with http")]
    )
    def test_a_wrong_address_names_itself(self, path, message):
        with serve({"/a.zip": BODY}) as server, pytest.raises(ReportError, match=message):
            Remote(server.address + path if path else "ftp://somewhere").read(0, 1)

    def test_a_refusal_names_address_and_remedy(self):
        with serve({"/a.zip": BODY}, Faults(refuse=403)) as server:
            with pytest.raises(ReportError, match=r"/a.zip: the server refused \(403\). Check the address, or get"):
                remote(server).read(0, 1)
            assert len(server.requests) == 1

    def test_nobody_at_the_address(self):
        with serve({}) as server:
            pass
        with pytest.raises(ReportError, match="does not accept connections"):
            remote(server).read(0, 1)

    def test_a_pause_that_is_requested_is_kept_up_to_a_limit(self):
        waited = []
        with serve({"/a.zip": BODY}, Faults(busy=2, retry_after="7")) as server:
            assert remote(server, sleep=waited.append).size
        assert waited == [7, 7]
        with (
            serve({"/a.zip": BODY}, Faults(busy=1, retry_after="86400")) as server,
            pytest.raises(ReportError, match="asks to wait 86400 s"),
        ):
            remote(server, sleep=waited.append).read(0, 1)
        assert waited == [7, 7]


def test_tries_are_counted_and_pauses_grow_within_bounds():
    waited = []

    def call():
        raise TransientError("no")

    with pytest.raises(TransientError, match=r"^no$"):
        retry(call, "x", tries=9, sleep=waited.append)
    assert len(waited) == 8
    assert 0 <= max(waited) <= 20


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", None), (None, None)]
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header, seconds):
    assert TransientError("busy", header).after_s == seconds


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_come_out_as_they_went_in(opened, tmp_path, method):
    archive = opened(packed(CLIPS.items(), method))
    assert archive.namelist() == list(CLIPS)
    for name, body in CLIPS.items():
        extract(archive, name, tmp_path / "out" / name, largest=MUCH)
        assert (tmp_path / "out" / name).read_bytes() == body
    assert not list((tmp_path / "out").rglob(".*"))


def test_only_what_is_requested_comes_over_the_network(tmp_path):
    with serve({"/a.zip": ZIP}) as server:
        file, came = remote(server), []
        file.received = came.append
        for _ in range(3):  # the directory comes once, whoever opens the archive
            extract(open_archive(file), "music/001.mp3", tmp_path / "a", largest=MUCH)
        assert server.sent < 530_000 < len(ZIP)
        assert server.sent == sum(came) + 1


@pytest.mark.parametrize("place", ["member", "directory"])
def test_a_wrong_byte_on_the_way_is_noticed(tmp_path, place):
    name = b"music/001.mp3"
    at = ZIP.index(name) + 5000 if place == "member" else ZIP.rindex(name) + 3
    with serve({"/a.zip": ZIP}, Faults(flips=1, flip_at=at)) as server:
        file = remote(server)
        with pytest.raises(BrokenError, match="damaged in a.zip" if place == "member" else "not in a.zip"):
            extract(open_archive(file), name.decode(), tmp_path / "a", largest=MUCH)
        assert not list(tmp_path.iterdir())
        file.forget()
        extract(open_archive(file), name.decode(), tmp_path / "a", largest=MUCH)
    assert (tmp_path / "a").read_bytes() == CLIPS[name.decode()]


def test_a_wrong_byte_that_makes_a_directory_unreadable_is_requested_again():
    with serve({"/a.zip": ZIP}, Faults(flips=1, flip_at=ZIP.index(b"PK\x01\x02"))) as server:
        assert open_archive(remote(server)).namelist() == list(CLIPS)
        assert not server.faults.flips


def test_a_wrong_byte_in_the_archive_breaks_that_member_alone(opened, tmp_path):
    body = bytearray(ZIP)
    body[160_000] ^= 0xFF
    archive = opened(bytes(body))
    with pytest.raises(BrokenError, match=r"damaged in a\.zip"):
        extract(archive, "music/001.mp3", tmp_path / "a", largest=MUCH)
    assert not list(tmp_path.glob("*a"))
    extract(archive, "music/002.mp3", tmp_path / "b", largest=MUCH)
    assert (tmp_path / "b").read_bytes() == CLIPS["music/002.mp3"]


def test_members_beyond_their_bounds_are_refused(opened, tmp_path):
    large = RNG.integers(0, 256, MUCH + 1, dtype=np.uint8).tobytes()
    archive = opened(packed([("bomb.mp3", bytes(900_000)), ("large.mp3", large), ("good.mp3", b"music")]))
    for name, why in (("bomb.mp3", "200 times"), ("large.mp3", "more than the 1000000"), ("absent.mp3", "not in")):
        with pytest.raises(BrokenError, match=why):
            extract(archive, name, tmp_path / "a", largest=MUCH)
    extract(archive, "good.mp3", tmp_path / "a", largest=MUCH)
    assert (tmp_path / "a").read_bytes() == b"music"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("says", [1000, 600_000])
def test_a_directory_that_lies_about_a_size_gets_nothing_written(opened, tmp_path, method, says):
    body = bytearray(packed([("a.mp3", RNG.integers(0, 4, 500_000, dtype=np.uint8).tobytes())], method))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = says.to_bytes(4, "little")
    with pytest.raises(BrokenError, match="damaged"):
        extract(opened(bytes(body)), "a.mp3", tmp_path / "a", largest=MUCH)
    assert not [path for path in tmp_path.iterdir() if path.name != "a.zip"]


def test_names_that_lead_elsewhere_are_only_names(opened, tmp_path):
    """Nothing is ever written to where a member's name says."""
    names = ["../../escape.mp3", "/escape.mp3", "a\\..\\escape.mp3"]
    archive = opened(packed([(name, b"x") for name in names]))
    for number, name in enumerate(names):
        extract(archive, name, tmp_path / "deep" / "er" / f"{number}.mp3", largest=MUCH)
    written = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.mp3")]
    assert sorted(written) == [f"deep/er/{number}.mp3" for number in range(3)]


def test_a_check_comes_before_the_name(opened, tmp_path):
    def check(path):
        assert path.read_bytes() == CLIPS["music/001.mp3"]
        raise ReportError("not the one that was published")

    with pytest.raises(ReportError, match="not the one"):
        extract(opened(ZIP), "music/001.mp3", tmp_path / "b", largest=MUCH, check=check)
    assert not (tmp_path / "b").exists()


def test_trouble_of_this_machine_is_not_the_archives(opened, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match=r"Not a directory|File exists"):
        extract(opened(ZIP), "music/001.mp3", tmp_path / "file" / "a", largest=MUCH)


def test_a_password_is_named(opened, tmp_path):
    body = bytearray(packed([("a.mp3", b"music")]))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(sign) + offset] |= 1
    with pytest.raises(BrokenError, match="password"):
        extract(opened(bytes(body)), "a.mp3", tmp_path / "a", largest=MUCH)


@pytest.mark.parametrize("body", [b" ", b"<html>not here</html>" * 100, ZIP[:-30], ZIP[: len(ZIP) // 2]])
def test_what_is_no_zip_archive_is_named(opened, body):
    with pytest.raises(ReportError, match=r"a\.zip is no whole zip archive"):
        opened(body)


def test_a_full_disk_is_reported_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=300 * 1024**2))
    need_space(tmp_path / "not" / "yet", 10 * 1024**2, "10 clips")
    with pytest.raises(ReportError, match=r"10 clips need 100.0 MiB and 256.0 MiB to spare, but 300.0 MiB are free"):
        need_space(tmp_path / "not" / "yet", 100 * 1024**2, "10 clips")

import io
import threading
import zipfile

import numpy as np
import pytest

from lib.errors import ReportError
from lib.fetch.archives import Archive, BrokenError, RemoteArchive
from lib.fetch.remote import Remote
from tests.loopback import Faults, serve

RNG = np.random.default_rng(0)
CLIPS = {f"music/{n:03d}.mp3": RNG.integers(0, 256, 150_000, dtype=np.uint8).tobytes() for n in range(6)}
MUCH = 1_000_000


def packed(members, method=zipfile.ZIP_BZIP2) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return held.getvalue()


ZIP = packed(CLIPS.items())


def at(server, **patience):
    return RemoteArchive(Remote(f"{server.address}/a.zip", patience={"sleep": lambda s: None, "tries": 20} | patience))


@pytest.fixture(params=["here", "there"])
def opened(request, tmp_path):
    """Open a zip archive given as bytes, on this machine or on a server."""
    with serve({}) as server:

        def open_(body: bytes):
            if request.param == "there":
                server.files["/a.zip"] = body
                return at(server)
            (tmp_path / "a.zip").write_bytes(body)
            return Archive(tmp_path / "a.zip")

        yield open_


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_come_out_as_they_went_in(opened, tmp_path, method):
    archive = opened(packed(CLIPS.items(), method))
    assert list(archive.members) == list(CLIPS)
    for name, body in CLIPS.items():
        archive.extract(name, tmp_path / "out" / name, largest=MUCH)
        assert (tmp_path / "out" / name).read_bytes() == body
    assert not list((tmp_path / "out").rglob(".*"))


def test_only_what_is_asked_for_comes_over_the_network(tmp_path):
    with serve({"/a.zip": ZIP}) as server:
        told = []
        at(server).extract("music/001.mp3", tmp_path / "a", largest=MUCH, told=told.append)
        assert server.sent < 300_000 < len(ZIP)
        assert 150_000 <= sum(told) < 160_000


@pytest.mark.parametrize("faults", [{"cut": 0.6}, {"error": 0.3}, {"cut": 0.4, "error": 0.2, "pause_s": 0.005}])
def test_a_bad_connection_ends_in_the_same_members(tmp_path, faults):
    with serve({"/a.zip": ZIP}, Faults(**faults)) as server:
        archive = at(server)
        threads = [
            threading.Thread(target=archive.extract, args=(name, tmp_path / name), kwargs={"largest": MUCH})
            for name in CLIPS
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {name: (tmp_path / name).read_bytes() for name in CLIPS} == CLIPS


def test_a_wrong_byte_on_the_way_is_noticed_and_mended(tmp_path):
    with serve({"/a.zip": ZIP}, Faults(flips=1, flip_at=160_000)) as server:
        at(server).extract("music/001.mp3", tmp_path / "a", largest=MUCH)
        assert not server.faults.flips
    assert (tmp_path / "a").read_bytes() == CLIPS["music/001.mp3"]


def test_a_wrong_byte_in_the_archive_breaks_that_member_alone(opened, tmp_path):
    body = bytearray(ZIP)
    body[160_000] ^= 0xFF
    archive = opened(bytes(body))
    with pytest.raises(BrokenError, match="damaged in"):
        archive.extract("music/001.mp3", tmp_path / "a", largest=MUCH)
    assert not list(tmp_path.glob("*a"))
    archive.extract("music/002.mp3", tmp_path / "b", largest=MUCH)
    assert (tmp_path / "b").read_bytes() == CLIPS["music/002.mp3"]


def test_a_killed_download_goes_on_where_it_ended(tmp_path):
    with serve({"/a.zip": ZIP}) as server:
        archive = at(server)
        start = archive._zip.getinfo("music/003.mp3").header_offset
        (tmp_path / ".a.packed.part").write_bytes(ZIP[start : start + 100_000])
        told = []
        archive.extract("music/003.mp3", tmp_path / "a", largest=MUCH, told=told.append)
    assert sum(told) < 60_000
    assert (tmp_path / "a").read_bytes() == CLIPS["music/003.mp3"]


def test_hostile_members_are_refused(opened, tmp_path):
    body = packed([
        ("../../escape.mp3", b"x"), ("/etc/cron.d/a", b"x"), ("a\\..\\b.mp3", b"x"), ("bomb.mp3", bytes(900_000)),
        ("large.mp3", RNG.integers(0, 256, MUCH + 1, dtype=np.uint8).tobytes()), ("good.mp3", b"music"),
    ])  # fmt: skip
    archive = opened(body)
    for name, why in (("bomb.mp3", "200 times"), ("large.mp3", "more than the 1000000"), ("absent.mp3", "not in")):
        with pytest.raises(BrokenError, match=why):
            archive.extract(name, tmp_path / "out" / "a", largest=MUCH)
    archive.extract("good.mp3", tmp_path / "out" / "a", largest=MUCH)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.name != "a.zip"] == ["a"]


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # the hostile archive of this test
def test_a_name_that_is_there_twice_is_refused(opened, tmp_path):
    archive = opened(packed([("a.mp3", b"one"), ("a.mp3", b"two")]))
    with pytest.raises(BrokenError, match="more than once"):
        archive.extract("a.mp3", tmp_path / "a", largest=MUCH)


def test_a_member_longer_than_the_directory_says_is_refused(opened, tmp_path):
    body = bytearray(packed([("a.mp3", bytes(range(256)) * 20)], zipfile.ZIP_DEFLATED))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = (100).to_bytes(4, "little")  # its size in the directory
    with pytest.raises(BrokenError):
        opened(bytes(body)).extract("a.mp3", tmp_path / "a", largest=MUCH)
    assert not (tmp_path / "a").exists()


def test_a_password_is_named(opened, tmp_path):
    body = bytearray(packed([("a.mp3", b"music")]))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(sign) + offset] |= 1
    with pytest.raises(BrokenError, match="password"):
        opened(bytes(body)).extract("a.mp3", tmp_path / "a", largest=MUCH)


@pytest.mark.parametrize("body", [b" ", b"<html>not here</html>" * 100, ZIP[:-30], ZIP[: len(ZIP) // 2]])
def test_what_is_no_zip_archive_is_named(opened, body):
    with pytest.raises(ReportError, match=r"a\.zip is no whole zip archive"):
        opened(body)._zip.testzip()

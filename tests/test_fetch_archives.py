import io
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest

from lib.errors import ReportError
from lib.fetch.archives import Archive, RemoteArchive
from lib.fetch.members import BrokenError
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


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
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
        start = archive.members["music/003.mp3"].offset
        (tmp_path / ".a.packed.part").write_bytes(ZIP[start : start + 100_000])
        told = []
        archive.extract("music/003.mp3", tmp_path / "a", largest=MUCH, told=told.append)
    assert sum(told) < 60_000
    assert (tmp_path / "a").read_bytes() == CLIPS["music/003.mp3"]


def test_members_beyond_their_bounds_are_refused(opened, tmp_path):
    large = RNG.integers(0, 256, MUCH + 1, dtype=np.uint8).tobytes()
    archive = opened(packed([("bomb.mp3", bytes(900_000)), ("large.mp3", large), ("good.mp3", b"music")]))
    for name, why in (("bomb.mp3", "200 times"), ("large.mp3", "more than the 1000000"), ("absent.mp3", "not in")):
        with pytest.raises(BrokenError, match=why):
            archive.extract(name, tmp_path / "a", largest=MUCH)
    archive.extract("good.mp3", tmp_path / "a", largest=MUCH)
    assert (tmp_path / "a").read_bytes() == b"music"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_bomb_whose_directory_lies_is_stopped_while_it_unpacks(opened, tmp_path, method):
    body = bytearray(packed([("a.mp3", bytes(50_000_000))], method))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    archive = opened(bytes(body))
    tracemalloc.start()
    with pytest.raises(BrokenError, match=r"longer than its archive says|bytes in"):
        archive.extract("a.mp3", tmp_path / "a", largest=MUCH)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5_000_000
    assert not list(tmp_path.glob("*a*.part"))


def test_a_gap_in_an_archive_is_not_fetched(tmp_path):
    body = bytearray(packed([("a.mp3", b"music")]))
    entry, gap = body.index(b"PK\x01\x02"), 5_000_000
    end = body.index(b"PK\x05\x06")
    body[end + 16 : end + 20] = (entry + gap).to_bytes(4, "little")
    with serve({"/a.zip": bytes(body[:entry] + bytes(gap) + body[entry:])}) as server:
        at(server).extract("a.mp3", tmp_path / "a", largest=MUCH)
        assert server.sent < 300_000
    assert (tmp_path / "a").read_bytes() == b"music"


@pytest.mark.parametrize("field", [0, 16, 20, 24, 42, 46])  # signature, checksum, sizes, place and name
def test_a_wrong_byte_of_the_directory_on_the_way_is_mended(tmp_path, field):
    entry = [at for at in range(len(ZIP)) if ZIP[at : at + 4] == b"PK\x01\x02"][1]
    with serve({"/a.zip": ZIP}, Faults(flips=1, flip_at=entry + field)) as server:
        at(server).extract("music/001.mp3", tmp_path / "a", largest=MUCH)
        assert not server.faults.flips
    assert (tmp_path / "a").read_bytes() == CLIPS["music/001.mp3"]


def test_names_that_lead_elsewhere_are_only_names(opened, tmp_path):
    """Nothing is ever written to where a member's name says."""
    names = ["../../escape.mp3", "/escape.mp3", "a\\..\\escape.mp3"]
    archive = opened(packed([(name, b"x") for name in names]))
    for number, name in enumerate(names):
        archive.extract(name, tmp_path / "deep" / "er" / f"{number}.mp3", largest=MUCH)
    written = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.mp3")]
    assert sorted(written) == [f"deep/er/{number}.mp3" for number in range(3)]


def test_a_check_comes_before_the_name(opened, tmp_path):
    def check(path):
        assert path.read_bytes() == CLIPS["music/001.mp3"]
        raise ReportError("not the one that was published")

    with pytest.raises(ReportError, match="not the one"):
        opened(ZIP).extract("music/001.mp3", tmp_path / "b", largest=MUCH, check=check)
    assert not (tmp_path / "b").exists()


def test_trouble_of_this_machine_is_not_the_archives(opened, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match=r"Not a directory|File exists"):
        opened(ZIP).extract("music/001.mp3", tmp_path / "file" / "a", largest=MUCH)


def test_every_member_can_be_tested(tmp_path):
    (tmp_path / "a.zip").write_bytes(ZIP)
    Archive(tmp_path / "a.zip").test(MUCH)
    body = bytearray(ZIP)
    body[400_000] ^= 0xFF
    (tmp_path / "b.zip").write_bytes(body)
    with pytest.raises(BrokenError, match="damaged"):
        Archive(tmp_path / "b.zip").test(MUCH)


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
        list(opened(body).members)

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from lib.errors import ReportError
from lib.fetch import space
from lib.fetch.patience import UnsteadyError, again, retry_after
from lib.fetch.remote import Remote
from tests.loopback import Faults, serve

BODY = np.random.default_rng(0).integers(0, 256, 700_000, dtype=np.uint8).tobytes()
AT_ONCE = {"sleep": lambda seconds: None}


def remote(server, path="/a.zip", **patience):
    return Remote(server.address + path, patience=AT_ONCE | patience)


def test_a_part_is_what_the_file_holds_there(tmp_path):
    with serve({"/a.zip": BODY}) as server:
        file = remote(server)
        assert (file.size, file.ranges, file.name) == (len(BODY), True, "a.zip")
        assert file.read(100, 200_000) == BODY[100:200_000]
        file.save(tmp_path / "part", 10, 600_000)
    assert (tmp_path / "part").read_bytes() == BODY[10:600_000]


@pytest.mark.parametrize(
    "faults", [{"cut": 0.7}, {"error": 0.4}, {"cut": 0.5, "error": 0.3, "pause_s": 0.01}, {"busy": 3}]
)
def test_a_bad_connection_ends_in_the_same_bytes(tmp_path, faults):
    with serve({"/a.zip": BODY}, Faults(**faults)) as server:
        remote(server, tries=20).save(tmp_path / "part", 1, len(BODY))
    assert (tmp_path / "part").read_bytes() == BODY[1:]


def test_what_is_there_is_not_asked_for_again(tmp_path):
    (tmp_path / "part").write_bytes(BODY[:650_000])
    with serve({"/a.zip": BODY}) as server:
        told = []
        remote(server).save(tmp_path / "part", told=told.append)
        assert server.sent <= 50_001
    assert sum(told) == 50_000
    assert (tmp_path / "part").read_bytes() == BODY


def test_without_ranges_the_whole_file_comes_and_is_begun_anew(tmp_path):
    (tmp_path / "part").write_bytes(b"something else")
    with serve({"/a.zip": BODY}, Faults(ranges=False, cut=0.5)) as server:
        file = remote(server, tries=20)
        assert (file.size, file.ranges) == (len(BODY), False)
        file.save(tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY


def test_a_server_that_never_recovers_is_given_up_and_what_came_is_kept(tmp_path):
    with serve({"/a.zip": BODY}, Faults(error=1.0)) as server, pytest.raises(ReportError, match=r"answered 500.*later"):
        remote(server).read(0, 1)
    with serve({"/a.zip": BODY}) as server:
        file = remote(server)
        assert file.size
        server.faults.error = 1.0
        (tmp_path / "part").write_bytes(BODY[:1000])
        with pytest.raises(ReportError, match="kept"):
            file.save(tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == BODY[:1000]


@pytest.mark.parametrize(
    ("path", "message"), [("/none.zip", r"/none.zip: there is no such file \(404\)"), ("", "must begin with http")]
)
def test_a_wrong_address_names_itself(path, message):
    with serve({"/a.zip": BODY}) as server, pytest.raises(ReportError, match=message):
        Remote(server.address + path if path else "ftp://somewhere", patience=AT_ONCE).read(0, 1)


def test_nobody_at_the_address():
    with serve({}) as server:
        address = server.address
    with pytest.raises(ReportError, match="does not accept connections"):
        Remote(f"{address}/a.zip", patience=AT_ONCE).read(0, 1)


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    with serve({"/a.zip": BODY}) as server:
        file = remote(server)
        assert file.size
        server.tag = '"2"'
        with pytest.raises(ReportError, match="changed while it was read"):
            file.save(tmp_path / "part")


def test_a_pause_is_kept_up_to_a_limit():
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


def test_tries_without_progress_are_counted_and_those_with_it_are_not():
    calls, steps = [], iter([True, True, True, False, False, False])

    def call():
        calls.append(1)
        raise UnsteadyError("no")

    with pytest.raises(UnsteadyError):
        again(call, "x", moved=lambda: next(steps), tries=3, **AT_ONCE)
    assert len(calls) == 6


def test_retry_after_is_read_in_seconds_and_as_a_date():
    assert retry_after("3") == 3
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=300 * 1024**2))
    space.need(tmp_path / "not" / "yet", 10 * 1024**2, "10 clips")
    with pytest.raises(ReportError, match=r"10 clips need 100.0 MiB and 256.0 MiB to spare, but 300.0 MiB are free"):
        space.need(tmp_path / "not" / "yet", 100 * 1024**2, "10 clips")

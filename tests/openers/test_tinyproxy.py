"""tinyproxy writes the client on one line and the request on another, and serves many clients at once."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from quetsach.files.openers import tinyproxy
from quetsach.scanning.engine import Engine
from tests.openers.test_flows import read

# From tinyproxy 1.11 on a loopback interface, addresses and names replaced; the third client as in 1.8.
LOG = """\
NOTICE    Nov 24 11:00:00.130 [4142]: Initializing tinyproxy ...
CONNECT   Nov 24 11:00:01.174 [4142]: Connect (file descriptor 5): 10.1.2.3
CONNECT   Nov 24 11:00:01.175 [4142]: Connect (file descriptor 6): 10.1.2.4
CONNECT   Nov 24 11:00:01.176 [4142]: Request (file descriptor 6): CONNECT 198.51.100.7:443 HTTP/1.1
CONNECT   Nov 24 11:00:01.177 [4142]: Request (file descriptor 5): GET http://198.51.100.7/a HTTP/1.1
CONNECT   Nov 24 11:00:01.178 [4142]: Established connection to host "198.51.100.7" using file descriptor 7.
CONNECT   Nov 24 11:00:02.000 [4142]: Connect (file descriptor 5): pc-09.xa.example [10.1.2.9]
CONNECT   Nov 24 11:00:02.001 [4142]: Request (file descriptor 5): GET http://198.51.100.7/ HTTP/1.0
CONNECT   Nov 24 11:00:03.000 [4142]: Request (file descriptor 5): GET http://198.51.100.7/ client=10.1.2.8
"""


@pytest.mark.parametrize("name", ["tinyproxy.log", "tinyproxy.log.gz"])
def test_each_request_belongs_to_who_connected_on_its_descriptor(
    engine: Engine, tmp_path: Path, name: str
) -> None:
    data = LOG.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    result = read(tmp_path, engine)
    assert result.errors == []
    assert {(s.device, s.count, s.field, s.logformat) for s in result.sightings} == {
        ("10.1.2.3", 1, "host", "tinyproxy"),
        ("10.1.2.4", 1, "host", "tinyproxy"),
        ("10.1.2.9", 1, "host", "tinyproxy"),
        (None, 1, "host", "tinyproxy"),
    }


def test_lines_of_others_stay_as_they_are() -> None:
    assert not tinyproxy.begins(
        b"Nov 24 11:00:00 gw tinyproxy[4142]: Connect (file descriptor 5): 10.1.2.3\n"
    )
    assert b"".join(tinyproxy.lines(io.BytesIO(b"a\r\nb"))) == b"a\r\nb"

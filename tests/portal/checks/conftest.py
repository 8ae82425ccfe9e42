"""Packs of units, and results handed in with them."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from quetsach.endpoint import pack as packs
from quetsach.endpoint import sealing
from quetsach.portal.checks.actions import Sender, receive
from quetsach.portal.checks.arriving.opening import Opened, open_result
from quetsach.portal.checks.models import Pack
from quetsach.portal.checks.packs.actions import build_pack, content_of
from tests.portal.checks.results import ago, content


@pytest.fixture
def pack(cast):
    """The pack of a unit as its stick has it: read back from the downloaded file."""

    def of(unit):
        row = build_pack(cast.nodes[unit], cast.user(unit, "officer"), "https://portal.example/")
        return packs.read(content_of(row), [bytes.fromhex(row.signed_with.public)])

    return of


@pytest.fixture
def give(cast, pack):
    """Hand a result in for a unit; `sealed` by the unit's pack, as if that had been built long ago."""

    def take(unit, *args, sealed=False, machine_id="", **more):
        sender = Sender(user=cast.user(unit, "officer"))
        opened = Opened(content(*args, **more))
        if sealed:
            told = pack(unit)
            Pack.rows.filter(pack_id=told.id).update(created_at=ago(days=400))
            data = json.loads(opened.content)
            when = datetime.strptime(data["finished"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            body = sealing.seal(
                data, told, machine_id or hashlib.md5(data["machine"].encode()).hexdigest(), now=when
            )
            opened = open_result(body, cast.nodes[unit])
        return receive(opened, cast.nodes[unit], sender)[0]

    return take

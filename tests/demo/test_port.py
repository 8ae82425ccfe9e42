"""The demonstration on another port than 8000: what it prints, shows and stores names that port."""

import json
import socket
from uuid import uuid4

import pytest

from demo.address import address_at, follow, free_port
from quetsach.portal.letters import actions
from quetsach.portal.letters.prefill import first_draft
from tests.portal.conftest import _plain_settings, cast  # noqa: F401


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_another_program_has_is_not_taken(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        try:
            other.bind((host, 0))
        except OSError:
            pytest.skip("no IPv6 on this machine")
        other.listen()
        taken = other.getsockname()[1]
        found = free_port(taken)
    assert found not in {None, taken}
    assert free_port(found) == found


def test_the_stored_letters_name_the_address_of_this_start(cast, settings):  # noqa: F811
    before, now = address_at(8000), address_at(8765)
    settings.SITE_ADDRESS = before
    officer, node = cast.user("A1", "officer"), cast.nodes["A1"]
    letter = actions.save(officer, node, uuid4(), first_draft(node), 0)
    named = json.dumps(letter.fields).count(f"{before}/")
    follow(before, now)
    letter.refresh_from_db()
    text = json.dumps(letter.fields)
    assert named and text.count(f"{now}/") == named
    assert before not in text

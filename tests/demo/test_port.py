"""The demonstration on another port than 8000: what it prints, shows and stores names that port."""

import errno
import json
import socket
from uuid import uuid4

from demo.address import address_at, follow, free_port
from quetsach.portal.letters import actions
from quetsach.portal.letters.prefill import first_draft
from tests.portal.conftest import _plain_settings, cast  # noqa: F401


def test_a_port_that_another_program_has_is_not_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        found = free_port(taken)
    assert found not in {None, taken}
    assert free_port(found) == found


def test_a_port_that_another_program_has_on_ipv6_is_not_taken():
    """Without IPv6 nobody can be there, and the port that was asked for is free."""
    wanted = free_port(0)
    try:
        other = socket.create_server(("::1", wanted), family=socket.AF_INET6)
    except OSError as error:
        assert error.errno != errno.EADDRINUSE
        assert free_port(wanted) == wanted
        return
    with other:
        assert free_port(wanted) not in {None, wanted}


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

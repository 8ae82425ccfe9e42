"""A sign of an address without a machine ends the silence of each machine that it may be."""

from io import BytesIO

import pytest

from quetsach.machines.evidence import Key
from quetsach.portal.cases import actions, looks
from quetsach.portal.cases.models import Case
from quetsach.portal.machines.actions import withdraw
from quetsach.portal.machines.addresses.actions import say
from quetsach.portal.sightings.actions import Sender, receive_file
from tests.portal.cases.test_which_machine import ADDRESS, LAPTOP, PC, lease, listed, tell, whole
from tests.portal.scan_document import alive_of, coverage, document, hours_of, noon, sighting

__all__ = ["listed", "tell"]
CARD = "mac:" + PC.value
OTHER = Key("mac", "00-00-5e-00-53-03")
DAYS = (2, 5, 8, 11, 14, 17, 20)


@pytest.fixture
def push(cast, listed):
    def give(*rows, logs=(), unit="A1"):
        told = [{"who": "", "runs": whole(row), **row} for row in rows]
        body = document(told, logs, set_id=listed.set_id, schema=2, asked=[CARD])
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


@pytest.fixture
def claimed(cast, push, tell):
    """A machine with a lease of `days` days, a sign, and a claim; what is called pushes the rest of the log
    and gives the state of its case."""

    def begin(days=40):
        tell(*lease(PC, noon(30), hours=24 * days, name="pc-1"))
        push(sighting(ADDRESS, noon(28)), logs=[log(50, 27)])
        claim(cast)

        def state():
            push(logs=[log(27, 1)])
            return own().state

        return state

    return begin


def log(first, last):
    first, last = noon(first), noon(last)
    alive = {CARD: alive_of(first, last)}
    return coverage(
        first, last, source=f"log-{first}", hours=hours_of(first, last), order="kept", bytes=9000, alive=alive
    )


def own():
    return Case.rows.get(device__key="pc-1", is_current=True)


def claim(cast):
    actions.claim_clean(own(), cast.user("A1", "it"), done="scan", done_at=noon(25))


def resolver(cast):
    say(cast.units["A1"], ADDRESS, "resolver", cast.user("A1", "officer"), begin=noon(24).date())


def signs(device=ADDRESS, **more):
    return [sighting(device, noon(day), **more) for day in DAYS]


@pytest.mark.parametrize("order", ["word first", "signs first"])
def test_a_word_that_the_address_is_a_resolver_proves_nothing(cast, push, claimed, order):
    state = claimed()
    if order == "word first":
        resolver(cast)
    push(*signs())
    if order == "signs first":
        assert own().state == "assigned"
        resolver(cast)
        claim(cast)
    assert Case.rows.filter(device__strength="unlocated").exists()
    assert state() == "rechecked"


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [(PC, LAPTOP, "rechecked"), (OTHER, LAPTOP, "verified_clean")],
    ids=["it is a candidate", "all candidates are others"],
)
def test_two_machines_at_once(push, tell, claimed, mine, theirs, expected):
    state = claimed()
    address = ADDRESS if mine is PC else "10.1.1.30"
    if mine is not PC:
        tell(*lease(mine, noon(30), hours=24 * 40, name="pc-3", address=address, source="dhcp3"))
    tell(*lease(theirs, noon(23), hours=24 * 40, name="pc-2", address=address, source="dhcp2"))
    push(*signs(address))
    assert Case.rows.filter(device__strength="unlocated").exists()
    assert state() == expected


def test_a_candidate_that_got_another_name_is_still_one(push, tell, claimed):
    claimed()
    tell(*lease(LAPTOP, noon(23), hours=24 * 40, name="pc-2", source="dhcp2"))
    push(*signs())
    tell(*lease(PC, noon(3), name="pc-9", address="10.1.1.31"))
    push(logs=[log(27, 1)])
    (case,) = Case.rows.filter(device__key__in=("pc-1", "pc-9"), is_current=True)
    assert case.state == "rechecked"


@pytest.mark.parametrize(
    ("name", "more"),
    [
        (None, {"who": "nat:203.0.113.9:4000", "identity": {"nat": "203.0.113.9:4000"}}),
        ("10.1.1.255", {}),
        ("169.254.1.1", {}),
    ],
    ids=["translated", "whole network", "link-local"],
)
def test_an_address_that_any_machine_may_have(push, claimed, name, more):
    state = claimed()
    push(*signs(name, **more))
    assert state() == "rechecked"


def test_an_address_of_its_own_that_no_table_knows_any_more(push, claimed):
    state = claimed(days=5)
    push(*signs())
    assert Case.rows.filter(device__strength="weak").exists()
    assert state() == "rechecked"


def test_a_machine_of_its_own_address_is_another(push, claimed):
    state = claimed()
    push(*signs("10.1.1.77"))
    assert state() == "verified_clean"


@pytest.mark.parametrize(("family", "expected"), [("ramnit", "rechecked"), ("mirai", "verified_clean")])
def test_other_malware_ends_no_silence(cast, push, claimed, family, expected):
    state = claimed()
    Case.rows.update(family="ramnit")
    resolver(cast)
    push(*signs(family=family, indicator="bad.example"))
    assert state() == expected


def nameless_of():
    return sum(map(len, looks.gather([own()])[0].nameless.values()))


def test_a_forwarder_is_no_machine_that_asked(cast, push, tell, claimed):
    state = claimed()
    tell(*lease(LAPTOP, noon(30), hours=24 * 40, name="pc-2", address="10.1.1.2", source="dhcp2"))
    repeated = signs(None, logformat="dnsmasq")
    push(*repeated, *signs("10.1.1.2", logformat="dnsmasq"))
    facts = looks.gather([own()])[0]
    assert not facts.nameless, "the machine 10.1.1.2 asked, and the lines without a machine repeat it"
    say(cast.units["A1"], "10.1.1.2", "resolver", cast.user("A1", "officer"))
    assert state() == "rechecked"
    assert nameless_of() == len(DAYS)


def test_an_address_of_which_nobody_knows_the_machine_is_no_machine_that_asked(cast, push, claimed):
    """It may be a resolver that nobody declared; then any machine behind it asked."""
    state = claimed()
    push(*signs(None, logformat="dnsmasq"), *signs("10.1.1.2", logformat="dnsmasq"))
    assert Case.rows.filter(device__key="10.1.1.2", device__strength="weak").exists()
    assert state() == "rechecked" and nameless_of() == len(DAYS)


def test_a_person_can_say_that_one_machine_alone_has_the_address_for_some_days(cast, push, claimed):
    state = claimed()
    push(*signs(None, logformat="dnsmasq"), *signs("10.1.1.2", logformat="dnsmasq"))
    officer = cast.user("A1", "officer")
    said = say(cast.units["A1"], "10.1.1.2", "", officer, until=noon(max(DAYS)).date())
    assert nameless_of() == len(DAYS) - 1
    withdraw(said, officer, cast.units["A1"])
    assert nameless_of() == len(DAYS)
    say(cast.units["B1"], "10.1.1.2", "", cast.user("B1", "officer"))
    assert nameless_of() == len(DAYS), "the word of another unit is not about this network"
    say(cast.units["A"], "10.1.1.2", "", cast.user("A", "coordinator"))
    assert nameless_of() == len(DAYS), "a superior means the machine of its own network"
    say(cast.units["A1"], "10.1.1.2", "", officer)
    assert nameless_of() == 0 and state() == "verified_clean"

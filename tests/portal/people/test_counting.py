"""Marks and headcounts in any order add up as in a naive book-keeper's count; no person can be read."""

from unicodedata import normalize
from uuid import UUID

import pytest
from django.utils.crypto import salted_hmac
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, count_people
from quetsach.portal.campaigns.issuing.actions import take_step
from quetsach.portal.campaigns.models import Campaign, Headcount
from quetsach.portal.campaigns.queries import people_of, progress
from quetsach.portal.people.actions import count_by_marks, enter_headcount, mark, renew_link
from quetsach.portal.people.models import Mark, MarkLink, SecondMark
from quetsach.portal.people.person import PersonError, former_keys, person_key
from quetsach.portal.people.queries import countings, known_figures

WHO = ["ha@example.org", "HA@example.org ", "lan@example.org", "NV-01", "nv 01", "NV-02"]
UNITS = ["A1", "A2", "B1"]
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.sampled_from(UNITS), st.sampled_from(["informed", "done"]),
                  st.sampled_from(WHO)),
        st.tuples(st.just("marks"), st.sampled_from(UNITS), st.sampled_from(["informed", "done"]), st.none()),
        st.tuples(st.just("number"), st.sampled_from(UNITS), st.sampled_from(["informed", "done"]),
                  st.integers(0, 6)),
        st.tuples(st.just("letter"), st.sampled_from(UNITS), st.none(), st.integers(0, 6)),
    ),
    max_size=25,
)  # fmt: skip


class Naive:
    """The rules in plain words: a person's first mark counts, and the unit's last typed number."""

    def __init__(self, unique_codes):
        self.unique_codes = unique_codes
        self.first, self.typed, self.opened = {}, {}, set()

    def is_by_marks(self, unit, kind):
        return self.typed.get((unit, kind)) == "marks"

    def do(self, what, unit, kind, value):
        if what == "mark":
            if (unit, kind) in self.opened:
                text = value.strip().lower().replace("-", "").replace(" ", "")
                person = text if "@" in text or self.unique_codes else (unit, text)
                self.first.setdefault((person, kind), unit)
        elif what == "marks":
            self.opened.add((unit, kind))
            self.typed[unit, kind] = "marks"
        elif what == "number":
            other = self.count(unit, "done" if kind == "informed" else "informed")
            informed, done = (value, other) if kind == "informed" else (other, value)
            if informed is None or (done or 0) <= informed:
                self.typed[unit, kind] = value
        else:
            self.typed[unit, "informed"], self.typed[unit, "done"] = value, value // 2

    def count(self, unit, kind):
        said = self.typed.get((unit, kind))
        if said != "marks":
            return said
        return sum(home == unit for (_, k), home in self.first.items() if k == kind)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, unique_codes=st.booleans())
def test_any_order_gives_the_naive_sum(cast, events, unique_codes):
    Campaign.objects.filter(pk=cast.campaign.pk).update(unique_codes=unique_codes)
    MarkLink.rows.all().delete()
    Mark.rows.all().delete()
    Headcount.rows.all().delete()
    naive, people = Naive(unique_codes), {unit: cast.user(unit, "officer") for unit in UNITS}
    for what, unit, kind, value in events:
        naive.do(what, unit, kind, value)
        node, actor = cast.nodes[unit], people[unit]
        if what == "mark":
            link = MarkLink.rows.filter(node=node, kind=kind).first()
            if link is not None:
                mark(link, value)
        elif what == "marks":
            count_by_marks(node, kind, actor)
        elif what == "number":
            try:
                enter_headcount(node, {kind: value}, actor)
            except NotAllowedNowError as error:
                assert error.code == "more_done_than_informed"
        else:
            count_people(node, value, value // 2, actor)
    for unit in UNITS:
        counted = people_of(cast.nodes[unit])
        for kind in ("informed", "done"):
            assert counted.get(kind) == naive.count(unit, kind), (unit, kind)
        modes = {c.kind: c.is_by_marks for c in countings(cast.nodes[unit])}
        assert modes == {kind: naive.is_by_marks(unit, kind) for kind in ("informed", "done")}
    total = progress(cast.campaign, cast.nodes["centre"].path)
    for kind, of_all in (("informed", total.informed), ("done", total.done)):
        counted = [n for n in (naive.count(unit, kind) for unit in UNITS) if n is not None]
        assert of_all == (sum(counted) if counted else None), kind


def test_a_mark_elsewhere_counts_once_and_the_second_unit_is_told(cast):
    links = [count_by_marks(cast.nodes[u], "informed", cast.user(u, "officer")) for u in ("A1", "A2")]
    mark(links[0], "ha@example.org")
    mark(links[1], "Ha@Example.org")
    mark(links[1], "ha@example.org")
    assert known_figures(cast.nodes["A1"])["r2"] == 1
    assert known_figures(cast.nodes["A2"])["r2"] == 0
    told = next(c for c in countings(cast.nodes["A2"]) if c.kind == "informed")
    assert told.seconds == ((cast.nodes["A1"].name, 1),)
    assert SecondMark.rows.count() == 1


@pytest.mark.parametrize(("unique_codes", "second"), [(False, 1), (True, 0)])
def test_whose_number_01_it_is_is_what_the_issuer_said(cast, unique_codes, second):
    Campaign.objects.filter(pk=cast.campaign.pk).update(unique_codes=unique_codes)
    for unit in ("A1", "A2"):
        mark(count_by_marks(cast.nodes[unit], "informed", cast.user(unit, "officer")), "NV-01")
    assert known_figures(cast.nodes["A1"])["r2"] == 1 and known_figures(cast.nodes["A2"])["r2"] == second
    assert SecondMark.rows.count() == 1 - second


def test_the_number_that_replaces_marks_keeps_them_even_when_it_is_the_same(cast):
    node, officer = cast.nodes["A1"], cast.user("A1", "officer")
    link = count_by_marks(node, "informed", officer)
    mark(link, "a@example.org")
    enter_headcount(node, {"informed": 1}, officer)
    mark(link, "b@example.org")
    assert known_figures(node)["r2"] == 1
    assert Mark.rows.filter(node=node).count() == 2
    count_by_marks(node, "informed", officer)
    assert known_figures(node)["r2"] == 2


def test_nothing_of_the_person_is_in_the_database_and_the_key_is_not(cast, settings):
    link = count_by_marks(cast.nodes["A1"], "informed", cast.user("A1", "officer"))
    mark(link, "ha.nguyen@example.org")
    row = Mark.rows.values().get()
    assert not any("ha.nguyen" in str(value) for value in row.values())
    campaign, node = UUID(int=1), UUID(int=2)
    before = person_key("ha.nguyen@example.org", campaign, node)
    settings.SECRET_KEY = "another"
    assert person_key("ha.nguyen@example.org", campaign, node) != before
    assert person_key("NV-01", campaign, node) != person_key("NV-01", campaign, UUID(int=3))
    assert person_key("NV-01", campaign, None) == person_key(" nv-01", campaign, None)
    assert person_key("NV-01", campaign, None) != person_key("NV-01", UUID(int=9), None)
    assert person_key("a@example.org", campaign, None) == person_key("a@example.org", campaign, node)
    assert person_key("a@example.org", campaign, node) == person_key("a@example.org", campaign, UUID(int=3))


CODES = st.from_regex(r"[A-Z]{1,4}[0-9]{1,5}", fullmatch=True)
DIVIDED = st.lists(
    st.sampled_from(["", "-", ".", "/", "_", " ", "\u2011", "\u2013", "\u00a0"]), min_size=8, max_size=8
)


@given(code=CODES, first=DIVIDED, second=DIVIDED, case=st.sampled_from([str.upper, str.lower, str.title]))
def test_a_staff_code_is_one_person_however_it_is_divided(code, first, second, case):
    def spelt(marks):
        return case("".join(char + mark for char, mark in zip(code[:-1], marks, strict=False)) + code[-1])

    campaign, office = UUID(int=1), UUID(int=2)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)  # full-width, as some keyboards type
    keys = {person_key(text, campaign, office) for text in (spelt(first), spelt(second), code, wide)}
    assert len(keys) == 1
    assert person_key(f"{code}9", campaign, office) not in keys
    assert person_key(code, campaign, UUID(int=3)) not in keys


def as_before(text, campaign, office):
    """The key as it was made when NV-03 and NV03 were two persons."""
    return salted_hmac(f"people.mark:{campaign}:{office}", text, algorithm="sha256").hexdigest()


@given(code=CODES, gap=st.integers(1, 8), mark=st.sampled_from("./_-"), other=DIVIDED)
def test_who_was_counted_under_one_divided_spelling_is_found_by_any(code, gap, mark, other):
    campaign, office = UUID(int=1), UUID(int=2)
    gap = min(gap, len(code) - 1)
    old = as_before(f"{code[:gap]}{mark}{code[gap:]}", campaign, office)
    now = "".join(char + each for char, each in zip(code[:-1], other, strict=False)) + code[-1]
    assert old in former_keys(now, campaign, office)
    assert as_before(code, campaign, office) == person_key(now, campaign, office), "undivided: the same key"
    assert person_key(now, campaign, office) not in former_keys(now, campaign, office)


def test_who_was_counted_under_several_marks_is_found_by_the_same_spelling():
    campaign, office = UUID(int=1), UUID(int=2)
    assert as_before("A.B-03", campaign, office) in former_keys("a.b-03", campaign, office)
    assert as_before("A.B-03", campaign, office) not in former_keys("AB03", campaign, office)


def test_a_mark_of_before_is_not_counted_again(cast):
    node = cast.nodes["A1"]
    link = count_by_marks(node, "informed", cast.user("A1", "officer"))
    mark(link, "NV-01")
    Mark.rows.update(person_key=as_before("NV-03", node.campaign_id, node.pk))
    for typed in ("NV-03", "nv 03", "nv03", "NV_03"):
        mark(link, typed)
    assert Mark.rows.count() == known_figures(node)["r2"] == 1
    mark(link, "NV-04")
    assert Mark.rows.count() == known_figures(node)["r2"] == 2


def test_a_work_address_is_one_person_in_any_case_and_form_and_a_plus_makes_another():
    def key(text):
        return person_key(text, UUID(int=1), None)

    assert key("Hà.Nguyễn@Example.org") == key(normalize("NFD", "HÀ.NGUYỄN@example.ORG"))
    assert key("ha+a@example.org") != key("ha@example.org") != key("h.a@example.org")
    assert former_keys("ha-a@example.org", UUID(int=1), None) == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [("012.345.678-901", "citizen"), ("012 345 678", "citizen"), ("", "blank"), ("  ", "blank"),
     ("012345678901", "citizen"), ("123456789", "citizen"), ("a@b", "shape"),
     ("x" * 200, "shape"), ("=1+1", "shape"), ("a b@c@d.e", "shape"), ("x", "shape"),
     ("7", "shape"), ("Lan Anh", "shape"), ("NV" * 20 + "1", "shape")],
)  # fmt: skip
def test_what_is_no_person_says_why(typed, why):
    with pytest.raises(PersonError) as error:
        person_key(typed, UUID(int=1), UUID(int=2))
    assert error.value.code == why


def test_a_closed_campaign_takes_no_mark_and_a_renewed_link_is_another(cast):
    node, officer = cast.nodes["A1"], cast.user("A1", "officer")
    link = count_by_marks(node, "done", officer)
    renew_link(node, "done", officer)
    assert MarkLink.rows.get(pk=link.pk).token != link.token
    take_step(cast.campaign, "close", cast.user("centre", "coordinator"))
    with pytest.raises(NotAllowedNowError):
        mark(link, "a@example.org")

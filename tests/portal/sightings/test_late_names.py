"""A machine's name that comes late: the same row comes again with a name, and no line counts twice."""

from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.cases.models import Case, Device
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.actions import issue_token
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

URL = "/api/v1/sightings"
MAC, OTHER = "mac:02:00:5e:10:00:01", "mac:02:00:5e:10:00:02"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def push(cast, client, tmp_path):
    secret = issue_token(cast.user("A1", "it"), cast.units["A1"], "gateway")[1]
    listed = publish_list(cast, tmp_path)

    def send(*rows, schema=2):
        body = document(rows, [coverage(noon(4), noon(1))], set_id=listed.set_id)
        body = body.replace(b'"schema": 1', b'"schema": %d' % schema)
        answer = client.post(
            URL, body, content_type="application/x-ndjson", headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code == 200 and not answer.json()["rejected"], answer.content
        return tuple(answer.json()[name] for name in ("new", "updated", "unchanged"))

    return send


def row(*runs, who="", identity=None, device="10.1.1.5"):
    """A row of the day, with a run for each (minute, lines)."""
    first, last = noon(3) + runs[0][0] * MINUTE, noon(3) + runs[-1][0] * MINUTE
    noons = 12 * 3600 * 1_000_000
    spans = [[noons + at * 60_000_000, noons + at * 60_000_000, lines] for at, lines in runs]
    return sighting(
        device, first, until=last, who=who, identity=identity or {}, runs=spans,
        count=sum(lines for _at, lines in runs),
    )  # fmt: skip


def stored():
    return sorted((one.who or "", one.count) for one in Sighting.rows.all())


def test_a_lease_name_reaches_the_row_and_the_machine_though_no_line_came(cast, push):
    assert push(row((0, 3))) == (1, 0, 0)
    assert push(row((0, 3), identity={"host": "pc-van-thu"})) == (0, 1, 0)
    assert push(row((0, 3), identity={"host": "pc-van-thu"})) == (0, 0, 1)
    assert Sighting.rows.get().identity == {"host": "pc-van-thu"}
    assert Device.rows.get(merged_into=None).identity == {"host": "pc-van-thu"}
    case = Case.rows.get(is_current=True)
    assert (case.count, case.state) == (3, "assigned")
    page = cast.client("A1", "it").get(reverse("case", args=[cast.campaign.slug, case.pk]))
    assert "pc-van-thu" in page.content.decode()


def test_what_is_known_of_a_machine_is_never_taken_away(push):
    push(row((0, 3), identity={"host": "pc1", "mac": "02:00:5e:10:00:01"}))
    assert push(row((0, 3))) == (0, 0, 1)
    assert push(row((0, 3), identity={"host": "other", "user": "lan"})) == (0, 1, 0)
    assert Sighting.rows.get().identity == {"host": "pc1", "mac": "02:00:5e:10:00:01", "user": "lan"}
    push(row((0, 4)))
    assert Sighting.rows.get().identity == {"host": "pc1", "mac": "02:00:5e:10:00:01", "user": "lan"}


def test_the_address_of_a_translation_that_comes_late_is_found_by_the_self_check(push):
    push(row((0, 3)))
    push(row((0, 3), identity={"nat": "203.0.113.9:4000"}))
    assert Sighting.rows.get().nat == "203.0.113.9"


def test_a_document_of_schema_1_and_its_repeat_by_schema_2_are_one_row_with_runs(push):
    old = row((0, 2), (30, 1))
    old.pop("who"), old.pop("runs")
    assert push(old, schema=1) == (1, 0, 0)
    key = Sighting.rows.get().key
    assert push(row((0, 2), (30, 1))) == (0, 0, 1)
    assert (Sighting.rows.get().key, Sighting.rows.get().who) == (key, None)


def test_two_machines_of_one_address_are_two_rows(push):
    push(row((0, 2), who=MAC), row((20, 3), who=OTHER), row((40, 1)))
    assert stored() == [("", 1), (MAC, 2), (OTHER, 3)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # One lease covers all: the row gets the name, and stays the evidence of its case.
        ([row((0, 2), (30, 1))], [row((0, 2), (30, 1), who=MAC)], [(MAC, 3)]),
        # Two leases share it.
        ([row((0, 2), (30, 1))], [row((0, 2), who=MAC), row((30, 1), who=OTHER)], [(MAC, 2), (OTHER, 1)]),
        # One run stays without a name, and the log has grown.
        ([row((0, 2), (30, 1))], [row((0, 2), who=MAC), row((30, 1), (60, 4))], [("", 5), (MAC, 2)]),
        ([row((0, 2), (30, 1))], [row((0, 1)), row((0, 1), (30, 1), who=MAC)], [("", 1), (MAC, 2)]),
    ],
)
def test_lines_that_get_a_name_later_do_not_count_twice(push, before, after, expected):
    push(*before)
    evidence = Case.rows.get().links.get().sighting_id
    push(*after)
    assert stored() == expected
    assert Case.rows.get().count == sum(count for _who, count in expected)
    assert Case.rows.get().links.filter(sighting=evidence).exists()
    push(*after)
    assert stored() == expected


def test_a_telling_without_the_lease_that_comes_later_adds_nothing(push):
    push(row((0, 2), who=MAC), row((30, 1), who=OTHER))
    assert push(row((0, 2), (30, 1))) == (0, 0, 1)
    assert stored() == [(MAC, 2), (OTHER, 1)]
    # Lines beyond the known lines are new; their machine is not known.
    push(row((0, 2), (30, 1), (60, 9)))
    assert ("", 12) in stored()


def test_a_shorter_document_takes_nothing_away(push):
    push(row((0, 5), (30, 5)))
    push(row((0, 2), who=MAC))
    assert stored() == [("", 10), (MAC, 2)]


@given(st.lists(st.sampled_from(["", MAC, OTHER]), min_size=1, max_size=6))
def test_whatever_is_named_in_one_document_after_the_other_lines_are_counted_once(names):
    from quetsach.portal.sightings import intake, tellings
    from quetsach.sightings.sighting import Sighting as Record

    def records(rows):
        fields = [{k: v for k, v in one.items() if k != "type"} for one in rows]
        return {intake.sighting_key(one): one for one in (Record(**f) for f in fields)}

    whole = records([row(*((at * 20, 1) for at in range(len(names))))])
    by_name = {
        who: row(*((at * 20, 1) for at, one in enumerate(names) if one == who), who=who) for who in set(names)
    }
    told = records(by_name.values())
    here = {
        key: tellings.Stored(
            one.count, True, {}, True, intake.to_moment(one.first_seen), intake.to_moment(one.last_seen)
        )
        for key, one in whole.items()
    }
    found = tellings.retold(told, tellings.bare_keys(told), here)
    after = {key: one.count for key, one in here.items()}
    for bare, named in found.renamed.items():
        after[intake.sighting_key(named)] = after.pop(bare)
    for key, one in told.items():
        after[key] = one.count if key in found.reduced or key not in after else max(after[key], one.count)
    renamed = {intake.sighting_key(named): named.count for named in found.renamed.values()}
    assert sum((after | renamed).values()) == len(names)

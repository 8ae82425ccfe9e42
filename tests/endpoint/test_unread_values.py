"""A registry value that could not be read is named, hides no other value, and nothing is called clean."""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quetsach.endpoint.act.errors import ActError
from quetsach.endpoint.act.grounds.winregistry import LiveSettings
from quetsach.endpoint.fact import Unavailable
from quetsach.endpoint.machines import hive, people
from quetsach.endpoint.machines.recording import Recording
from quetsach.endpoint.machines.windows import OwnRegistry
from quetsach.endpoint.probe import Probe
from quetsach.endpoint.probes import autostart
from quetsach.endpoint.registry_values import Values
from tests.endpoint import world
from tests.endpoint.act import disks
from tests.endpoint.hives import Hive
from tests.endpoint.test_list_places import AN, CURRENT, URL
from tests.endpoint.test_people import BINH, CLASS, PROFILES, RUN, listed, shared

BAD = f"mshta {URL}"
_value = Hive._value
OUTSIDE = 0x7FFFFFF0


def broken(name: str, at: int, form: str, *new: int) -> Callable[[Hive, str, Any], int]:
    """A writer of hives that spoils the record (vk) of one value."""

    def write(self: Hive, called: str, told: Any) -> int:
        place = _value(self, called, told)
        if called == name:
            struct.pack_into(form, self._cells, place + 4 + at, *new)
        return place

    return write


def in_cells(self: Hive, name: str, told: Any) -> int:
    """Data in several cells (db), as Windows writes more than 16,344 bytes."""
    data = f"{told}\0".encode("utf-16-le")
    if len(data) <= 16_344:
        return _value(self, name, told)
    cells = [self._cell(data[at : at + 16_344] + bytes(4)) for at in range(0, len(data), 16_344)]
    listed_in = self._cell(struct.pack(f"<{len(cells)}I", *cells))
    place = self._cell(struct.pack("<2sHI", b"db", len(cells), listed_in))
    raw = name.encode("latin-1")
    return self._cell(struct.pack("<2sHIIIHH", b"vk", len(raw), len(data), place, 1, 1, 0) + raw)


def gaps(done: Any, probe: str = "autostart") -> set[tuple[str, str]]:
    return {(gap.reason, gap.detail) for gap in done.observed[probe].gaps}


@pytest.mark.recorded
@pytest.mark.parametrize(
    "spoil",
    [
        broken("Upd", 8, "<I", OUTSIDE),
        broken("Upd", 4, "<I", 0xFFFFF),
        broken("Upd", 4, "<I", 0x80000000 | 200),
    ],
    ids=["data outside of the hive", "longer than its cell", "in place of its offset, and longer"],
)
def test_data_that_cannot_be_read_are_a_gap_and_hide_no_other_value(
    spoil: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hive, "_value", spoil)
    done = world.look(shared({RUN: {"Upd": BAD}}))
    assert (str(done.verdict), gaps(done)) == ("unknown", {("damaged", rf"{RUN}\Upd")})
    for values in ({"Upd": "x" * 9, "z": BAD}, {"a": BAD, "Upd": "x" * 9}):
        done = world.look(shared({RUN: values}))
        assert listed(done) == {"evil.example"}
        assert gaps(done) == {("damaged", rf"{RUN}\Upd")}


ELSEWHERE = {
    "a policy of a browser": ("policies", r"HKLM\SOFTWARE\Policies\Google\Chrome", "HomepageLocation"),
    "a start page": ("policies", rf"{AN}\Microsoft\Internet Explorer\Main", "Start Page"),
    "a proxy": ("proxies", rf"{AN}\{CURRENT}\Internet Settings", "AutoConfigURL"),
    "an installed program": ("installed", rf"HKLM\SOFTWARE\{CURRENT}\Uninstall\{{1}}", "DisplayName"),
    "a command typed into Run": ("scripts", rf"{AN}\{CURRENT}\Explorer\RunMRU", "q"),
}


@pytest.mark.recorded
@pytest.mark.parametrize("place", ELSEWHERE)
def test_a_value_that_cannot_be_read_leaves_no_place_clean(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, key, name = ELSEWHERE[place]
    plant = {"registry": {key: {name: "http://example.org/start"}}}
    assert str(world.look_at_tree(world.planted(plant), tmp_path / "sound").verdict) == "clean"
    monkeypatch.setattr(Hive, "_value", broken(name, 8, "<I", OUTSIDE))
    done = world.look_at_tree(world.planted(plant), tmp_path / "broken")
    told = {detail.casefold() for _reason, detail in gaps(done, probe)}
    assert (str(done.verdict), rf"{key}\{name}".casefold() in told) == ("unknown", True)
    assert list(done.unseen) == [probe]


@pytest.mark.recorded
def test_a_policy_that_is_longer_than_is_read_is_never_clean(tmp_path: Path) -> None:
    key = ELSEWHERE["a policy of a browser"][1]

    def look(pad: int) -> Any:
        told = f'{{"{"a" * pad}":"http://example.org/"}}'
        plant = {"registry": {key: {"ExtensionSettings": told}}}
        return world.look_at_tree(world.planted(plant), tmp_path / str(pad))

    assert [str(look(pad).verdict) for pad in (1_000, 66_000)] == ["clean", "unknown"]


@pytest.mark.recorded
def test_a_default_value_that_cannot_be_read_is_named_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hive, "_value", broken("", 8, "<I", OUTSIDE))
    done = world.look(shared({CLASS: {"": r"\\evil.example\a\x.dll", "ThreadingModel": "Both"}}))
    assert (str(done.verdict), gaps(done)) == ("unknown", {("damaged", CLASS)})


@pytest.mark.recorded
def test_damage_in_a_value_that_nobody_asks_for_is_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hive, "_value", broken("ThreadingModel", 8, "<I", OUTSIDE))
    done = world.look(shared({CLASS: {"": r"C:\Windows\System32\ole32.dll", "ThreadingModel": "Apartment"}}))
    assert gaps(done) == set()


@pytest.mark.recorded
def test_values_before_one_that_is_no_value_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hive, "_value", broken("Upd", 0, "<2s", b"zz"))  # type: ignore[arg-type]
    done = world.look(shared({RUN: {"a": BAD, "Upd": "x" * 9, "z": "y"}}))
    assert listed(done) == {"evil.example"}
    assert gaps(done) == {("damaged", RUN)}
    done = world.look(shared({RUN: {"a": "y", "Upd": "x" * 9, "z": BAD}}))
    assert str(done.verdict) == "unknown"


@pytest.mark.recorded
@pytest.mark.parametrize("write", [_value, in_cells], ids=["one cell", "several cells"])
def test_a_long_text_is_read_or_told(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hive, "_value", write)
    assert listed(world.look(shared({RUN: {"Upd": "x" * 60_000 + f" {BAD}"}}))) == {"evil.example"}
    done = world.look(shared({RUN: {"Upd": "x" * 70_000 + f" {BAD}"}}))
    assert (str(done.verdict), gaps(done)) == ("unknown", {("too_large", rf"{RUN}\Upd")})
    done = world.look(shared({RUN: {"Upd": f"{BAD} " + "x" * 70_000}}))
    assert (listed(done), gaps(done)) == ({"evil.example"}, {("too_large", rf"{RUN}\Upd")})


@pytest.mark.parametrize("kind", [0, 3, 5, 6, 8, 9, 10, 12, 0x11, 0xFF])
def test_data_of_any_kind_but_texts_and_numbers_are_bytes(kind: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `winreg` gives them; the parser knows no kind above 11, and has no data of such a value."""
    monkeypatch.setattr(Hive, "_value", broken("x", 12, "<I", kind))
    read = hive.Hive(io.BytesIO(Hive({"k": {"x": "abc"}}).content), "hive")
    assert read.values("k")["x"] == "abc\0".encode("utf-16-le").hex()


@pytest.mark.parametrize("name", ["Debugger", "DEBUGGER", "debugger"])
def test_names_of_values_have_no_case(name: str) -> None:
    told = world.planted({"registry": {rf"{world.IFEO}\sethc.exe": {name: BAD}}})
    (seen,) = [one for one in autostart.PROBE.run(Recording(told)).items if one.fields["command"] == BAD]
    assert seen.fields["place"].endswith("sethc.exe")


class _Error(OSError):
    def __init__(self, number: int) -> None:
        super().__init__(22, "x")
        self.winerror = number


class _Key:
    def __enter__(self) -> None: ...
    def __exit__(self, *_error: object) -> None: ...


def live(monkeypatch: pytest.MonkeyPatch, told: list[tuple[str, object]], last: int) -> OwnRegistry:
    """The live reader over a `winreg` with these values, then an error of this number."""

    def one(_key: object, number: int) -> Any:
        if number >= len(told):
            raise _Error(last)
        return (*told[number], 1)

    fake = SimpleNamespace(EnumValue=one, EnumKey=lambda key, number: one(key, number)[0])
    monkeypatch.setitem(sys.modules, "winreg", fake)
    monkeypatch.setattr(OwnRegistry, "_open", lambda _self, _key: _Key())
    return OwnRegistry()


NO_MORE, KEY_DELETED, ACCESS_DENIED = 259, 1018, 5  # winerror.h


def test_only_one_error_of_windows_ends_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, object]] = [("a", "x"), ("b", 7)]
    assert dict(live(monkeypatch, told, NO_MORE).values("HKLM\\k")) == {"a": "x", "b": "7"}
    assert live(monkeypatch, told, NO_MORE).subkeys("HKLM\\k") == ["a", "b"]
    for number in (KEY_DELETED, ACCESS_DENIED):
        registry = live(monkeypatch, told, number)
        assert registry.values("HKLM\\k")["a"] == "x"
        with pytest.raises(Unavailable):
            registry.values("HKLM\\k").get("c")
        with pytest.raises(Unavailable):
            registry.subkeys("HKLM\\k")


@pytest.mark.parametrize("is_first", [True, False])
def test_a_hidden_value_takes_no_name_of_another(is_first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """`winreg` gives the value `NUL x`, which no registry editor shows, as a second default value."""
    real, hidden = ("", BAD), ("", '"%1" %*')
    told: list[tuple[str, object]] = [real, hidden] if is_first else [hidden, real]
    registry = live(monkeypatch, told, NO_MORE)
    monkeypatch.setattr(sys.modules["winreg"], "QueryValueEx", lambda _key, _name: (BAD, 1), raising=False)
    values = registry.values("HKLM\\k")
    assert values[""] == BAD
    assert sorted(values.items()) == sorted([real, hidden])


def test_no_change_of_a_hidden_value_hits_the_value_whose_name_it_begins_with() -> None:
    settings, key = LiveSettings(), r"HKLM\SOFTWARE\x"
    assert settings.get(key, "a\0b") is None
    for change in (lambda: settings.delete(key, "a\0b"), lambda: settings.set(key, "a\0b", {"data": ""})):
        with pytest.raises(ActError) as refused:
            change()
        assert refused.value.reason == "missing"


@pytest.mark.parametrize("data", ["x" * 70_000, ["x" * 40_000, "y" * 40_000], b"x" * (2 << 20)])
def test_what_is_cut_of_a_live_value_is_told(data: object, monkeypatch: pytest.MonkeyPatch) -> None:
    values = live(monkeypatch, [("a", "x"), ("b", data)], NO_MORE).values("HKLM\\k")
    assert values["a"] == "x"
    with pytest.raises(Unavailable, match=r"too_large: HKLM\\k\\b"):
        values.get("b")


def test_a_person_whose_profile_cannot_be_read_is_told_by_every_look() -> None:
    key = rf"{PROFILES}\{BINH}"

    class Own:
        def values(self, asked: str) -> Values:
            found = Values(asked)
            found.add("ProfileImagePath", "", "damaged" if asked == key else "")
            return found

        def subkeys(self, asked: str) -> list[str]:
            return [BINH] if asked == PROFILES else []

    joined = people.PeoplesRegistry(Own(), Recording(world.CLEAN).files, {})
    look = Probe("x", lambda _machine, _seen: joined.users and None)
    for _again in range(2):
        (gap,) = look.run(Recording(world.CLEAN)).gaps
        assert (gap.reason, gap.detail) == ("damaged", rf"{key}\ProfileImagePath")


def test_of_many_values_few_are_named_one_by_one() -> None:
    def look(_machine: object, _seen: object) -> None:
        values = Values("k")
        for number in range(50_000):
            values.add(f"v{number}", "", "damaged")
        list(values.items())

    told = Probe("x", look).run(Recording(world.CLEAN)).gaps
    assert len(told) == 11 and told[-1].detail == "k"


def test_a_rule_that_is_not_read_whole_is_never_written_and_hinders_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hive, "_value", broken("damaged", 8, "<I", OUTSIDE))
    rule = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=1688|Name=x|"
    rules = {"damaged": rule, "long": f"{rule}Desc={'x' * 70_000}|", "planted": rule}
    disk = world.tree(world.planted({"registry": {world.RULES: rules}}), tmp_path / "disk")
    made = disks.planned(disk, "FW-02")
    assert [step.target["name"] for step in made.steps] == ["planted"]
    assert [one.reason for one in made.advice if one.subject.casefold() == world.RULES.casefold()] == [
        "failed"
    ]

"""The national trees have the counts of the gazette, and the reorganisation leads from one to the other."""

from datetime import date

import pytest
from django.db import OperationalError, connection

from quetsach.portal.accounts.models import User
from quetsach.portal.units.actions import create_unit
from quetsach.portal.units.change_actions import TreeRefusedError
from quetsach.portal.units.management.commands.load_national_tree import Command
from quetsach.portal.units.models import HeldPath, Identifier, Membership, ReorgLink, Unit, path_segment
from quetsach.portal.units.national_actions import DAY, load_tree_of
from quetsach.portal.units.queries import search, tree_as_of
from quetsach.text.vietnamese import sort_key
from quetsach.units.national import NationalTreeError, Place, load


def shape(day):
    """The names along the path of every unit on a day, from versions and rows, not from the files."""
    standing = tree_as_of(day)

    def path(pk):
        state = standing[pk]
        return (*(path(state.parent) if state.parent else ()), state.name)

    return sorted(path(pk) for pk in standing)


def shape_of(tree):
    by_code = {place.code: place for place in tree.places}

    def path(place):
        return (*(path(by_code[place.parent]) if place.parent else ("Cả nước",)), place.name)

    return sorted([("Cả nước",), *map(path, tree.places)])


def test_counts():
    # The statistics office's list of 2022; the two resolutions of June 2025 that left 34 and 3,321.
    assert [load(2022).count(n) for n in (2, 3, 5)] == [63, 705, 10_599]
    assert [load(2025).count(n) for n in (2, 3, 5)] == [34, 0, 3_321]
    lai_chau = [p for p in load(2022).places if p.parent == "109"]
    assert len(lai_chau) == 17 and Place("03571", "Xã Dào San", "109") in lai_chau
    # As announced: Hà Nội 126 communes, Hồ Chí Minh City 168, Thanh Hóa 166.
    below = [p.parent for p in load(2025).places]
    assert (below.count("01"), below.count("79"), below.count("38")) == (126, 168, 166)


def test_from_2022_to_today(db):
    _, count = load_tree_of(None, load(2022))
    assert count == 1 + 63 + 705 + 10_599
    assert shape(date(2022, 9, 5)) == shape_of(load(2022))
    island = Unit.rows.get(name="Huyện Côn Đảo")
    district = Unit.rows.get(name="Huyện Phong Thổ")
    school = create_unit(None, Unit.rows.get(code="03571"), "Trường Mầm non Dào San", kind="school")
    office = create_unit(None, district, "Phòng Nội vụ", kind="phong")
    path = Unit.rows.get(code="03571").path
    user = User.objects.create_user("dao-san")

    _, count = load_tree_of(None, load(2025))
    assert count == 1 + 34 + 3_321 + 2
    living = [row for row in shape(DAY) if row[-1] not in {"Trường Mầm non Dào San", "Phòng Nội vụ"}]
    assert living == shape_of(load(2025))
    before = [row for row in shape(date(2025, 6, 30)) if len(row) < 5 and row[-1] != "Phòng Nội vụ"]
    assert before == shape_of(load(2022)), "yesterday is as it was"

    for unit in Unit.rows.select_related("parent"):
        assert unit.path == (unit.parent.path if unit.parent else "") + path_segment(unit.pk)
        assert unit.is_retired or unit.parent is None or not unit.parent.is_retired
    island.refresh_from_db()
    assert (island.name, island.parent.name) == ("Đặc khu Côn Đảo", "Thành phố Hồ Chí Minh")
    school.refresh_from_db()
    office.refresh_from_db()
    # As published: Dào San is formed from Tông Qua Lìn, Mù Sang and Dào San.
    assert (school.parent.name, office.parent.name) == ("Xã Dào San", "Tỉnh Lai Châu")
    whole = ReorgLink.rows.filter(to_unit=school.parent, portion="whole")
    assert set(whole.values_list("from_unit__name", flat=True)) == {
        "Xã Dào San",
        "Xã Mù Sang",
        "Xã Tông Qua Lìn",
    }
    Membership.ever.create(user=user, unit=school.parent, role="officer")
    assert HeldPath.rows.filter(unit=school.parent, path=path).exists()
    assert not ReorgLink.rows.filter(portion="part", inherits=True).exists()

    codes = Identifier.rows.filter(value="03571", scheme="gso5").order_by("valid_to")
    assert {(i.unit.name, i.valid_from, i.valid_to) for i in codes} == {
        ("Xã Dào San", None, DAY), ("Xã Dào San", DAY, None)
    }  # fmt: skip
    # A district that ended is found by its name, under the province that took over.
    officer = User.objects.create_user("lai-chau")
    Membership.ever.create(user=officer, unit=office.parent, role="reader")
    hits, _ = search(officer, "Huyện Phong Thổ")
    assert (hits[0].unit, hits[0].former) == (office.parent, "Huyện Phong Thổ")
    assert load_tree_of(None, load(2025))[1] == count, "once more changes nothing"
    with pytest.raises(TreeRefusedError, match="national_newer"):
        load_tree_of(None, load(2022))


def test_xa_tan_thanh_stands_27_times(db):
    load_tree_of(None, load(2022))
    user = User.objects.create_user("ca-nuoc")
    Membership.ever.create(user=user, unit=Unit.rows.get(parent=None), role="reader")
    hits, total = search(user, "xã tân thành")
    first = [hit for hit in hits if hit.unit.name == "Xã Tân Thành"]
    assert len(first) == 27 and hits[:27] == first and total > 27
    assert len({hit.above for hit in first}) == 27, "told apart by the path"


def test_a_wrong_file_is_refused(tmp_path):
    file = tmp_path / "x.whl"
    file.write_bytes(b"PK\x03\x04")
    with pytest.raises(NationalTreeError, match=r"x\.whl"):
        load(2022, file)
    with pytest.raises(NationalTreeError, match="lacks"):
        load(2025, tmp_path)
    with pytest.raises(NationalTreeError, match="missing"):
        load(2025, tmp_path / "none")


@pytest.mark.parametrize(("name", "says"), [("x.whl", "không chứa"), ("none", "không có tệp")])
def test_the_command_tells_it_in_vietnamese_and_without_the_name_of_a_class(db, tmp_path, capsys, name, says):
    (tmp_path / "x.whl").write_bytes(b"PK\x03\x04")
    with pytest.raises(SystemExit) as stopped:
        Command().run_from_argv(["manage", "load_national_tree", "2022", "--from", str(tmp_path / name)])
    said = capsys.readouterr().err
    assert stopped.value.code == 1
    assert said.startswith("Lỗi: ") and says in said and "CommandError" not in said


def test_a_database_that_is_not_set_up_is_told_with_what_to_do(monkeypatch, capsys):
    def absent(*_arguments):
        raise OperationalError("no such table: units_unit")

    monkeypatch.setattr("quetsach.portal.units.management.commands.load_national_tree.load_tree_of", absent)
    with pytest.raises(SystemExit) as stopped:
        Command().run_from_argv(["manage", "load_national_tree", "2022", "--skip-checks"])
    assert stopped.value.code == 1
    assert "quetsach manage migrate" in capsys.readouterr().err


def test_names_sort_as_postgresql_sorts_vietnamese(db):
    """ICU, inside PostgreSQL, judges alphabetical order independently."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    names = sorted({place.name for place in load(2022).places})
    with connection.cursor() as cursor:
        cursor.execute('SELECT n FROM unnest(%s::text[]) AS n ORDER BY n COLLATE "vi-x-icu"', [names])
        icu = [row[0] for row in cursor.fetchall()]
    assert sorted(names, key=sort_key) == icu

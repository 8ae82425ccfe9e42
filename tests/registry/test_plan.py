"""A table's changes to a tree, and its mistakes: nothing is decided silently."""

from hypothesis import given
from hypothesis import strategies as st

from quetsach.units.plan import Known, compare, paths
from quetsach.units.table import Row, Table

KINDS = {"xã": "commune", "commune": "commune", "khác": "other", "other": "other"}


def known(ident, parent, name, **cells):
    return Known(ident, parent, {"name": name, "kind": "other", **cells})


TREE = [
    known("t", None, "Tỉnh"),
    known("a", "t", "Huyện A"),
    known("b", "t", "Huyện B"),
    known("a1", "a", "Xã Một"),
    known("a2", "a", "Xã Hai", contact_phone="0213 896 123"),
    known("b1", "b", "Xã Một"),
]


def table(*rows, keys=("id", "name", "kind", "parent")):
    places = {key: chr(65 + n) for n, key in enumerate(keys)}
    return Table(tuple(Row(n, dict(zip(keys, r, strict=True))) for n, r in enumerate(rows, 2)), places, ())


def plan(*rows, **kwargs):
    return compare(table(*rows, **kwargs), TREE, "t", KINDS)


def codes(result):
    return [(p.row, p.column, p.code) for p in result.problems]


def test_new_changed_moved_missing():
    result = plan(
        ("a", "Huyện A mới", "", "Tỉnh"),
        ("b1", "Xã Một", "khác", "Huyện A > Xã Hai"),
        ("a2", "Xã Hai", "other", "Huyện A"),
        ("", "Xã Ba", "Xã", "Huyện A mới"),
        ("", "Trường", "", "Xã Ba"),
    )
    assert codes(result) == []
    assert [(n.ref, n.parent) for n in result.new] == [("row:5", "a"), ("row:6", "row:5")]
    assert [(c.id, c.cells) for c in result.altered] == [("a", {"name": ("Huyện A", "Huyện A mới")})]
    assert [(c.id, c.parent) for c in result.moved] == [("b1", "a2")]
    assert [u.id for u in result.missing] == ["b", "a1"]
    assert result.same == 1


def test_a_unit_whose_row_has_a_fault_is_not_said_to_be_left_out():
    result = plan(("a1", "Xã Một", "lạ", "Huyện A"))
    assert codes(result) == [(2, "C", "kind")] and "a1" not in [unit.id for unit in result.missing]


def test_a_row_without_id_is_the_unit_of_that_name_and_place():
    result = plan(("", "Xã Hai", "Xã", "Huyện A"))
    assert not result.new and result.changed[0].id == "a2"


def test_below_before_above_still_finds_its_superior():
    result = plan(("", "Trường", "", "Xã Ba"), ("", "Xã Ba", "", "Huyện B"))
    assert [n.row for n in result.new] == [3, 2]


def test_each_fault_is_named_with_row_and_column():
    result = plan(
        ("zz", "Xã X", "", "Tỉnh"),
        ("a", "", "", "Tỉnh"),
        ("b", "Huyện B", "vua", "Tỉnh"),
        ("", "Xã Y", "", "Xã Một"),
        ("", "Xã Z", "", "Huyện C"),
        ("a2", "Xã Hai", "", "Huyện A"),
        ("a2", "Xã Hai", "", "Huyện A"),
        ("", "Huyện A", "", "Huyện B"),
        ("", "Huyện A", "", "Huyện B"),
    )
    assert codes(result) == [
        (2, "A", "unknown_id"), (3, "B", "no_name"), (4, "C", "kind"), (5, "D", "many_parents"),
        (6, "D", "no_parent"), (8, "A", "twice"), (8, "B", "twins"), (10, "B", "twins"),
    ]  # fmt: skip


def test_no_circle():
    assert (2, "D", "cycle") in codes(plan(("a", "Huyện A", "", "Huyện A > Xã Hai")))
    assert {c for _, _, c in codes(plan(("", "X", "", "Y"), ("", "Y", "", "X")))} == {"cycle"}


def test_cells_are_checked():
    keys = ("name", "staff_count", "contact_phone", "contact_email")
    result = plan(
        ("Xã P", "1,5", "gọi tôi", "a@b"), ("Xã Q", "1.234", "+84 912 345 678", "a@b.vn"), keys=keys
    )
    assert [(c, code) for r, c, code in codes(result) if r == 2] == [
        ("B", "staff_count"), ("C", "contact_phone"), ("D", "contact_email")
    ]  # fmt: skip
    assert [n.cells["staff_count"] for n in result.new if n.row == 3] == ["1234"]
    assert codes(plan(("Xã\u202eP", "", "", ""), keys=keys)) == [(2, "A", "unprintable")]


NAMES = st.sampled_from(["Xã Một", "Xã Hai", "Huyện A", "A > B", "Ô", "ô"])


@given(st.lists(st.tuples(st.integers(0, 8), NAMES), max_size=9))
def test_given_out_and_taken_in_changes_nothing(shape):
    """With any names, also equal ones: the written table is the tree."""
    units, taken = [known("0", None, "Tỉnh")], set()
    for number, (above, name) in enumerate(shape, 1):
        parent = str(above % number)
        if (parent, name) not in taken:
            taken.add((parent, name))
            units.append(known(str(number), parent if any(u.id == parent for u in units) else "0", name))
    seen = {(u.parent, u.name) for u in units}
    if len(seen) < len(units):
        return
    written = paths(units, "0")
    rows = [(u.id, u.name, "other", written[u.parent]) for u in units[1:]]
    result = compare(table(*rows), units, "0", KINDS)
    assert (codes(result), result.new, result.changed, result.missing) == ([], [], [], [])
    assert result.same == len(rows)


def test_a_name_that_stands_twice_is_given_by_its_path_in_either_direction():
    for path in (
        "Huyện B > Xã Một",
        "Xã Một / Huyện B",
        "xã một / huyện b / tỉnh",
        "Tỉnh > Huyện B > Xã Một",
    ):
        result = plan(("", "Trường", "khác", path))
        assert (codes(result), [n.parent for n in result.new]) == ([], ["b1"]), path
    assert codes(plan(("", "Trường", "khác", "Xã Một"))) == [(2, "D", "many_parents")]
    assert codes(plan(("", "Trường", "khác", "Xã Một / Tỉnh"))) == [(2, "D", "many_parents")]
    assert codes(plan(("", "Trường", "khác", "Xã Hai / Huyện B"))) == [(2, "D", "no_parent")]


def test_a_path_may_leave_superiors_out_and_begin_above_the_own_unit():
    rows = table(("", "Trường", "khác", "Xã Hai / Tỉnh / Cả nước"), ("", "Lớp", "khác", "Trường / Xã Hai"))
    result = compare(rows, TREE, "t", KINDS, ["Cả nước"])
    assert (codes(result), [n.parent for n in result.new]) == ([], ["a2", "row:2"])

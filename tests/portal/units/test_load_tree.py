"""A seed file becomes a tree, once; a bad file is refused whole, with the unit and the field."""

import ipaddress
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from quetsach.portal.units.models import Unit
from quetsach.portal.units.networks import Network
from quetsach.portal.units.seed import SeedError, load_tree, read_seed

PHONG_THO = Path(__file__).parents[3] / "demo/seed/phong_tho_2022.toml"
# General Statistics Office, district 109, list of 2022
CODES = [3391, 3490, 3549, 3550, 3553, 3559, 3562, 3565, 3568, 3571, 3574, 3577, 3580, 3583, 3586, 3589, 3592]


def test_the_district_of_the_letter(db):
    top = load_tree(PHONG_THO, None)
    district = Unit.rows.get(code="109")
    communes = Unit.rows.filter(parent=district, kind=Unit.Kind.COMMUNE)
    assert (top.name, district.parent, top.code) == ("Tỉnh Lai Châu", top, "12")
    assert sorted(communes.values_list("code", flat=True)) == [f"{c:05}" for c in CODES]
    assert communes.get(code="03571").name == "Xã Dào San"
    assert {c.children.count() for c in communes} == {4}
    assert Unit.rows.filter(parent=district, kind=Unit.Kind.OFFICE).count() >= 15
    nets = [ipaddress.ip_network(n.cidr) for n in Network.rows.filter(unit__path__startswith=district.path)]
    assert len(nets) == Unit.rows.filter(path__startswith=district.path).count()
    assert not any(a.overlaps(b) for i, a in enumerate(nets) for b in nets[i + 1 :])


@pytest.mark.usefixtures("in_english")
def test_loading_twice_changes_nothing(db):
    load_tree(PHONG_THO, None)
    before = sorted(Unit.rows.values_list("pk", "name", "path"))
    out = StringIO()
    call_command("load_tree", str(PHONG_THO), stdout=out)
    assert sorted(Unit.rows.values_list("pk", "name", "path")) == before
    assert re.search(r"\b0 new", out.getvalue())


def test_the_order_of_the_file_is_the_order_of_the_offices(db, tmp_path):
    file = tmp_path / "t.json"
    file.write_text(
        json.dumps({"name": "Tỉnh", "units": [{"name": "Xã Ô"}, {"name": "Xã An"}]}), encoding="utf-8"
    )
    top = load_tree(file, None)
    assert [u.name for u in top.children.all()] == ["Xã Ô", "Xã An"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 'a'\nunits = [{kind = 'so'}]", "a: a unit without a name"),
        ("name = 'a'\nkind = 'king'", "kind: 'king'"),
        ("name = 'a'\nunits = [{name = 'b', networks = ['10.1.2.3/24']}]", "b: networks: '10.1.2.3/24'"),
        ("name = 'a'\nunits = [{name = 'b'}, {name = ' b '}]", "'b' occurs twice"),
        ("name = 'a'\nstaff = 3", "staff: no such field"),
        ("name = 'a'\nstaff_count = -1", "staff_count: '-1'"),
        ("name = 'a'\nkind = so", "line 2"),
        (
            "name = 'a'\nunits = [{name='b', networks=['10.0.0.0/8']},{name='c', networks=['10.0.0.0/8']}]",
            "belongs to b",
        ),
    ],
)
@pytest.mark.usefixtures("in_english")
def test_a_bad_file_is_refused_whole(db, tmp_path, text, says):
    file = tmp_path / "t.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SeedError, match=re.escape(says)):
        load_tree(file, None)
    assert not Unit.rows.exists()


@pytest.mark.usefixtures("in_english")
def test_the_command_says_what_is_wrong(db, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_tree", str(tmp_path / "none.toml"))
    file = tmp_path / "latin.toml"
    file.write_bytes("name = 'Xã'".encode("latin-1"))
    with pytest.raises(SeedError, match="not UTF-8"):
        read_seed(file)

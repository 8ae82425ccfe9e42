"""TCVN3 and VNI, compared with glibc and with texts typed by hand from the fonts' layouts."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.annexes.collecting.files import legacy

LETTERS = "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"


@pytest.mark.skipif(shutil.which("iconv") is None, reason="no iconv")
def test_tcvn3_is_what_glibc_reads() -> None:
    done = subprocess.run(
        ["iconv", "-f", "UTF-8", "-t", "TCVN5712-1"], input=LETTERS.encode(), capture_output=True
    )
    if done.returncode:
        pytest.skip("this iconv has no TCVN5712-1")
    assert legacy.decode(done.stdout.decode("latin-1"), legacy.TCVN3) == LETTERS


@pytest.mark.parametrize(
    ("seen", "meant", "encoding"),
    [
        ("§¬n vÞ", "Đơn vị", legacy.TCVN3),
        ("Céng hoµ x· héi chñ nghÜa ViÖt Nam", "Cộng hoà xã hội chủ nghĩa Việt Nam", legacy.TCVN3),
        ("Ñôn vò", "Đơn vị", legacy.VNI),
        ("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam", legacy.VNI),
        ("ÑOÄC LAÄP - TÖÏ DO", "ĐỘC LẬP - TỰ DO", legacy.VNI),
        ("ñöôïc, thöôûng, nguyeãn, kyõ thuaät", "được, thưởng, nguyễn, kỹ thuật", legacy.VNI),
    ],
)
def test_old_texts_are_told_and_read(seen: str, meant: str, encoding: str) -> None:
    assert legacy.detect([seen]) == encoding
    assert legacy.decode(seen, encoding) == meant


@pytest.mark.parametrize(
    "text", ["Đơn vị đã triển khai", "Ghi chú: không có", "café", "Hà Nam", "12 ± 3", "", "abc"]
)
def test_unicode_is_left_alone(text: str) -> None:
    assert legacy.detect([text]) == ""


@given(st.text(max_size=50))
def test_what_unicode_alone_can_write_is_never_changed(text: str) -> None:
    assert legacy.repaired(f"{text} ở", legacy.TCVN3) == f"{text} ở"

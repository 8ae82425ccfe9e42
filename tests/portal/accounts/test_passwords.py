"""Passwords that attackers here try first are refused; four plain words are not."""

import re

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from quetsach.portal.accounts.models import User
from tests.portal.staff.test_staff import NEW, invited

COMMON = """
matkhau123456 · Mật Khẩu 2024 · m@tkhau123456 · M@tKh@u@2025! · anhyeuem12345 · Anh yêu em 1314
anhyeuemnhieu · vietnam@2024! · VietNam-vo-dich-2024 · hanoi1234567890
UBND xã 2024 2025 · uyban nhandan 2024 · 1qaz2wsx3edc · qwertyuiop123 · zxcvbnm,./123456 · 123456789012
0912 345 678 90 · P@ssw0rd2024!! · quetsach2024!! · admin@123456! · Hồ Chí Minh 1945
congan-xa-123456 · password12345
"""
REPEATED = """
aaaaaaaaaaaa · Aaaaaaaaaaaaaaaa · abababababab · xyq1xyq1xyq1xyq1 · ............ · 1112221112221
"""
GOOD = """
bon tu de nho · ca rot bay qua cau thang · Tủ lạnh chạy bằng gió · k7#Vq2!mZp9x · quả dừa đọc sách to
correct horse battery staple
"""
OWN = """
Nguyễn Thị Hà 2 · nguyenthiha99 · ha.nguyen.2025 · HaNguyen!!!! · nguyenthiha-ky-ten · 0213.3000.111
"""


def each(table):
    return [one for line in table.strip().splitlines() for one in line.split(" · ")]


@pytest.mark.parametrize("password", each(COMMON + REPEATED))
def test_what_is_tried_first_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", each(GOOD))
def test_plain_words_and_chance_are_taken(password):
    validate_password(password, User(username="ha.nguyen", full_name="Nguyễn Thị Hà", phone="0213 3000 111"))


@pytest.mark.parametrize("password", each(OWN))
def test_ones_own_name_is_no_password(password):
    person = User(username="ha.nguyen", full_name="Nguyễn Thị Hà", phone="0213 3000 111")
    with pytest.raises(ValidationError):
        validate_password(password, person)


def test_the_user_name_is_told_as_such_and_not_as_common():
    with pytest.raises(ValidationError) as told:
        validate_password("quantri.admin", User(username="quantri.admin"))
    assert [error.code for error in told.value.error_list] == ["password_too_similar"]


def test_a_password_of_any_length_is_judged_at_once():
    """Comparing takes the square of the length: a minute of the whole process for these."""
    for text in ("1" * 70_000 + "x", "ha.nguyen1" * 7_000, "123" * 20_000 + "é-x"):
        with pytest.raises(ValidationError) as told:
            validate_password(text, User(username="ha.nguyen"))
        assert "password_too_long" in [one.code for one in told.value.error_list]
    validate_password("bốn từ tiếng Việt " + "".join(map(chr, range(0x4E00, 0x4E00 + 182))))


def test_the_page_of_a_new_account_and_that_of_a_new_password_ask_the_same(cast):
    url = invited(cast.client("A", "coordinator"), cast.units["A1"])
    page = Client().post(url, {**NEW, "password": "lovanpang-lovanpang"}).content.decode()
    assert 'class="err"' in page and not User.objects.filter(username="lo.pang").exists()
    # Its words are common, too; but the true reason is that it is the user name.
    like = {"username": "quantri.admin", "password": "quantri.admin"}
    page = Client().post(url, {**NEW, **like}).content.decode()
    assert page.count('class="err"') == 1 and "Quá giống" in page
    person = cast.user("A1", "officer")
    person.full_name = "Lò Văn Pâng"
    person.save()
    shown = cast.client("A", "coordinator").post(
        reverse("staff_person", args=[person.pk]), {"do": "password"}
    )
    link = re.search(r"/loi-moi/[^/\"]+/", shown.content.decode())[0]
    assert 'class="err"' in Client().post(link, {"password": "lovanpang2025"}).content.decode()
    mine = cast.client("A1", "officer")
    form = {"oldpassword": "quet-sach-123", "password1": "lovanpang2025", "password2": "lovanpang2025"}
    assert 'class="err"' in mine.post(reverse("account_change_password"), form).content.decode()
    person.refresh_from_db()
    assert person.check_password("quet-sach-123")

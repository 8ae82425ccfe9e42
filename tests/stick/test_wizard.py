"""The stick in a person's hands: double-clicks, reads the window, and types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from pytest_django.live_server_helper import LiveServer

from quetsach.endpoint import keys
from quetsach.portal.checks.models import CheckResult
from quetsach.portal.checks.packs.actions import build_pack, content_of
from quetsach.portal.checks.unit_actions import issue_code
from tests.collect import papers_by_hand as by
from tests.portal.cast import Cast
from tests.portal.conftest import _plain_settings, cast  # noqa: F401
from tests.portal.scan_document import publish_list
from tests.stick.console import Console
from tests.stick.test_wine import SPP
from tests.stick.windows import NEEDS_WINE, ROOT, Windows, unpacked

pytestmark = NEEDS_WINE
WRONG = "2345-6789-ABCD"
ORDER = (
    "Không thấy dấu hiệu nào",
    "Cần làm gì bây giờ:",
    "Gửi đi (",
    "Không gửi đi:",
    "Đã lưu:",
    "rút USB rồi sang máy sau",
    "ngay bây giờ?",
)
"""A person can read the contents of the result before the question whether to send it."""
LOG = (
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels"
    r"\Microsoft-Windows-DNS-Client/Operational"
)
NO_PACK = "Ở đây chưa có gói của chiến dịch."


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[Windows]:
    drive = tmp_path / "Thẻ nhớ số 1"
    drive.mkdir()
    made = Windows(ROOT / "var/stick/wine", drive)
    made.start()
    yield made
    made.settle()


def wizard(windows: Windows, stick: Path) -> Console:
    """The `.cmd`, started by a double click."""
    return Console(windows, "cmd", "/c", rf"E:\{stick.name}\KIEM-TRA.cmd")


@pytest.fixture
def stick(windows: Windows) -> Path:
    return unpacked(windows.drive)


def test_the_menu_asks_and_leaves_in_either_language(windows: Windows, stick: Path) -> None:
    with wizard(windows, stick) as window:
        shown = window.until("Chọn mục [1]:")
        assert NO_PACK in shown and "1 Kiểm tra máy này (nhanh)" in shown
        # Without a pack there is no portal to open or to send to.
        assert "7 Gửi các kết quả" not in shown
        window.answer("12")
        assert "Không có mục đó." in window.until("Chọn mục [1]:")
        window.answer("l")
        assert "1 Check this machine (quick)" in window.until("Your choice [1]:")
        window.answer("L")
        window.until("Chọn mục [1]:")
        assert window.leave("0") == 0
    assert not (stick / "ket-qua").exists()


def test_the_menu_asks_for_what_is_missing(windows: Windows, stick: Path) -> None:
    reports, results = windows.drive / "báo cáo", windows.drive / "kết quả"
    reports.mkdir()
    results.mkdir()
    (reports / "mường so.docx").write_bytes(by.docx(by.form("UBND xã Mường So", ("1", "12", "1", "9"))))
    with wizard(windows, stick) as window:
        window.until("Chọn mục [1]:")
        window.answer("4")
        window.until("Kéo thư mục chứa các kết quả thả vào cửa sổ này, rồi bấm Enter:")
        window.answer(r"E:\khong-co")
        window.until("Không có thư mục này:")
        window.answer(r'"E:\kết quả"')
        assert "chưa có kết quả nào" in window.until("Chọn mục [1]:")
        (results / "a.qsresult").write_bytes(b"{}")
        window.answer("4")
        window.until("rồi bấm Enter:")
        window.answer(r"E:\kết quả")
        window.until("Kéo tệp khóa thả vào cửa sổ này; không có thì bấm Enter:")
        window.answer("")
        assert "chỉ cổng mở được" in window.until("Chọn mục [1]:")
        window.answer("5")
        window.until("Kéo thư mục chứa các báo cáo")
        window.answer(r'"E:\báo cáo"')
        window.until("Kéo danh sách đơn vị phải báo cáo")
        window.answer("")
        shown = window.until("Chọn mục [1]:")
        assert "UBND xã Mường So" in shown and "tong-hop-bao-cao-" in shown and " --" not in shown
        window.leave("0")
    assert len(list((stick / "ket-qua").glob("tong-hop-bao-cao-*.xlsx"))) == 1


def test_the_menu_cleans_and_takes_back(windows: Windows, stick: Path) -> None:
    def log() -> str:
        return windows.run("reg", "query", LOG, "/v", "Enabled")[1]

    windows.run("reg", "add", SPP, "/v", "KeyManagementServiceName", "/d", "127.0.0.2", "/f")
    windows.run("reg", "add", LOG, "/v", "Enabled", "/t", "REG_DWORD", "/d", "0", "/f")
    try:
        with wizard(windows, stick) as window:
            window.until("Chọn mục [1]:")
            window.answer("8")
            window.until("Gõ c để bật, Enter để thôi:")
            window.answer("c")
            plan = window.until("Enter để giữ nguyên mọi thứ:")
            assert "KMS-01" in plan and "KIEM-TRA.cmd -- check apply" in plan
            window.answer(re.findall(r"[0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}", plan)[-1])
            window.until("hãy gõ: DỌN SẠCH")
            window.answer("dọn sạch")
            assert "Đã xong 2 trên 2 bước." in window.until("Chọn mục [1]:")
            assert "127.0.0.2" not in windows.run("reg", "query", SPP)[1] and "0x1" in log()
            window.answer("9")
            window.until("Gõ c để làm, Enter để thôi:")
            window.answer("c")
            assert "Mọi thứ đã trở lại như trước khi xử lý." in window.until("Chọn mục [1]:")
            assert window.leave("0") == 0
        assert "127.0.0.2" in windows.run("reg", "query", SPP)[1] and "0x0" in log()
    finally:
        windows.run("reg", "delete", SPP, "/v", "KeyManagementServiceName", "/f")
        windows.run("reg", "delete", LOG, "/v", "Enabled", "/f")


def test_a_program_that_cannot_start_is_told(windows: Windows, stick: Path) -> None:
    (stick / "he-thong/python313.dll").write_bytes(b"MZ")
    code, told = windows.run("cmd", "/c", rf"E:\{stick.name}\KIEM-TRA.cmd")
    assert code not in range(10) and "Hay giai nen lai tep ZIP" in told


@pytest.mark.django_db(transaction=True)
def test_a_person_checks_sends_once_and_is_told(
    windows: Windows,
    stick: Path,
    live_server: LiveServer,
    cast: Cast,  # noqa: F811
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    publish_list(cast, tmp_path)
    row = build_pack(
        cast.nodes["A1"], cast.user("A1", "officer"), f"http://127.0.0.1:{live_server.thread.port}/"
    )
    (stick / "a1.qspack").write_bytes(content_of(row))
    first, second = (issue_code(cast.nodes["A1"], cast.user("A1", "officer"))[1] for _ in range(2))

    with wizard(windows, stick) as window:
        asked = window.until("Gõ c nếu đúng")
        assert keys.fingerprint(bytes.fromhex(row.signed_with.public)) in asked
        window.answer("c")
        # A machine without a result on the stick is checked after one answer.
        assert "Đơn vị A1" in window.until("Mấy người dùng máy này? [1]:")
        window.answer("ba")
        assert "Hãy gõ một số" in window.until("Mấy người dùng máy này? [1]:")
        window.answer("3")
        shown = window.until("Enter để không gửi:")
        assert "Không thay đổi gì. Không gửi gì." in shown
        places = [shown.find(one) for one in ORDER]
        assert -1 not in places and places == sorted(places), shown
        window.answer("c")
        window.until("Mã dùng một lần")
        window.answer(WRONG)
        assert "Cổng không nhận mã này" in window.until("Mã dùng một lần")
        assert not CheckResult.rows.exists()
        window.answer(first)
        assert "Đơn vị A1: 1 mới, 0 đã có" in window.until("Chọn mục [1]:")
        result = CheckResult.rows.get()
        assert (result.device.owner, result.people, result.is_sealed) == (cast.nodes["A1"], 3, True)

        window.answer("7")
        window.until("Mã dùng một lần")
        window.answer(second)
        assert "0 mới, 1 đã có" in window.until("Chọn mục [1]:")
        assert CheckResult.rows.count() == 1
        assert window.leave("0") == 0
    with wizard(windows, stick) as window:
        # On the next machine nobody is asked about the key again, and everybody sees who answered.
        shown = window.until("Chọn mục [1]:")
        assert "đã được người dùng xác nhận ngày" in shown and "a1.qspack.xac-nhan" in shown
        assert window.leave("0") == 0
    (sealed,) = (stick / "ket-qua").glob("*.qsresult")
    assert json.loads(sealed.read_bytes())["type"] == "sealed"

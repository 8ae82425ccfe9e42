"""The box above a long table filters its rows, typed with or without marks."""

from pathlib import Path

import pytest

import quetsach.portal.kit

SCRIPT = Path(quetsach.portal.kit.__file__).parent / "static/kit/sieve.js"
TABLE = """<table data-sieve="Tìm" data-sieve-open="Còn thiếu"><tbody>
<tr class="sub"><th>Số của đơn vị</th></tr>
<tr data-open><th>Phường Đống Đa</th></tr><tr><th>Xã Ô Long</th></tr><tr data-open><th>Xã Đồng Tâm</th></tr>
</tbody></table>"""


@pytest.mark.browser
def test_rows_are_left_by_words_and_by_what_is_open(chromium):
    with chromium.new_page() as page:
        page.set_content(TABLE)
        page.add_script_tag(path=SCRIPT)

        def left():
            return page.locator("tbody tr:not(.sub):visible").all_inner_texts()

        assert len(left()) == 3 and page.get_by_role("status").inner_text() == "3 / 3"
        for typed, names in {
            "dong": ["Phường Đống Đa", "Xã Đồng Tâm"],
            "ĐỒNG xã": ["Xã Đồng Tâm"],
            "o lo": ["Xã Ô Long"],
            "không có": [],
        }.items():
            page.get_by_role("searchbox").fill(typed)
            assert left() == names, typed
        page.get_by_role("searchbox").fill("")
        page.get_by_role("checkbox").check()
        assert left() == ["Phường Đống Đa", "Xã Đồng Tâm"]
        assert page.get_by_role("status").inner_text() == "2 / 3"

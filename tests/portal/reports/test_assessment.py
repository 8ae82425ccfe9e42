"""The drafted assessment: twelve units with their facts, and the sentences that each of them expects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from quetsach.portal.reports.assessment import facts
from quetsach.portal.reports.assessment.drafting import added_to, changes, outdated, updated
from quetsach.portal.reports.assessment.facts import Acts, Machines, Reports, Software
from quetsach.portal.reports.assessment.sentences import SENTENCES, said
from quetsach.portal.sightings.not_looked import NotLooked

FIRST, LAST = datetime(2022, 8, 31, 18, 0, tzinfo=UTC), datetime(2022, 9, 20, 9, 30, tzinfo=UTC)
"""In Vietnam the first is already 1 September."""


def sentences(acts=None, reports=None, machines=None, software=None):
    """The drafted text; a fact that is left out belongs to a unit that saw nothing and has no units below."""
    known = {
        facts.acts: acts or Acts(),
        facts.reports: reports or Reports(),
        facts.machines: machines or Machines(),
        facts.software: software or Software(),
    }
    return said(known.__getitem__)


SAW_NOTHING = [
    "Đơn vị chưa xác nhận trên hệ thống việc nhận văn bản triển khai chiến dịch.",
    "Đơn vị chưa báo triển khai chiến dịch trên hệ thống.",
    "Chưa có nhật ký kết nối mạng nào được gửi về để rà soát; chưa đủ căn cứ để kết luận có hay không có máy"
    " kết nối đến địa chỉ độc hại.",
    "Chưa có kết quả kiểm tra máy tính nào được gửi về; chưa biết có hay không có phần mềm bẻ khóa.",
]
ISSUER = Acts(is_issuer=True)
UNKNOWN_MACHINES, UNKNOWN_SOFTWARE = SAW_NOTHING[2:]

FIXTURES = {
    "a unit that saw nothing": ({}, SAW_NOTHING),
    "a unit where nothing was asked": (
        {
            "acts": Acts(received_on=date(2022, 9, 14)),
            "machines": Machines(is_listed=False),
            "software": Software(is_asked=False),
        },
        [
            "Đơn vị đã xác nhận nhận được văn bản triển khai chiến dịch ngày 14/9/2022.",
            "Đơn vị chưa báo triển khai chiến dịch trên hệ thống.",
            "Chiến dịch chưa công bố danh sách địa chỉ độc hại nên chưa yêu cầu rà soát máy tính theo danh"
            " sách.",
            "Văn bản triển khai chiến dịch không yêu cầu báo cáo về phần mềm bẻ khóa.",
        ],
    ),
    "a unit whose sensors are silent, and that sent nothing else": (
        {"acts": Acts(), "machines": Machines(left=NotLooked(2, 1_300, 4)), "software": Software()},
        [
            *SAW_NOTHING[:3],
            "Phần chưa rà soát được: 2 bộ theo dõi đang im lặng, 1.300 nhật ký mà bộ theo dõi không đọc được"
            " hết, 4 lỗi khi đọc nhật ký được gửi về.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "a clean unit that looked everywhere": (
        {
            "acts": Acts(received_on=date(2022, 9, 14), deployed_on=date(2022, 10, 5)),
            "machines": Machines(scans=1, senders=1, first=FIRST, last=LAST),
            "software": Software(checked=12, whole=12, unchecked=0),
        },
        [
            "Đơn vị đã xác nhận nhận được văn bản triển khai chiến dịch ngày 14/9/2022.",
            "Đơn vị đã triển khai chiến dịch ngày 05/10/2022.",
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Không thấy máy nào kết nối đến địa chỉ độc hại trong phần nhật ký đã rà soát.",
            "Đã kiểm tra 12 máy tính, không thấy phần mềm bẻ khóa trên các máy đã kiểm tra.",
            "Toàn bộ máy tính mà đơn vị đã khai đều đã được kiểm tra.",
        ],
    ),
    "logs without times and checks that saw little": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=3, senders=2),
            "software": Software(checked=4),
        },
        [
            "Đã nhận 3 lượt nhật ký kết nối mạng do 2 đơn vị gửi nhưng không xác định được thời gian của nhật"
            " ký; chưa đủ căn cứ để kết luận không có máy kết nối đến địa chỉ độc hại.",
            "Đã kiểm tra 4 máy tính nhưng chưa máy nào xem được hết; chưa đủ căn cứ để kết luận về phần mềm"
            " bẻ khóa.",
            "Chưa đơn vị nào khai số máy tính nên chưa biết còn bao nhiêu máy chưa được kiểm tra.",
        ],
    ),
    "some checks that saw everything": (
        {"acts": ISSUER, "software": Software(checked=5, whole=3, unchecked=2)},
        [
            UNKNOWN_MACHINES,
            "Đã kiểm tra 5 máy tính; không thấy phần mềm bẻ khóa trên 3 máy đã xem hết; 2 máy chưa xem được"
            " hết nên chưa kết luận.",
            "Còn 2 máy tính chưa được kiểm tra.",
        ],
    ),
    "a district at the beginning": (
        {"acts": Acts(units=17, is_issuer=True), "reports": Reports(units=17, expected=17)},
        [
            "Chưa có đơn vị nào trong 17 đơn vị bên dưới xác nhận nhận được văn bản.",
            "Chưa có đơn vị nào trong 17 đơn vị bên dưới báo triển khai chiến dịch.",
            "Chưa tiếp nhận được báo cáo nào của 17 đơn vị phải báo cáo.",
            UNKNOWN_MACHINES,
            UNKNOWN_SOFTWARE,
        ],
    ),
    "a province halfway": (
        {
            "acts": Acts(units=1234, received=1200, deployed=7, is_issuer=True),
            "reports": Reports(units=34, expected=1230, accepted=40, on_time=0),
            "machines": Machines(
                scans=1500, senders=900, first=FIRST, last=LAST, found=82, handled=46, verified=20
            ),
            "software": Software(
                checked=3000, whole=2990, found=150, replaced=30, unchecked=13, silent=94, units=1235
            ),
        },
        [
            "Có 1.200 trên 1.234 đơn vị bên dưới đã xác nhận nhận được văn bản; còn 34 đơn vị chưa xác nhận.",
            "Có 7 trên 1.234 đơn vị bên dưới đã báo triển khai chiến dịch; còn 1.227 đơn vị chưa báo triển"
            " khai.",
            "Đã tiếp nhận báo cáo của 40 trên 1.230 đơn vị phải báo cáo; 0 đơn vị gửi đúng hạn; còn 1.190"
            " đơn vị chưa có báo cáo được tiếp nhận.",
            "Đã rà soát 1.500 lượt nhật ký kết nối mạng do 900 đơn vị gửi, từ ngày 01/9/2022 đến ngày"
            " 20/9/2022.",
            "Đã phát hiện 82 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Đã xử lý 46 hồ sơ máy, trong đó 20 hồ sơ được xác minh đã sạch; còn 36 hồ sơ chưa xử lý xong.",
            "Đã kiểm tra 3.000 máy tính, phát hiện 150 bản phần mềm bẻ khóa; 10 máy chưa xem được hết.",
            "Đã gỡ bỏ hoặc thay thế 30 bản phần mềm bẻ khóa; còn 120 bản.",
            "Còn ít nhất 13 máy tính chưa được kiểm tra; 94 trong 1.235 đơn vị chưa có sổ máy và chưa khai số"
            " máy tính.",
        ],
    ),
    "a register that leaves open how many computers there are": (
        {"acts": ISSUER, "software": Software(checked=5, whole=5, unchecked=2, perhaps=3)},
        [
            UNKNOWN_MACHINES,
            "Đã kiểm tra 5 máy tính, không thấy phần mềm bẻ khóa trên các máy đã kiểm tra.",
            "Còn từ 2 đến 5 máy tính chưa được kiểm tra, vì sổ máy tính còn chỗ chưa rõ.",
        ],
    ),
    "nothing surely unchecked, and units that said nothing": (
        {"acts": ISSUER, "software": Software(checked=5, whole=5, unchecked=0, silent=3, units=4)},
        [
            UNKNOWN_MACHINES,
            "Đã kiểm tra 5 máy tính, không thấy phần mềm bẻ khóa trên các máy đã kiểm tra.",
            "Chưa biết còn bao nhiêu máy tính chưa được kiểm tra: 3 trong 4 đơn vị chưa có sổ máy và chưa"
            " khai số máy tính.",
        ],
    ),
    "a district that is done": (
        {
            "acts": Acts(units=3, received=3, deployed=3, is_issuer=True),
            "reports": Reports(units=3, expected=3, accepted=3, on_time=2),
            "machines": Machines(
                scans=9, senders=3, first=FIRST, last=LAST, found=5, handled=5, verified=5, false_alarms=2
            ),
            "software": Software(checked=60, whole=60, found=4, replaced=4, unchecked=0, units=4),
        },
        [
            "Toàn bộ 3 đơn vị bên dưới đã xác nhận nhận được văn bản.",
            "Toàn bộ 3 đơn vị bên dưới đã báo triển khai chiến dịch.",
            "Đã tiếp nhận báo cáo của toàn bộ 3 đơn vị phải báo cáo; 2 đơn vị gửi đúng hạn.",
            "Đã rà soát 9 lượt nhật ký kết nối mạng do 3 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 5 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Toàn bộ 5 hồ sơ máy đã được xử lý và xác minh đã sạch.",
            "Ngoài ra có 2 hồ sơ máy đã được xác định là báo nhầm, không tính vào các số trên.",
            "Đã kiểm tra 60 máy tính, phát hiện 4 bản phần mềm bẻ khóa.",
            "Toàn bộ 4 bản phần mềm bẻ khóa đã được gỡ bỏ hoặc thay thế.",
            "Toàn bộ máy tính mà đơn vị đã khai đều đã được kiểm tra.",
        ],
    ),
    "machines that nobody handled": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=1, senders=1, first=FIRST, last=LAST, found=2),
            "software": Software(checked=1, whole=1, found=1),
        },
        [
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 2 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 2 hồ sơ phải xử lý.",
            "Đã kiểm tra 1 máy tính, phát hiện 1 bản phần mềm bẻ khóa.",
            "Chưa gỡ bỏ hoặc thay thế được bản phần mềm bẻ khóa nào; còn 1 bản.",
            "Chưa đơn vị nào khai số máy tính nên chưa biết còn bao nhiêu máy chưa được kiểm tra.",
        ],
    ),
    "machines that wait for their proof": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=1, senders=1, first=FIRST, last=LAST, found=3, handled=3, verified=1),
        },
        [
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 3 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Đã xử lý toàn bộ 3 hồ sơ máy, trong đó 1 hồ sơ được xác minh đã sạch; 2 hồ sơ đang chờ xác"
            " minh.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "lines that no machine could be tied to": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=1, senders=1, first=FIRST, last=LAST, is_told=True),
        },
        [
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Nhật ký đã rà soát có dòng nêu địa chỉ độc hại nhưng chưa xác định được là của máy nào; chưa đủ"
            " căn cứ để kết luận có hay không có máy kết nối đến địa chỉ độc hại.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "machines, and lines that no machine could be tied to": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=1, senders=1, first=FIRST, last=LAST, found=1, is_told=True),
        },
        [
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 1 hồ sơ máy có kết nối đến địa chỉ độc hại; còn dòng nhật ký nêu địa chỉ độc hại"
            " mà chưa xác định được là của máy nào.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 1 hồ sơ phải xử lý.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "machines of which some are known by an address alone": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=1, senders=1, first=FIRST, last=LAST, found=12, least=3, most=11),
        },
        [
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 12 hồ sơ máy có kết nối đến địa chỉ độc hại, của ít nhất 3 máy; phần còn"
            " lại mới biết theo địa chỉ hoặc card mạng nên có thể trùng nhau.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 12 hồ sơ phải xử lý.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "the same, and lines that no machine could be tied to": (
        {
            "acts": ISSUER,
            "machines": Machines(
                scans=1, senders=1, first=FIRST, last=LAST, found=12, least=3, most=11, is_told=True
            ),
        },
        [
            "Đã rà soát 1 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 12 hồ sơ máy có kết nối đến địa chỉ độc hại, của ít nhất 3 máy; còn dòng"
            " nhật ký nêu địa chỉ độc hại mà chưa xác định được là của máy nào.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 12 hồ sơ phải xử lý.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "addresses and machines that came back": (
        {
            "acts": ISSUER,
            "machines": Machines(
                scans=2,
                senders=1,
                first=FIRST,
                last=LAST,
                found=9,
                shared=3,
                unlocated=1200,
                relapsed=2,
                reinfected=1,
            ),
        },
        [
            "Đã rà soát 2 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 9 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Trong đó có 3 địa chỉ dùng chung, mỗi địa chỉ có ít nhất một máy có dấu hiệu, và 1.200 địa chỉ "
            "chưa xác định được là máy nào.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 9 hồ sơ phải xử lý.",
            "Có 2 máy có dấu hiệu trở lại sau khi xử lý và 1 máy nhiễm lại sau khi đã xác minh sạch.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "shared addresses, and machines that came back before the proof": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=2, senders=1, first=FIRST, last=LAST, found=9, shared=3, relapsed=2),
        },
        [
            "Đã rà soát 2 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 9 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Trong đó có 3 địa chỉ dùng chung, mỗi địa chỉ có ít nhất một máy có dấu hiệu.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 9 hồ sơ phải xử lý.",
            "Có 2 máy có dấu hiệu trở lại sau khi xử lý.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "addresses of nobody, and machines that came back after the proof": (
        {
            "acts": ISSUER,
            "machines": Machines(
                scans=2, senders=1, first=FIRST, last=LAST, found=9, unlocated=2, reinfected=1
            ),
        },
        [
            "Đã rà soát 2 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Đã phát hiện 9 hồ sơ máy có kết nối đến địa chỉ độc hại.",
            "Trong đó có 2 địa chỉ chưa xác định được là máy nào.",
            "Chưa có hồ sơ máy nào được xử lý xong; còn 9 hồ sơ phải xử lý.",
            "Có 1 máy nhiễm lại sau khi đã xác minh sạch.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "false alarms only": (
        {
            "acts": ISSUER,
            "machines": Machines(scans=2, senders=1, first=FIRST, last=LAST, false_alarms=1),
        },
        [
            "Đã rà soát 2 lượt nhật ký kết nối mạng do 1 đơn vị gửi, từ ngày 01/9/2022 đến ngày 20/9/2022.",
            "Không thấy máy nào kết nối đến địa chỉ độc hại trong phần nhật ký đã rà soát.",
            "Ngoài ra có 1 hồ sơ máy đã được xác định là báo nhầm, không tính vào các số trên.",
            UNKNOWN_SOFTWARE,
        ],
    ),
    "units below that need not report": (
        {
            "acts": Acts(
                units=2, received=1, deployed=0, received_on=date(2022, 1, 4), deployed_on=date(2022, 2, 15)
            ),
            "reports": Reports(units=2),
        },
        [
            "Đơn vị đã xác nhận nhận được văn bản triển khai chiến dịch ngày 04/01/2022.",
            "Đơn vị đã triển khai chiến dịch ngày 15/02/2022.",
            "Có 1 trên 2 đơn vị bên dưới đã xác nhận nhận được văn bản; còn 1 đơn vị chưa xác nhận.",
            "Chưa có đơn vị nào trong 2 đơn vị bên dưới báo triển khai chiến dịch.",
            "Các đơn vị bên dưới không phải báo cáo riêng trong chiến dịch này.",
            UNKNOWN_MACHINES,
            UNKNOWN_SOFTWARE,
        ],
    ),
}


@pytest.mark.parametrize(("known", "expected"), FIXTURES.values(), ids=FIXTURES)
def test_the_facts_of_a_unit_are_said_in_these_sentences(known, expected):
    assert [one.text for one in sentences(**known)] == expected


def test_every_sentence_names_the_fact_that_it_rests_on_and_the_fixtures_use_every_form():
    assert {sentence.rests_on for sentence in SENTENCES} == {
        facts.acts, facts.reports, facts.machines, facts.software
    }  # fmt: skip
    texts = [text for _known, expected in FIXTURES.values() for text in expected]
    for sentence in SENTENCES:
        for name in sentence.forms:
            one = replace(sentence, forms={name: sentence.forms[name]})
            assert any(one.is_said_by(text) for text in texts), (sentence.kind, name)


def test_each_sentence_is_of_one_kind():
    for _known, expected in FIXTURES.values():
        for text in expected:
            assert len([one.kind for one in SENTENCES if one.is_said_by(text)]) == 1, text


OLD = sentences(reports=Reports(3, 3, 1, 1), machines=Machines(scans=1, first=FIRST, last=LAST))
NEW = sentences(reports=Reports(3, 3, 3, 2), machines=Machines(scans=1, first=FIRST, last=LAST, found=2))


def text_of(drafted):
    return "\n".join(one.text for one in drafted)


def test_new_figures_take_the_place_of_drafted_lines_and_of_no_other():
    mine = "Đơn vị đã họp quán triệt.\n\n" + text_of(OLD) + "\nCảm ơn các đơn vị."
    after = updated(mine, NEW)
    assert after.startswith("Đơn vị đã họp quán triệt.\n\n") and after.endswith("\nCảm ơn các đơn vị.")
    assert "Đã tiếp nhận báo cáo của toàn bộ 3 đơn vị phải báo cáo; 2 đơn vị gửi đúng hạn." in after
    assert "1 trên 3 đơn vị" not in after
    assert "Đã phát hiện 2 hồ sơ máy" in after and "Không thấy máy nào" not in after


def test_a_line_that_an_officer_worded_anew_is_left_alone():
    mine = "Đã tiếp nhận báo cáo của 1 trên 3 đơn vị phải báo cáo, chủ yếu do mất điện."
    assert updated(mine, NEW) == mine
    assert added_to(mine, NEW).startswith(mine + "\n")


def test_a_drafted_line_that_says_nothing_any_more_is_named_and_taken_out():
    gone = "Chưa có hồ sơ máy nào được xử lý xong; còn 2 hồ sơ phải xử lý."
    assert outdated(f"Lời riêng.\n{gone}", OLD) == [gone]
    assert updated(f"Lời riêng.\n{gone}", OLD) == "Lời riêng."


def test_a_text_that_says_it_all_has_no_changes_and_an_empty_one_lacks_everything():
    assert changes(text_of(NEW), NEW) == [] and added_to(text_of(NEW), NEW) == text_of(NEW)
    assert added_to("", NEW) == text_of(NEW) and updated("", NEW) == ""

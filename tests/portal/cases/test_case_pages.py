"""The pages of machines: rights, hostile text, the self-check."""

import re
from datetime import timedelta
from io import BytesIO

import lxml.html
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.audit.models import Entry
from quetsach.portal.campaigns.cascade.actions import publish
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases import actions, lists, owning_actions, queries
from quetsach.portal.cases.models import Case, Device
from quetsach.portal.kit.figures import OWN
from quetsach.portal.reports.rollup.machines import by_branch
from quetsach.portal.reports.rollup.snapshots import page_lines
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.sightings.models import Coverage, Scan
from quetsach.portal.units.networks import Network
from tests.portal.page_text import text_of
from tests.portal.scan_document import coverage, document, noon, publish_list, sighting

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture
def case(cast, tmp_path):
    listed = publish_list(cast, tmp_path)
    rows = [
        sighting(
            "10.1.1.5",
            noon(5),
            count=7,
            evidence=HOSTILE,
            identity={"host": HOSTILE, "nat": "203.0.113.9:40112"},
        )
    ]
    body = document(rows, [coverage(noon(6), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    return Case.rows.get()


def pages(case):
    slug = "lam-sach"
    scan = Scan.rows.order_by("accepted_at")[0]
    return {
        "case": reverse("case", args=[slug, case.pk]),
        "cases": reverse("cases", args=[slug]) + f"?don-vi={case.device.owner_id}",
        "scans": reverse("scans", args=[slug]) + f"?don-vi={case.device.owner_id}",
        "scan": reverse("scan", args=[slug, scan.pk]),
        "sightings": reverse("sightings", args=[slug]) + f"?don-vi={case.device.owner_id}",
    }


@pytest.mark.parametrize("page", ["case", "cases", "scans", "scan", "sightings"])
def test_a_sibling_and_a_stranger_get_404(cast, case, page):
    url = pages(case)[page]
    for unit, role, expected in (("A1", "reader", 200), ("A", "officer", 200), ("centre", "reader", 200),
                                 ("A2", "officer", 404), ("B", "coordinator", 404),
                                 ("B1", "it", 404)):  # fmt: skip
        assert cast.client(unit, role).get(url).status_code == expected, unit
    assert Client().get(url).status_code == 404


def test_all_log_lines_are_there_for_the_unit_though_its_superior_looked(cast, tmp_path):
    names = [f"c{n}.example" for n in range(15)]
    listed = publish_list(
        cast, tmp_path, "indicator,type,family\n" + "".join(f"{name},domain,ramnit\n" for name in names)
    )
    rows = [sighting("10.1.1.5", noon(5), indicator=name, evidence=f"line of {name}") for name in names]
    body = document(rows, [coverage(noon(6), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A"], Sender("upload", user=cast.user("A", "it")))
    case = Case.rows.get()
    owning_actions.assign_device(case.device, cast.nodes["A1"], cast.user("A", "it"))
    page, client = reverse("case", args=["lam-sach", case.pk]), cast.client("A1", "officer")
    first = client.get(page).content.decode()
    assert first.count("line of ") == 12 and 'href="?tat-ca#dong"' in first
    every = client.get(f"{page}?tat-ca").content.decode()
    assert all(f"line of {name}<" in every for name in names) and 'href="?tat-ca' not in every


def test_lines_read_are_those_of_the_places_that_saw_the_machine(cast, tmp_path):
    """Another source of the same unit, however large, has said nothing of this machine."""
    listed = publish_list(cast, tmp_path)
    spans = {"first": noon(6), "last": noon(4)}
    logs = [
        coverage(**spans, source="log-1", name="fw", lines=20_000),
        coverage(**spans, source="log-2", name="other", lines=1_092_637, errors=["broken"]),
    ]
    body = document([sighting("10.1.1.5", noon(5))], logs, set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    # The same log once more, searched with the same list: one log.
    again = document([sighting("10.1.1.5", noon(5), count=2)], logs[:1], set_id=listed.set_id)
    receive_file(BytesIO(again), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert Coverage.rows.count() >= 2
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", Case.rows.get().pk])))
    assert "đã đọc 20.000 dòng ở nơi ghi nhận máy này" in page
    assert "lỗi khi đọc" not in page


def test_days_are_those_of_the_times_that_the_page_shows(cast, tmp_path):
    """Two UTC days of one day in Vietnam, and one UTC day of two days in Vietnam."""
    listed = publish_list(cast, tmp_path)
    rows = [
        sighting("10.1.1.5", noon(9, 18)),
        sighting("10.1.1.5", noon(8, 2)),
        sighting("10.1.1.5", noon(6, 10), until=noon(6, 20), count=2),
        sighting("10.1.1.5", noon(5, 3)),
    ]
    body = document(rows, [coverage(noon(10), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    case = Case.rows.get()
    assert queries.story(case).days == 3
    page = text_of(cast.client("A1", "it").get(reverse("case", args=["lam-sach", case.pk])))
    assert "trong 3 ngày" in page


def test_a_unit_seen_by_another_is_not_told_that_no_log_was_looked_at(cast, tmp_path):
    url = f"/cd/lam-sach/nhat-ky/?don-vi={cast.nodes['A1'].pk}"
    client = cast.client("A1", "officer")
    assert "Chưa xem nhật ký nào" in text_of(client.get(url))
    listed = publish_list(cast, tmp_path)
    body = document([sighting("10.1.1.5", noon(5))], [coverage(noon(6), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A"], Sender("upload", user=cast.user("A", "it")))
    owning_actions.assign_device(Case.rows.get().device, cast.nodes["A1"], cast.user("A", "it"))
    page = text_of(client.get(url))
    assert "Chưa xem nhật ký nào" not in page and "là từ nhật ký của đơn vị khác" in page


OUTCOMES = {"allowed": "cho qua", "blocked": "bị chặn", "attempt": "không được đáp", "unknown": "không rõ"}


@pytest.mark.parametrize("action", OUTCOMES)
@pytest.mark.parametrize("page", ["case", "sightings"])
def test_codes_of_a_log_line_are_vietnamese_words(cast, tmp_path, page, action):
    listed = publish_list(cast, tmp_path)
    identity = {"host": "pc-7", "mac": "00:11:22:33:44:55", "user": "tranthib", "nat": "203.0.113.9:40112"}
    row = sighting(
        "10.1.1.5", noon(5), action=action, field="host", logformat="squid", identity=identity, count=2
    )
    body = document([row], [coverage(noon(6), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    text = text_of(cast.client("A1", "it").get(pages(Case.rows.get())[page]))
    assert f"máy chủ web · {OUTCOMES[action]}" in text
    for code in ("domain", "user", "host ·", f"· {action}"):
        assert code not in text.replace("evil.example", ""), code
    if page == "case":
        assert "tên miền" in text and "tên máy" in text and "người dùng" in text


@pytest.mark.parametrize("act", ["bat-dau", "da-xu-ly", "xac-nhan", "bao-nham", "mo-lai"])
def test_who_may_not_act_gets_404_and_nothing_changes(cast, case, act):
    url = reverse("case_act", args=["lam-sach", case.pk, act])
    before = Case.rows.values().get()
    for client in (
        cast.client("A2", "it"),
        cast.client("A1", "reader"),
        cast.client("B", "coordinator"),
        Client(),
    ):
        assert client.post(url, {"reason": "đủ mười ký tự nhé"}).status_code == 404
    assert (
        cast.client("A2", "it").post(reverse("device_assign", args=["lam-sach", case.pk])).status_code == 404
    )
    assert Case.rows.values().get() == before


def test_nobody_confirms_their_own_machine(cast, case):
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(3))
    url = reverse("case_act", args=["lam-sach", case.pk, "xac-nhan"])
    assert cast.client("A1", "officer").post(url, {"reason": "Đã xem tận nơi."}).status_code == 404
    assert cast.client("A", "officer").post(url, {"reason": "Đã xem tận nơi."}).status_code == 302
    page = cast.client("A1", "reader").get(reverse("case", args=["lam-sach", case.pk])).content.decode()
    assert "officer-a" in page and Case.rows.get().state == "verified_clean"


def test_the_whole_way_on_the_page_is_audited(cast, case):
    client = cast.client("A1", "it")
    to = lambda act: reverse("case_act", args=["lam-sach", case.pk, act])  # noqa: E731
    assert client.post(to("bat-dau")).status_code == 302
    answer = client.post(to("da-xu-ly"), {"done": "reinstall", "done_at": "", "note": "giữ lại lời này"})
    assert answer.status_code == 422 and "giữ lại lời này" in answer.content.decode()
    assert f'value="{timezone.localdate():%d/%m/%Y} ' in client.get(pages(case)["case"]).content.decode()
    day = timezone.localtime(noon(3)).strftime("%d/%m/%Y %H:%M")
    # The kind of cleaning is never guessed: no choice, no claim.
    assert client.post(to("da-xu-ly"), {"done": "", "done_at": day}).status_code == 422
    assert client.post(to("da-xu-ly"), {"done": "reinstall", "done_at": day}).status_code == 302
    assert Case.rows.get().claimed_at == noon(3)
    assert client.post(to("bao-nham"), {"reason": "ngắn"}).status_code == 422
    assert client.post(to("bat-dau")).status_code == 422
    acts = list(Entry.objects.filter(action__startswith="case.").values_list("action", flat=True))
    assert acts == ["case.open", "case.start", "case.claim"]


def test_hostile_text_from_a_log_is_shown_as_text(cast, case):
    client = cast.client("A1", "it")
    for url in pages(case).values():
        html = client.get(url).content.decode()
        assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in client.get(pages(case)["case"]).content.decode()


def test_the_list_costs_the_same_for_one_machine_and_for_many(cast, case, django_assert_max_num_queries):
    rows = [sighting(f"10.1.1.{n}", noon(5), source="log-9") for n in range(10, 50)]
    receive_file(BytesIO(document(rows)), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    client = cast.client("A", "officer")
    client.get(pages(case)["cases"])
    with django_assert_max_num_queries(24):
        html = client.get(pages(case)["cases"]).content.decode()
    assert html.count('scope="row"') == 25  # one page of them


@pytest.mark.parametrize(
    "query",
    ["don-vi=x", "don-vi=%00", "loai=nonsense", "trang=-1", "trang=99999", "tim=%00a", "tim=" + "x" * 5000],
)
def test_odd_addresses_are_no_500(cast, case, query):
    for name in ("cases", "scans", "sightings"):
        answer = cast.client("A1", "it").get(reverse(name, args=["lam-sach"]) + "?" + query)
        assert answer.status_code in (200, 400, 404)


def test_logs_compared_with_another_list_lengthen_no_span(cast, case):
    node, before = cast.nodes["A1"], queries.watched(cast.nodes["A1"])
    other = document([], [coverage(noon(60), noon(50))], set_id="0" * 64)
    receive_file(BytesIO(other), node, Sender("upload", user=cast.user("A1", "it")))
    after = queries.watched(node)
    assert (after.scans, after.compared) == (before.scans + 1, before.compared)
    assert (after.first, after.last) == (before.first, before.last)


def test_a_machine_with_two_kinds_of_malware_is_one_machine(cast, case):
    """It stands under its least proven case, on the list, on Today and in the roll-up alike."""
    Case.rows.update(state="verified_clean")
    case.refresh_from_db()
    other = Case.rows.create(device=case.device, family="mirai", state="new", opened_at=case.opened_at)
    node = cast.nodes["A1"]
    counts = lists.tally(node, timezone.now(), reach=OWN).words
    assert {word.value: n for word, n in counts.items() if n} == {"signs": 1}
    machines = lists.there(node, below=False)
    (row,) = lists.Pages(machines, 9).page(1)
    assert (row, row.more) == (other, 1)
    assert list(lists.Pages(lists.named(machines, cast.campaign, "ramnit"), 9).page(1)) == [
        other
    ]  # the other one is found too
    assert lists.to_do(node)[0]["signs"] == 1
    table = by_branch(cast.nodes["A"], page_lines(cast.nodes["A"]))
    assert (table.total, table.totals) == (1, [1, 0, 0, 0])
    Case.rows.update(state="verified_clean")
    assert by_branch(cast.nodes["A"], page_lines(cast.nodes["A"])).totals == [0, 0, 0, 1]


def test_figures_on_the_chips_are_those_of_the_rules(cast, case):
    from datetime import timedelta

    from quetsach.portal.cases.rules import State, word

    now = timezone.now()
    for state in State:
        for hours in (1, 47, 49, 14 * 24 + 47, 14 * 24 + 49):
            claimed = (
                now - timedelta(hours=hours)
                if state in ("claimed_clean", "rechecked", "verified_clean")
                else None
            )
            Case.rows.update(state=state.value, claimed_at=claimed)
            told = word(state, claimed, cast.campaign.quiet_days, now)
            counts = lists.tally(cast.nodes["A"], now).words
            assert [w for w, n in counts.items() if n] == [told]
            machines = lists.there(cast.nodes["A"], below=True)
            assert [w for w in lists.SHOWN if lists.of_word(machines, w, cast.campaign, now).exists()] == [
                told
            ]
            shown = [
                w for w in lists.SHOWN if queries.in_word(Case.rows.all(), w, cast.campaign, now).exists()
            ]
            assert shown == [told]


def test_the_answer_of_a_filtered_list_is_about_the_list(cast, case):
    """Not about all machines of the unit, whose numbers stand in the filters below it."""
    for number, state in enumerate(["new", "new", "cleaning", "verified_clean"]):
        device = Device.rows.create(
            campaign=cast.campaign, owner=cast.nodes["A1"], key=f"pc-{number}", id_kind="weak",
            id_value=f"x{number}", is_assigned=True,
        )  # fmt: skip
        Case.rows.create(device=device, family="mirai", state=state, opened_at=timezone.now())
    page = pages(case)["cases"]
    client = cast.client("A1", "it")

    def answer(query):
        whole = lxml.html.fromstring(client.get(page + query).content)
        return re.sub(r"\s+", " ", whole.xpath("string(//p[@class='answer'])"))

    assert answer("").startswith("3 máy có dấu hiệu")
    assert answer("&tim=mirai").startswith("Danh sách này có 4 máy. 2 máy trong đó có dấu hiệu")
    assert answer("&loai=clean").startswith("Danh sách này có 1 máy. Không máy nào")
    assert answer("&so=infected&loai=signs").startswith("Danh sách này có 3 máy. 3 máy trong đó")
    assert answer("&loc=isolated").startswith("Không có máy nào khớp")


@pytest.fixture
def known(cast, case):
    """The visitors' networks belong to a unit that has logs."""
    for cidr in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"):
        Network.rows.create(unit=cast.units["A1"], cidr=cidr)


def check(address, **headers):
    return Client(REMOTE_ADDR=address).get("/tu-kiem-tra/", **headers)


@pytest.mark.parametrize(
    ("address", "listed"),
    [("203.0.113.9", True), ("203.0.113.90", False), ("203.0.113.4", False), ("::ffff:203.0.113.9", True)],
)
def test_the_self_check_knows_the_address_behind_a_translation(cast, case, known, address, listed):
    html = check(address).content.decode()
    assert ("verdict is-bad" in html, "verdict is-none" in html) == (listed, not listed)
    assert "no-store" in check(address)["Cache-Control"]


def test_the_self_check_names_no_machine_and_no_unit(cast, case):
    html = check("203.0.113.9").content.decode()
    for secret in ("10.1.1.5", "Đơn vị A1", "evil.example"):
        assert secret not in html


def test_the_self_check_believes_only_trusted_proxies(cast, case, known, settings):
    import ipaddress

    forged = {"headers": {"X-Forwarded-For": "203.0.113.9"}}
    assert "is-bad" not in check("198.51.100.1", **forged).content.decode()
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("198.51.100.0/24")]
    assert "is-bad" in check("198.51.100.1", **forged).content.decode()
    behind = {"headers": {"X-Forwarded-For": "203.0.113.9, 192.0.2.7, 198.51.100.2"}}
    assert "192.0.2.7" in check("198.51.100.1", **behind).content.decode()


@pytest.mark.parametrize("forwarded", [None, "unknown", "127.0.0.1", "198.51.100.2"])
def test_a_proxy_that_hands_no_visitor_on_is_taken_for_none(cast, case, known, settings, forwarded):
    import ipaddress

    settings.TRUSTED_PROXIES = [ipaddress.ip_network(n) for n in ("127.0.0.1", "198.51.100.0/24")]
    page = check("127.0.0.1", headers={"X-Forwarded-For": forwarded} if forwarded else {}).content.decode()
    assert "verdict is-unsure" in page and 'class="empty' not in page
    assert "mạng khác" not in page and not re.search(r"<code>(127|198)\.", page)


def test_inside_an_office_a_listed_address_is_a_machine_and_outside_a_network(cast, case, known):
    machine, network = (check(address).content.decode() for address in ("10.1.1.5", "203.0.113.9"))
    assert "verdict is-bad" in machine and "verdict is-bad" in network
    calm = "Không cần lo lắng"
    assert calm in network and calm not in machine
    assert "máy ngay trước mặt" in machine


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.1.5"])
def test_a_server_in_between_is_told_to_who_runs_the_portal_and_not_to_a_citizen(cast, case, known, address):
    behind = {"REMOTE_ADDR": address, "headers": {"X-Forwarded-For": "203.0.113.9"}}
    for client, is_told in (
        (Client(), False),
        (cast.client("A1", "officer"), False),
        (cast.client("centre", "coordinator"), True),
    ):
        for language, calm in (("vi", "không cần cài đặt gì"), ("en", "nothing for you to set")):
            client.cookies["django_language"] = language
            page = client.get("/tu-kiem-tra/", **behind).content.decode()
            assert "verdict is-unsure" in page and calm in page and "is-bad" not in page
            assert ("X-Forwarded-For" in page, "QUETSACH_TRUSTED_PROXIES" in page) == (is_told, is_told)


def test_what_to_do_fits_where_the_visitor_is(cast, case, known):
    """At home one looks after the network oneself; in an office others do, and traces must be kept."""
    Network.rows.filter(cidr="203.0.113.0/24").delete()  # no office has the public address
    home, seen, unseen = (
        check(address).content.decode().partition("<main")[2]
        for address in ("203.0.113.9", "10.1.1.5", "10.1.1.77")
    )
    of_homes = ("người nhà", "Ủy ban nhân dân xã", "Nhìn quanh nhà")
    assert all(word in home for word in of_homes)
    for page in (seen, unseen):
        assert not any(word in page for word in of_homes) and "cán bộ phụ trách máy tính của cơ quan" in page
    steps = ["Ngừng làm việc trên máy này", "Báo cán bộ phụ trách", "Không xóa gì, và chờ", "Việc của cán bộ"]
    assert [seen.index(step) for step in steps] == sorted(seen.index(step) for step in steps)
    assert "10.1.1.5" in seen and "Quét toàn bộ" not in seen and "kiểm tra máy này" not in seen


def test_not_seen_says_what_was_looked_at_and_never_clean_without_logs(cast, case, known):
    from quetsach.portal.sightings.models import Coverage

    assert noon(4).strftime("%d/%m/%Y") in check("203.0.113.77").content.decode()
    Coverage.rows.all().delete()
    assert "is-unsure" in check("203.0.113.77").content.decode()


def own_campaign(cast, unit, days_ago=0):
    """A campaign that a unit below the issuer runs for itself."""
    campaign = Campaign.objects.create(
        slug=f"rieng-{unit.lower()}", issuer=cast.units[unit], title=f"Chiến dịch riêng của {unit}",
        due_at=timezone.now() + timedelta(days=5),
    )  # fmt: skip
    publish(campaign, cast.user(unit, "coordinator"))
    return campaign


def test_the_self_check_asks_all_running_campaigns(cast, case, known):
    own_campaign(cast, "A2")
    page = check("203.0.113.9").content.decode()
    assert "is-bad" in page and cast.campaign.title in page and "riêng của A2" in page
    assert "is-none" in check("203.0.113.77").content.decode()


@pytest.mark.parametrize(
    ("network", "units", "seen"),
    [
        ("203.0.113.0/24", ["A1"], True),  # its own logs exist
        ("203.0.113.0/24", ["A2"], False),  # only a sibling's logs exist, not its own
        ("203.0.113.0/24", [], False),  # no unit has this network
        ("203.0.113.0/24", ["A1", "A2"], False),  # either unit may have it
    ],
)
def test_not_seen_is_said_only_of_a_network_whose_logs_were_looked_at(cast, case, network, units, seen):
    for unit in units:
        Network.rows.create(unit=cast.units[unit], cidr=network)
    page = check("203.0.113.77").content.decode()
    assert ("is-none" in page, "is-unsure" in page) == (seen, not seen)
    assert ("Chưa đủ căn cứ" in page) is not seen
    assert ("chưa cơ quan nào khai" in page) is (not units)


def test_a_loop_of_self_checks_is_slowed_down(cast, case):
    from quetsach.portal.cases.self_check import views

    codes = [check("203.0.113.50").status_code for _ in range(views.CHECKS.most + 1)]
    assert codes[-2:] == [200, 429]


def test_today_tells_a_superior_of_machines_below_and_the_unit_of_its_own(cast, case):
    today = reverse("today", args=["lam-sach"])
    own, below = "Xử lý 1 máy có dấu hiệu", "Theo dõi 1 máy có dấu hiệu ở cấp dưới"
    for unit, role, said, unsaid in (("A1", "officer", own, below), ("A", "it", below, own)):
        page = cast.client(unit, role).get(today).content.decode()
        assert said in page and unsaid not in page, unit
    address = reverse("cases", args=["lam-sach"]) + f"?don-vi={cast.nodes['A1'].pk}&amp;rieng=1"
    assert address in cast.client("A1", "officer").get(today).content.decode()


def test_a_case_that_rests_on_what_many_use_says_so_and_others_do_not(cast, case, tmp_path):
    bing = "204.79.197.200:443"
    listed = publish_list(
        cast, tmp_path, f"indicator,type,family\nevil.example,domain,ramnit\n{bing},ip:port,bazar\n", [bing]
    )
    row = sighting(
        "10.1.1.6",
        noon(5),
        indicator=bing,
        family="bazar",
        kind="ip-port",
        field="destination",
        source="log-2",
    )
    body = document([row], [coverage(noon(6), noon(4), source="log-2")], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    doubtful = Case.rows.get(device__key="10.1.1.6")
    client, note = cast.client("A1", "it"), "Có thể là báo nhầm"
    text = client.get(pages(doubtful)["case"]).content.decode()
    assert note in text and bing in text
    assert note not in client.get(pages(case)["case"]).content.decode()
    actions.dismiss(doubtful, cast.user("A1", "it"), reason="Chỉ là trang tìm kiếm Bing.")
    assert note not in client.get(pages(doubtful)["case"]).content.decode()


def test_evidence_leads_to_the_scan_that_told_it(cast, case, tmp_path):
    first = Scan.rows.get()
    again = document([sighting("10.1.1.9", noon(5))], [coverage(noon(6), noon(3))], set_id=first.set_id)
    receive_file(BytesIO(again), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    assert Scan.rows.count() == 2
    link = f'href="{reverse("scan", args=["lam-sach", first.pk])}"'
    for name in ("case", "sightings"):
        page = cast.client("A1", "reader").get(pages(case)[name]).content.decode()
        assert link in page, name
    assert page.count(link) == 1, "the other row came with the other scan"


def test_a_scan_of_the_superior_is_no_link_for_the_unit(cast, tmp_path):
    listed = publish_list(cast, tmp_path)
    body = document([sighting("10.1.1.5", noon(5))], [coverage(noon(6), noon(4))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A"], Sender("upload", user=cast.user("A", "it")))
    found = Case.rows.get()
    owning_actions.assign_device(found.device, cast.nodes["A1"], cast.user("A", "it"))
    link = reverse("scan", args=["lam-sach", Scan.rows.get().pk])
    page = reverse("case", args=["lam-sach", found.pk])
    assert link not in cast.client("A1", "officer").get(page).content.decode()
    assert link in cast.client("A", "officer").get(page).content.decode()

"""An annex that came as a file proves that its unit has received the letter; the record says just that."""

from django.urls import reverse

from quetsach.portal.campaigns.cascade.actions import acknowledge, deploy
from quetsach.portal.campaigns.models import KeyedAct
from quetsach.portal.campaigns.queries import known_figures
from quetsach.portal.intake.models import ReceivedAnnex, ReceivedFile
from tests.portal.intake.test_desk import drop, paper, press


def test_an_annex_that_came_counts_as_received_and_nobody_is_said_to_have_confirmed(cast):
    drop(cast, a=paper("Đơn vị A1"), b=paper("Đơn vị A2"))
    acknowledge(cast.nodes["A2"], cast.user("A2", "officer"))
    for annex in ReceivedAnnex.rows.all():
        press(cast, annex, "take")
    [entry] = KeyedAct.rows.all()
    file = ReceivedFile.rows.get(name="a.docx")
    assert (entry.node, entry.act, entry.channel) == (cast.nodes["A1"], "acknowledge", "annex")
    assert entry.sha256 == file.sha256 and "a.docx" in entry.reason
    assert entry.by == cast.user("A", "coordinator")
    assert known_figures(cast.nodes["A"])["r1"] == 2
    page = cast.client("A", "coordinator").get(reverse("keyed", args=["lam-sach", entry.node_id]))
    assert "đã nhận được phụ lục" in page.content.decode()
    annex = ReceivedAnnex.rows.get(node=cast.nodes["A1"])
    press(cast, annex, "take_back")
    entry.refresh_from_db()
    assert entry.withdrawn_at is not None and known_figures(cast.nodes["A"])["r1"] == 1
    annex.refresh_from_db()
    press(cast, annex, "take")
    deploy(cast.nodes["A1"], cast.user("A1", "officer"))
    annex.refresh_from_db()
    press(cast, annex, "take_back")
    assert known_figures(cast.nodes["A"])["r1"] == 2, "the unit has acted itself since"

"""The officer's letter page: each button does its act, wrong numbers stay in the form, one filled button."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone

from quetsach.portal.campaigns import tasks
from quetsach.portal.campaigns.cascade import actions
from quetsach.portal.campaigns.models import Acknowledgement, Dispatch, Headcount, Participation
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.sightings.actions import Sender, receive_file
from quetsach.portal.units.roles import places_of
from tests.portal.page_text import text_of
from tests.portal.scan_document import document, noon, publish_list, sighting


@pytest.fixture
def url(cast):
    return reverse("letter", args=[cast.campaign.slug])


def text(answer):
    return answer.content.decode()


def test_from_receipt_to_headcount(cast, url):
    client = cast.client("A", "officer")
    assert client.post(url, {"act": "acknowledge"}).status_code == 302
    children = [str(cast.nodes[n].pk) for n in ("A1", "A2")]
    client.post(url, {"act": "pass_on", "children": children})
    client.post(url, {"act": "deploy"})
    client.post(url, {"act": "count_people", "informed": "1.234", "done": "17"})
    by = cast.user("A", "officer")
    assert [m.rows.get(node=cast.nodes["A"]).by for m in (Acknowledgement, Participation)] == [by, by]
    assert {str(d.to_node_id) for d in Dispatch.rows.all()} == set(children)
    assert {h.kind: h.count for h in Headcount.rows.all()} == {"informed": 1234, "done": 17}


def test_all_children_are_ticked_and_only_those_waiting(cast, url):
    client = cast.client("A", "officer")
    page = text(client.get(url))
    for name in ("A1", "A2"):
        assert f'name="children" value="{cast.nodes[name].pk}" checked' in page
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"]], None)
    page = text(client.get(url))
    assert (
        f'value="{cast.nodes["A1"].pk}" checked' not in page
        and f'value="{cast.nodes["A2"].pk}" checked' in page
    )


def test_who_confirmed_by_themselves_is_not_said_to_be_waiting(cast, url):
    actions.acknowledge(cast.nodes["A1"], cast.user("A1", "officer"))
    waiting = cast.client("A", "officer").get(url)
    assert [node.name for node in waiting.context["waiting"]] == [cast.nodes["A2"].name]
    assert f'value="{cast.nodes["A1"].pk}" checked' not in text(waiting)


@pytest.mark.parametrize(
    ("informed", "done", "field"),
    [
        ("3", "4", "done"),
        ("", "1", "informed"),
        ("1,5", "1", "informed"),
        ("5", "-3", "done"),
        ("12.5", "1", "informed"),
    ],
)
def test_wrong_numbers_stay_beside_their_error(cast, url, informed, done, field):
    answer = cast.client("A1", "officer").post(
        url, {"act": "count_people", "informed": informed, "done": done}
    )
    page = text(answer)
    assert (
        answer.status_code == 200
        and f'aria-describedby="e-{field}"' in page
        and f'href="#id_{field}"' in page
    )
    assert f'value="{informed}"' in page and f'value="{done}"' in page
    assert not Headcount.rows.exists()


def test_more_people_than_staff_is_saved_with_a_warning(cast, url):
    node = cast.nodes["A1"]
    node.staff_count = 5
    node.save()
    answer = cast.client("A1", "officer").post(
        url, {"act": "count_people", "informed": "9", "done": "0"}, follow=True
    )
    assert Headcount.rows.filter(kind="informed", count=9).exists()
    assert "9" in re.search(r'class="note is-busy">([^<]+)<', text(answer))[1]


def test_passing_on_to_nobody_or_to_a_stranger(cast, url):
    client = cast.client("A", "officer")
    for children in ([], [str(cast.nodes["B1"].pk)], ["x"]):
        assert 'role="alert"' in text(client.post(url, {"act": "pass_on", "children": children}))
    assert not Dispatch.rows.exists()


def test_taking_back_what_was_passed_on(cast, url):
    client = cast.client("A", "officer")
    client.post(url, {"act": "pass_on", "children": [str(cast.nodes["A1"].pk)]})
    assert (
        client.post(url, {"act": "withdraw_dispatch", "child": str(cast.nodes["B1"].pk)}).status_code == 404
    )
    client.post(url, {"act": "withdraw_dispatch", "child": str(cast.nodes["A1"].pk)})
    assert not Dispatch.rows.exists()


def test_a_refusal_is_said_in_words(cast, url):
    client = cast.client("A", "officer")
    past = timezone.now() - timedelta(days=2)
    actions.acknowledge(cast.nodes["A"], None, at=past)
    page = text(client.post(url, {"act": "withdraw_acknowledgement"}, follow=True))
    assert 'class="note is-bad"' in page and "another_day" not in page
    assert Acknowledgement.rows.exists()


def test_every_refusal_has_words_and_no_word_is_left_over():
    from pathlib import Path

    from quetsach.portal.campaigns.cascade.refusals import REFUSALS

    sources = Path(actions.__file__).parents[1].rglob("actions.py")
    raised = {
        code
        for source in sources
        for code in re.findall(r'NotAllowedNowError\("(\w+)"\)', source.read_text(encoding="utf-8"))
    }
    assert raised == set(REFUSALS)


@pytest.mark.parametrize(("unit", "role"), [("A1", "reader"), ("A1", "it")])
def test_readers_and_it_staff_see_but_do_not_act(cast, url, unit, role):
    client = cast.client(unit, role)
    assert client.get(url).status_code == 200
    for act in ("acknowledge", "deploy", "pass_on", "count_people"):
        assert client.post(url, {"act": act}).status_code == 404
        assert f'value="{act}"' not in text(client.get(url))


def test_one_filled_button_at_every_step(cast, url):
    client = cast.client("A", "officer")
    acts = [
        lambda: None,
        lambda: actions.acknowledge(cast.nodes["A"], None),
        lambda: actions.pass_on(cast.nodes["A"], [cast.nodes["A1"], cast.nodes["A2"]], None),
        lambda: actions.deploy(cast.nodes["A"], None),
    ]
    for act in acts:
        act()
        assert text(client.get(url)).count("btn-main") == 1
        assert text(client.get(reverse("today", args=[cast.campaign.slug]))).count("btn-main") == 1


def test_hostile_names_are_escaped(cast, url):
    cast.nodes["A1"].name = "<script>alert(1)</script>"
    cast.nodes["A1"].save()
    cast.campaign.letter = {"subject": "<img src=x>", "paragraphs": ["x https://e.example/<q>"]}
    cast.campaign.save()
    page = text(cast.client("A", "officer").get(url))
    assert "<script>alert" not in page and "<img src=x" not in page and "<q>" not in page


def seat_of(cast, unit, role):
    user, node = cast.user(unit, role), cast.nodes[unit]
    return Seat(user=user, campaign=cast.campaign, node=node, home=node, places=places_of(user))


def titles(cast, unit, role):
    return [t.rank for t in tasks.letter_tasks(seat_of(cast, unit, role))]


def test_nobody_passes_on_a_letter_first_that_is_not_here_yet(cast):
    """The issuer writes it; all other work comes before passing it on."""
    client = cast.client("centre", "coordinator")
    today = reverse("today", args=[cast.campaign.slug])
    told = [str(task.title) for task in tasks.tasks_of(seat_of(cast, "centre", "coordinator"))]
    assert told.index("Soạn công văn") == 0 and told.index("Chuyển tiếp công văn") > 0
    assert text_of(client.get(today)).count("Công văn chưa có nội dung ở đây") == 2
    rank = tasks.Rank
    assert titles(cast, "A", "officer") == [rank.ACKNOWLEDGE, rank.PASS_ON_LATER, rank.DEPLOY, rank.PEOPLE]
    assert rank.MACHINES < rank.PASS_ON_LATER
    cast.campaign.letter = {"subject": "x", "paragraphs": ["y"]}
    cast.campaign.save()
    assert "Công văn chưa có nội dung ở đây" not in text_of(client.get(today))


def test_tasks_follow_the_state(cast):
    rank = tasks.Rank
    cast.campaign.letter = {"subject": "x", "paragraphs": ["y"]}
    assert titles(cast, "A", "officer") == [rank.ACKNOWLEDGE, rank.PASS_ON, rank.DEPLOY, rank.PEOPLE]
    assert titles(cast, "A1", "officer") == [rank.ACKNOWLEDGE, rank.DEPLOY, rank.PEOPLE]
    assert titles(cast, "A", "reader") == []
    past = timezone.now() - timedelta(days=2)
    actions.pass_on(cast.nodes["A"], [cast.nodes["A1"], cast.nodes["A2"]], None, at=past)
    actions.count_people(cast.nodes["A"], 0, 0, None)
    assert titles(cast, "A", "officer") == [rank.DEPLOY, rank.CHASE]


def test_the_own_letter_comes_before_passing_on_and_signs_before_what_is_counted(cast, tmp_path):
    cast.campaign.letter = {"subject": "x", "paragraphs": ["y"]}
    cast.campaign.save()
    told = [str(task.title) for task in tasks.tasks_of(seat_of(cast, "A", "coordinator"))]
    own = next(title for title in told if title.startswith("Soạn"))
    assert told.index(own) < told.index("Chuyển tiếp công văn")
    listed = publish_list(cast, tmp_path)
    body = document([sighting("10.1.1.5", noon(5))], set_id=listed.set_id)
    receive_file(BytesIO(body), cast.nodes["A1"], Sender("upload", user=cast.user("A1", "it")))
    told = [str(task.title) for task in tasks.tasks_of(seat_of(cast, "A1", "officer"))]
    assert told.index("Xử lý 1 máy có dấu hiệu") == 1 and len(told) > 3, (
        "behind the receipt of the day itself"
    )


def test_a_provider_of_a_higher_app_is_asked(cast, monkeypatch):
    first = tasks.Task(tasks.Rank.URGENT, "Làm sạch máy <PC-07>", "hôm nay", "/x/", "Mở")
    monkeypatch.setattr(tasks, "PROVIDERS", [*tasks.PROVIDERS, lambda seat: [first]])
    page = text(cast.client("A1", "officer").get(reverse("today", args=[cast.campaign.slug])))
    assert page.index("Làm sạch máy &lt;PC-07&gt;") < page.index("#da-nhan")


def test_pages_ask_few_questions(cast, url, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(tasks, "PROVIDERS", [tasks.letter_tasks])
    client = cast.client("A", "officer")
    with django_assert_max_num_queries(12):
        assert client.get(url).status_code == 200
    with django_assert_max_num_queries(17):
        assert client.get(reverse("today", args=[cast.campaign.slug])).status_code == 200

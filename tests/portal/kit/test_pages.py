"""The links between pages of a list keep its filters."""

from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory


def test_the_next_page_asks_for_the_same(rf: RequestFactory) -> None:
    page = Paginator(range(9), 3).page(2)
    request = rf.get("/", {"tim": "Lan & Hà", "b": ["1", "2"], "trang": "2"})
    links = render_to_string("kit/pages.html", {"page": page}, request)
    assert 'rel="next" href="?tim=Lan+%26+H%C3%A0&amp;b=1&amp;b=2&amp;trang=3"' in links
    assert 'rel="prev" href="?tim=Lan+%26+H%C3%A0&amp;b=1&amp;b=2&amp;trang=1"' in links

"""A fast node renders, letter for letter, the same text as Django's own node."""

from datetime import date, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from django.template import Context, engines
from django.urls import NoReverseMatch, get_resolver, reverse, set_script_prefix
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override
from hypothesis import given
from hypothesis import strategies as st

from quetsach.portal.kit.fast_nodes import FastAddress, FastVariable
from quetsach.portal.kit.folding import fold


class Loud(str):
    """A kind of text that Django does not know."""

    __slots__ = ()

    def __str__(self):
        return self.upper()


VALUES = st.one_of(
    st.text(),
    st.text("&<>\"'a").map(mark_safe),
    st.text("&<>\"'a").map(Loud),
    st.uuids(),
    st.integers(),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
    st.booleans(),
    st.none(),
    st.just(gettext_lazy("Unit")),
    st.dates(),
    st.datetimes(datetime(1950, 1, 1), timezones=st.just(timezone(timedelta(hours=7)))),
    st.lists(st.text("<&")),
)


def templates(source):
    """The template with fast nodes, and the same by Django."""
    engine = engines["django"].engine
    fast, plain = engine.from_string(source), engine.from_string(source)
    fold(fast.nodelist)
    return fast, plain


@given(value=VALUES, language=st.sampled_from(["vi", "en"]), escapes=st.booleans())
def test_a_value_is_written_as_django_writes_it(value, language, escapes):
    with override(language):
        fast, plain = templates("{{ value }}|{{ value|default:'–' }}|{{ none.such }}")
        assert any(isinstance(node, FastVariable) for node in fast.nodelist)
        context = {"value": value}
        shown = fast.render(Context(context, autoescape=escapes))
        assert shown == plain.render(Context(context, autoescape=escapes))


def names():
    """Each URL name without a namespace, and its possible numbers of parameters."""
    listed = get_resolver().reverse_dict
    return sorted(
        {
            (name, len(places))
            for name in listed
            if isinstance(name, str)
            for possibility, *_rest in listed.getlist(name)
            for _text, places in possibility
        }
    )


PLACES = (uuid4(), "lam-sach", 7, "a_B-9", 'ô/?&"<', "", date(2026, 11, 26), str(uuid4()), mark_safe("x&y"))


@pytest.mark.parametrize("prefix", ["/", "/quet-sach/"])
def test_an_address_is_the_one_that_django_makes(prefix):
    set_script_prefix(prefix)
    found = 0
    try:
        for name, count in names():
            source = f"{{% url '{name}' {' '.join(f'p{n}' for n in range(count))} %}}"
            fast, plain = templates(source)
            assert isinstance(fast.nodelist[0], FastAddress)
            for start in range(len(PLACES)):
                places = {f"p{n}": PLACES[(start + n) % len(PLACES)] for n in range(count)}
                found += addresses(fast, places) is not None
                assert addresses(fast, places) == addresses(plain, places), (name, places)
    finally:
        set_script_prefix("/")
    assert found > 200


def addresses(template, places):
    """The rendered text; None if there is no such address."""
    try:
        return template.render(Context(places))
    except NoReverseMatch:
        return None


def test_an_address_kept_as_a_variable_or_made_of_named_places_is_djangos(db):
    node = UUID(int=5)
    fast, plain = templates(
        "{% url 'report' slug node as a %}{{ a }} {% url 'none' as b %}[{{ b }}] {% url name slug node %} "
        "{% url 'report' slug=slug node_id=node %}"
    )
    context = {"slug": "lam-sach", "node": node, "name": "rollup"}
    assert fast.render(Context(context)) == plain.render(Context(context))
    assert reverse("report", args=["lam-sach", node]) in fast.render(Context(context))

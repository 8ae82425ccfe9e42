"""A page of templates that are stored once per language equals Django's own page, byte for byte."""

import re

import pytest
from django.template import Context, engines
from django.urls import reverse
from django.utils import translation

from quetsach.portal.kit.folding import fold

ONCE = re.compile(r'(name="(?:csrfmiddlewaretoken|client_uuid)" value=")[^"]*|\d\d:\d\d(:\d\d)?')
"""The parts that differ from one rendering to the next."""


def shown(client, urls, languages):
    found = {}
    for language in languages:
        client.cookies["django_language"] = language
        for url in urls:
            found[url, language] = ONCE.sub(r"\1", client.get(url).content.decode())
    return found


def test_pages_are_what_django_renders_whichever_language_was_asked_before(cast, settings):
    urls = [reverse(name, args=["lam-sach"]) for name in ("campaign_page", "today", "letter", "progress")]
    urls += [reverse(name, args=["lam-sach", cast.nodes["A"].pk]) for name in ("report", "rollup", "people")]
    client = cast.client("A", "coordinator")
    shown(client, urls, ["vi", "en"])
    folded = shown(client, urls, ["vi", "en"])
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {
        **settings.TEMPLATES[0]["OPTIONS"],
        "loaders": [("django.template.loaders.cached.Loader",
                     ["django.template.loaders.app_directories.Loader"])],
    }}]  # fmt: skip
    assert folded == shown(client, urls, ["vi", "en"])


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_a_reader_brings_along_is_never_kept(language):
    said = {"vi": "Đơn vị", "en": "Unit"}[language]
    source = (
        "{% load i18n %}{% translate 'Unit' %}|{% translate name %}|{% translate 'Unit' as kept %}{{ kept }}|"
        "{% blocktranslate %}Unit{% endblocktranslate %}|{% if a %}{% translate 'Unit' %}{% else %}{{ a }}"
        "{% endif %}|{% for x in xs %}{{ x }}{% translate 'Unit' %}{% empty %}"
        "{% translate 'Unit' %}{% endfor %}"
    )
    with translation.override(language):
        template = engines["django"].engine.from_string(source)
        fold(template.nodelist)
        for name, a, xs in (("<b>", 1, ["<i>"]), ("x", 0, [])):
            fresh = engines["django"].engine.from_string(source)
            context = {"name": name, "a": a, "xs": xs}
            assert template.render(Context(context)) == fresh.render(Context(context))
        assert template.render(Context({"name": "<b>"})).startswith(f"{said}|&lt;b&gt;|{said}|{said}|")

"""Finds the version of a form by its key: those that come with the program, then those an office wrote."""

from __future__ import annotations

from quetsach.annexes.form.definition import BUILT_IN, Form, built_in, read_form
from quetsach.portal.kit.language import language
from quetsach.portal.reports.models import FormVersion

_read: dict[str, Form] = {}


def load_form(version: str) -> Form:
    """The form of that version. Raises FormVersion.DoesNotExist for one that was never published."""
    if version in BUILT_IN:
        return built_in(version)
    if version not in _read:
        # A key names one content for ever, so what was read once stays right.
        _read[version] = read_form(FormVersion.rows.get(key=version).definition)
    return _read[version]


def versions() -> list[Form]:
    """Every form that a campaign can use, the newest first."""
    authored = FormVersion.rows.values_list("key", flat=True)
    return [load_form(key) for key in (*authored, *BUILT_IN)]


def offered() -> list[tuple[str, str]]:
    """Key and title, in the language in use, of every form that a campaign can choose."""
    return [(form.version, form.title[language()]) for form in versions()]

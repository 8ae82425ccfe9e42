"""Finds a form by its key: first among those of the program, then among those that an office wrote."""

from __future__ import annotations

from quetsach.annexes.form.definition import BUILT_IN, Form, built_in, read_form
from quetsach.portal.kit.language import language
from quetsach.portal.reports.models import FormVersion

_read: dict[str, Form] = {}


def load_form(version: str) -> Form:
    """The form with that key. Raises FormVersion.DoesNotExist for a key that was never published."""
    if version in BUILT_IN:
        return built_in(version)
    if version not in _read:
        # The content of a key never changes, so the cached form stays right.
        _read[version] = read_form(FormVersion.rows.get(key=version).definition)
    return _read[version]


def versions() -> list[Form]:
    """Every form that a campaign can use, the newest first."""
    authored = FormVersion.rows.values_list("key", flat=True)
    return [load_form(key) for key in (*authored, *BUILT_IN)]


def offered() -> list[tuple[str, str]]:
    """Key and title, in the language in use, of every form that a campaign can choose."""
    return [(form.version, form.title[language()]) for form in versions()]

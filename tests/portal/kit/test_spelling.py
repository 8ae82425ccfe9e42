"""One spelling on all pages, in the sentences of Django, too."""

from django import forms
from django.utils.translation import override


def test_djangos_own_sentences_are_spelled_as_ours():
    field = forms.CharField(min_length=3, max_length=5)
    with override("vi"):
        for value in ("a", "a" * 9):
            try:
                field.clean(value)
            except forms.ValidationError as error:
                assert "ký tự" in error.messages[0] and str(len(value)) in error.messages[0]
            else:
                raise AssertionError(value)

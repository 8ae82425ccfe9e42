"""Figures as pages write them."""

from __future__ import annotations

import pytest
from django.utils import translation

from quetsach.portal.kit.templatetags.kit import size


@pytest.mark.parametrize(
    ("count", "vietnamese", "english"),
    [(999, "999 B", "999 B"), (24_315_314, "24,3 MB", "24.3 MB"), (230_000, "230 kB", "230 kB")],
)
def test_a_size_is_counted_by_1000(count: int, vietnamese: str, english: str) -> None:
    with translation.override("vi"):
        assert size(count) == vietnamese
    with translation.override("en"):
        assert size(count) == english

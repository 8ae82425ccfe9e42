"""Spans of time and the gaps between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

type Span = tuple[datetime, datetime]
PAUSE = timedelta(hours=24)
"""Two logs no further apart than this leave no gap: a night, a short power cut."""


def join_spans(spans: Iterable[Span], pause: timedelta = PAUSE) -> list[Span]:
    """Join spans that touch or lie no more than `pause` apart."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= pause:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def common_spans(some: list[Span], others: list[Span]) -> list[Span]:
    """The time that lies in both lists of joined spans, in order."""
    met = [(max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others]
    return sorted(span for span in met if span[0] <= span[1])


def gaps(joined: list[Span]) -> list[Span]:
    """The gaps between joined spans."""
    return [(before[1], after[0]) for before, after in pairwise(joined)]

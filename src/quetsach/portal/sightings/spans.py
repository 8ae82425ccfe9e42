"""Spans of time and the gaps between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

type Span = tuple[datetime, datetime]
PAUSE = timedelta(hours=24)
"""Two logs no further apart than this leave no gap: a night, a short power cut."""


def join_spans(spans: Iterable[Span], pause: timedelta = PAUSE, unread: Iterable[Span] = ()) -> list[Span]:
    """Join spans that touch or lie no more than `pause` apart.

    A pause that an `unread` span reaches into is not joined, however short: lines are known to be missing
    there. The spans themselves were looked at, even where another source could not be read.
    """
    unread = list(unread)
    joined: list[Span] = []
    for start, end in sorted(spans):
        before = joined[-1][1] if joined else start
        is_near = bool(joined) and start - before <= pause
        if is_near and (start <= before or not any(a < start and b > before for a, b in unread)):
            joined[-1] = (joined[-1][0], max(end, before))
        else:
            joined.append((start, end))
    return joined


def cut_spans(joined: Iterable[Span], lost: Iterable[Span]) -> list[Span]:
    """The spans without the `lost` times, each of which parts them, however short it is.

    A loss of a single moment parts a span in two that end and begin there.
    """
    parts = list(joined)
    for first, last in sorted(lost):
        left: list[Span] = []
        for start, end in parts:
            if last < start or first > end:
                left.append((start, end))
                continue
            if start < first:
                left.append((start, first))
            if last < end:
                left.append((last, end))
        parts = left
    return parts


def unbroken(spans: Iterable[Span], unread: Iterable[Span], lost: Iterable[Span]) -> list[Span]:
    """The spans in which silence means something: joined over pauses, and cut where lines are `lost`.

    `unread` are the times of sources that could not be read to the end: they spoil no other source, but no
    pause beside them.
    """
    lost = list(lost)
    return cut_spans(join_spans(spans, unread=[*unread, *lost]), lost)


def common_spans(some: list[Span], others: list[Span]) -> list[Span]:
    """The time that lies in both lists of joined spans, in order."""
    met = [(max(one[0], other[0]), min(one[1], other[1])) for one in some for other in others]
    return sorted(span for span in met if span[0] <= span[1])


def gaps(joined: list[Span]) -> list[Span]:
    """The gaps between joined spans."""
    return [(before[1], after[0]) for before, after in pairwise(joined)]

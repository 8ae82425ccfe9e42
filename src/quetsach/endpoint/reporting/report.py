"""The report of a check: one self-contained HTML page without scripts, to read, print and pass on.

Every text from the machine passes through `_t`; the page's policy also forbids scripts and forms.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from quetsach.endpoint.catalogue import Confidence
from quetsach.endpoint.checking import Result
from quetsach.endpoint.fact import Observed, State, safe
from quetsach.endpoint.finding import Finding
from quetsach.endpoint.reporting import wording
from quetsach.endpoint.verdict import Verdict
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import gettext_noop
from quetsach.text.page import marked, opening

MOST_GAPS = 5
"""Gaps of one probe that the page spells out."""
_STYLE = "section > table + table { margin-top: 32px } ol { margin: 0; padding-left: 1.35em }\n"
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_VERDICTS = {
    Verdict.FOUND: ("is-bad", "triangle"),
    Verdict.CHECK: ("is-busy", "ring"),
    Verdict.TRACES: ("is-busy", "dot"),
    Verdict.CLEAN: ("is-ok", "tick"),
    Verdict.UNKNOWN: ("is-unsure", "hatch"),
}
_CONFIDENCES = {
    Confidence.D1: ("is-bad", "triangle"),
    Confidence.D2: ("is-busy", "ring"),
    Confidence.D3: ("is-busy", "dot"),
    Confidence.D4: ("is-none", "dot"),
}
_STATES = {
    State.OK: ("is-ok", "tick"),
    State.EMPTY: ("is-ok", "tick"),
    State.NOT_CHECKED: ("is-unsure", "hatch"),
}


def write(out: BinaryIO, result: Result) -> None:
    """Write the page, in the language in use."""
    for part in _page(result):
        out.write(part.encode("utf-8", "backslashreplace"))


def _t(text: object) -> str:
    return html.escape(safe(str(text)))


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(_ZONE):%H:%M %d/%m/%Y}"


def _page(result: Result) -> Iterator[str]:
    yield opening(_t(_("Result of the check of one machine")), _t(result.machine), _STYLE)
    steps = "".join(f"<li>{_t(step)}</li>" for step in wording.next_steps(result))
    state = marked(*_VERDICTS[result.verdict], _t(wording.state(result)))
    yield (
        f'<div class="ask"><p class="kicker">{_t(_when(result.finished))} · {_t(wording.promise())}</p>'
        f"<h1>{_t(wording.verdict(result))}</h1>"
        f'<p class="answer">{state}</p><p class="answer">{_t(wording.looked_at(result))}</p></div>\n'
    )
    yield f"<section><h2>{_t(_('What to do now'))}</h2><ol>{steps}</ol></section>\n"
    yield from _about(result)
    yield from _findings(result)
    yield from _probes(result)
    limits = _("This page tells what a machine shows. Whether a licence was bought only papers can tell.")
    yield (
        f'</main>\n<footer><div class="in"><p>{_t(result.tool)}</p>'
        f"<p>{_t(limits)}</p></div></footer>\n</body>\n</html>\n"
    )


def _about(result: Result) -> Iterator[str]:
    rows = [(_("Machine"), result.machine or _("unknown"))]
    rows += [(_(label), result.answers[name]) for name, label in ANSWERS.items() if result.answers.get(name)]
    listed = result.wanted.indicators
    depth = _("thorough") if result.is_full else _("quick")
    rows.append(
        (_("Kind of check"), depth if result.is_running else f"{depth}, {_('disk of another machine')}")
    )
    rows.append(
        (_("The campaign's list"), f"{words.number(len(listed))} · {listed.id[:12]}" if listed else _("none"))
    )
    body = "".join(f'<tr><th scope="row">{_t(name)}</th><td>{_t(value)}</td></tr>' for name, value in rows)
    yield f"<section><h2>{_t(_('The machine'))}</h2><table><tbody>{body}</tbody></table></section>\n"


def _findings(result: Result) -> Iterator[str]:
    if not result.findings:
        return
    yield f"<section><h2>{_t(_('What was found'))}</h2>\n"
    for name, found in wording.by_product(result.findings).items():
        head = "".join(f'<th scope="col">{_t(text)}</th>' for text in (_("Sign"), _("How sure"), _("When")))
        yield (
            f'<table class="stack"><caption>{_t(wording.product(name))}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>\n"
        )
        for one in found:
            yield from _finding(one, result)
        yield "</tbody></table>\n"
    yield "</section>\n"


def _finding(one: Finding, result: Result) -> Iterator[str]:
    first, *others = [f'<code class="raw">{_t(wording.evidence(seen))}</code>' for seen in one.evidence]
    proofs = "".join(f"<li>{proof}</li>" for proof in others)
    more = one.count - len(one.evidence)
    if more > 0:
        proofs += f"<li>{_t(_('and %(n)s more') % {'n': words.number(more)})}</li>"
    # The first evidence is open, so that it is printed, too.
    folded = f'<details><summary>{_t(_("Evidence"))}</summary><ul class="proof">{proofs}</ul></details>'
    folded = folded if proofs else ""
    name = f'<span class="muted">{_t(one.sign)}</span>' if one.sign else ""
    yield (
        f'<tr class="has-more"><th scope="row">{_t(wording.finding(one, result))} {name}</th>'
        f"<td>{marked(*_CONFIDENCES[one.confidence], _t(wording.confidence(one)))}</td>"
        f"<td>{_t(wording.kind(one))}</td></tr>\n"
        f'<tr class="more"><td colspan="3"><p class="muted">{_t(_("What else it may be:"))} '
        f"{_t(wording.doubt(one, result))}</p>"
        f"{first}{folded}</td></tr>\n"
    )


def _probes(result: Result) -> Iterator[str]:
    head = "".join(f'<th scope="col">{_t(text)}</th>' for text in (_("Place"), _("State"), _("Remarks")))
    caption = _("Not checked is not the same as clean.")
    yield (
        f"<section><h2>{_t(_('What was looked at'))}</h2>"
        f'<table class="stack"><caption>{_t(caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n'
    )
    for name, seen in result.observed.items():
        if wording.is_foreign(seen):
            continue
        look = _STATES[State.NOT_CHECKED if seen.gaps else seen.state]
        state = marked(*look, _t(wording.probe_state(seen)))
        yield (
            f'<tr><th scope="row">{_t(wording.probe(name))}</th><td>{state}</td><td>{_gaps(seen)}</td></tr>\n'
        )
    yield "</tbody></table></section>\n"


def _gaps(seen: Observed) -> str:
    texts = [wording.gap(gap) for gap in seen.gaps[:MOST_GAPS]]
    if len(seen.gaps) > MOST_GAPS:
        texts.append(_("and %(n)s more") % {"n": words.number(len(seen.gaps) - MOST_GAPS)})
    return "<br>".join(map(_t, texts)) or "–"


ANSWERS = {"unit": gettext_noop("Unit"), "people": gettext_noop("People who use it")}
"""Answer → its label."""

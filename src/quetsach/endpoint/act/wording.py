"""The words of plan, apply and undo for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quetsach.endpoint.act import applying
from quetsach.endpoint.act.errors import REASONS, ActError
from quetsach.endpoint.act.plan import Plan
from quetsach.endpoint.act.step import TEXTS, Advice, Step
from quetsach.endpoint.fact import safe
from quetsach.text import words
from quetsach.text.language import code
from quetsach.text.language import gettext as _

WORDS = ("don sach", "dọn sạch", "clean up")
"""The words that confirm a plan, in either language."""
_PIECE = 4


def word() -> str:
    """The word that a person types to confirm, in the language in use."""
    return "DỌN SẠCH" if code() == "vi" else "CLEAN UP"


def is_word(typed: str) -> bool:
    """Whether a person typed the word; capitals, spaces around it and Vietnamese marks do not matter."""
    from quetsach.text.marks import normalize

    return normalize("NFC", " ".join(typed.split())).casefold() in WORDS


def problem(error: ActError) -> str:
    """The refusal or failure, with advice."""
    text = reason(error.reason)
    return f"{safe(error.detail)}: {text}" if error.detail else text[:1].upper() + text[1:] + "."


def reason(name: str) -> str:
    """A code of `REASONS` or a reason of an advice, in words."""
    asked = {
        "papers": _("to be asked: look for the papers first; take it into the plan with --also"),
        "person": _("for a person to handle"),
        "unjudged": _(
            "lies in Windows' own folder, and signatures cannot be judged while that Windows is off: look"
            " at it, then take it into the plan with --also"
        ),
    }
    return asked.get(name) or _(REASONS.get(name, name))


def why(names: tuple[str, ...] | list[str]) -> str:
    """The signs and indicators behind a step."""
    shown = (_("asked for") if name == "log" else words.defanged(safe(name)) for name in names)
    return ", ".join(shown)


def phase(name: str) -> str:
    """A part of the plan."""
    return {
        "block": _("Cut off"),
        "stop": _("Stop"),
        "disable": _("Keep from starting again"),
        "quarantine": _("Put into quarantine"),
        "record": _("Look better next time"),
    }[name]


def warning(name: str) -> str:
    """A warning to read before the plan is applied."""
    return {
        "licence": _(
            "Technical tampering is taken away: Windows or Office may show as not activated afterwards. Have"
            " the papers or a free replacement ready; nothing is deleted, undo brings back what was there."
        ),
        "restart": _("Part of it takes effect when the machine is started again."),
    }.get(name, safe(name))


def step(one: Step) -> Iterator[str]:
    """A step in lines: act and target, reasons, backup, read-back and undo."""
    what, backup, check, undo = (_(text) for text in TEXTS[one.act])
    yield f"{one.number}. {what}: {safe(applying.subject(one))}"
    for line in one.target.get("lines", ()):
        yield f"   {safe(str(line))}"
    if one.act == "value":
        yield "   " + _("from %(old)s to %(new)s") % {"old": _value(one.before), "new": _value(one.after)}
    yield "   " + _("Because of: %(why)s") % {"why": why(one.why)}
    yield "   " + _("Kept: %(what)s") % {"what": backup}
    yield "   " + _("Read back: %(what)s") % {"what": check}
    yield "   " + _("Undo: %(what)s") % {"what": undo}


def advice(one: Advice) -> str:
    """Advice that the plan leaves to a person."""
    return f"{safe(one.subject)}: {reason(one.reason)} ({why((one.why,))})"


def digits(plan: Plan) -> str:
    """The plan's code in groups, to read and type."""
    return " ".join(plan.code[at : at + _PIECE] for at in range(0, len(plan.code), _PIECE))


def done(act: str, target: Mapping[str, Any], why_not: str) -> str:
    """One step that was done, or why it was not."""
    what = _(TEXTS[act][0])
    about = safe(applying.subject(Step(0, "", act, target, None, None)))
    return f"{what}: {about}" + (f" – {reason(why_not)}" if why_not else "")


def _value(state: Any) -> str:
    if state is None:
        return _("nothing")
    data = bytes.fromhex(state["data"])
    if state["type"] in (1, 2):
        return f"“{safe(data.decode('utf-16-le', 'replace').rstrip(chr(0)))}”"
    if state["type"] == 4 and len(data) == 4:
        return str(int.from_bytes(data, "little"))
    return data.hex()[:64]

"""Words of the screen for checks."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.endpoint import catalogue
from quetsach.endpoint.catalogue import Text
from quetsach.endpoint.fact import REASONS
from quetsach.endpoint.files.rules import Problem
from quetsach.endpoint.reporting import fact_words
from quetsach.portal.checks.models import PRODUCTS, CheckResult
from quetsach.portal.kit.language import language
from quetsach.portal.kit.templatetags.kit import num
from quetsach.text.language import translator
from quetsach.text.words import moment

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SHAPES = {"found": "bad", "check": "busy", "traces": "none", "clean": "ok", "unknown": "unsure"}
"""Verdict: the shape of its chip."""
VERDICTS = dict(CheckResult.VERDICTS)
PRODUCT: dict[str, str | Promise] = {
    **dict(PRODUCTS),
    "malware": _("malware"),
    "antivirus": _("protection weakened"),
    "system": _("system"),
}
SURENESS: dict[str, str | Promise] = {
    "D1": _("certain"),
    "D2": _("strong"),
    "D3": _("to be asked"),
    "D4": _("for information"),
}
REFUSALS: dict[str, str | Promise] = {
    "too_large": _("is larger than a result can be. Hand in the file that the check wrote, unchanged."),
    "too_many": _(
        "was not read to its end, and the files after it not at all: they are more than the portal "
        "accepts at once. Hand in the rest in parts."
    ),
    "broken_zip": _("is a ZIP file that cannot be read to its end. Make it again, or hand in the files."),
    "locked_zip": _("is a ZIP file with a password. Make it without one."),
    "no_result": _("is not the result of a check. Choose the files that the check wrote."),
    "newer": _("was written by a newer check than this portal knows. Ask for the portal to be updated."),
    "field": _("lacks a part of a result (%(where)s). Check the machine again."),
    "clock": _(
        "ended before it began: the machine's clock was set back meanwhile. Set it right, then check again."
    ),
    "future": _(
        "says that it was made on %(where)s, a day that has not come: the machine's clock is ahead. Set it, "
        "then check again."
    ),
    "old": _(
        "says that it was made on %(where)s, %(days)s days ago, when there was no such check yet: the "
        "machine's clock was behind. Set it, then check again."
    ),
    "early": _(
        "says that it was made on %(where)s, %(days)s days ago, before its pack was: the machine's clock was "
        "behind. Set it, then check again."
    ),
    "late": _(
        "was made on %(where)s, %(days)s days ago, after its pack had expired. Check the machine again with "
        "a new pack."
    ),
    "closed": _("comes after the campaign was closed. Nothing more is accepted."),
    "elsewhere": _("was already handed in by another unit. Only one unit can count a machine."),
    "campaign": _("was made with the pack of another campaign (%(where)s). Hand it in there."),
    "unit": _("was made with the pack of another unit (%(where)s). That unit hands it in."),
    "sealed": _("was changed after the check. Hand in the file as the check wrote it, or check again."),
    "forged": _("does not come from the pack that it names, and is not counted. Check the machine again."),
    "key": _("was sealed for a portal with other keys. Check again with a pack from here."),
    "lost": _(
        "was made with a pack that was reported lost. Check the machine again with the unit's new pack."
    ),
    "pack": _("was made with a pack that this portal did not issue. Ask which stick was used."),
}
"""The reasons that a file was not taken, as they follow its name."""


@cache
def _signs() -> dict[str, dict[str, Text]]:
    return {name: dict(sign.texts) for name, sign in catalogue.load().signs.items()}


def finding_words(finding: dict[str, object]) -> tuple[str, str]:
    """The name of a sign and its harmless explanations; an unknown sign shows its id."""
    sign = str(finding.get("sign") or "")
    texts = _signs().get(sign)
    if texts is not None:
        text = texts[language()]
        return text.what, text.false_positive
    if finding.get("indicator"):
        return str(_("On the campaign's list: %(item)s")) % {"item": finding["indicator"]}, ""
    return str(_("A sign that this portal does not know yet: %(sign)s")) % {"sign": sign}, ""


def probe_words(name: str) -> str:
    """What a probe looks at; an unknown probe shows its name."""
    return _in_our_words(fact_words.PROBES.get(name, name))


def gap_words(gap: dict[str, str]) -> str:
    """Why a part was not seen, and which."""
    reason = _in_our_words(REASONS.get(gap["reason"], gap["reason"]))
    return f"{reason}: {gap['detail']}" if gap["detail"] else reason


def evidence_words(seen: dict[str, str]) -> list[tuple[str, str]]:
    """The fields of one piece of evidence, each with its name, without those that tell nothing."""
    left_out = ("fact", *fact_words.NOT_SHOWN.get(seen.get("fact", ""), ()))
    return [
        (_in_our_words(fact_words.FIELDS.get(name, name)), _value_words(name, value))
        for name, value in seen.items()
        if name not in left_out and value not in fact_words.EMPTY
    ]


def _value_words(name: str, value: str) -> str:
    if name in fact_words.TIMES:
        return moment(value, _ZONE) or value
    told = fact_words.value(name, value)
    # Text of the machine is shown as it is, even where it is also a word of ours.
    return value if told == value else _in_our_words(told)


def _in_our_words(text: str) -> str:
    return translator(language())(text) if text else text


PROBLEMS: dict[str, str | Promise] = {
    "compile": _("line %(line)s: %(text)s"),
    "include": _("line %(line)s: “include” reads another file, which no pack carries. Put its rules here."),
    "module": _("line %(line)s: no check has the module “%(text)s”. Remove the rules that need it."),
    "innocent": _(
        "line %(line)s: the rule “%(text)s” also hits the innocent file %(where)s and would accuse every "
        "machine. Make its condition narrower."
    ),
    "slow": _("The rules look at the small file %(where)s for too long. Make their patterns narrower."),
    "limits": _("Its rules need too much memory or time. Split them into several files."),
    "empty": _("It holds no rule."),
    "no_engine": _("This portal cannot judge rules: the package yara-x is missing. Tell its administrator."),
    "no_hash": _("It holds no hash of a file. Addresses belong in the list; rules end in .yar or .yara."),
    "list": _("It cannot be read as a list: %(text)s"),
    "not_text": _("line %(line)s: it is not UTF-8 text. Save it as UTF-8."),
    "too_large": _("A file of rules is at most 1 MB. Leave out what the campaign does not look for."),
    "many_hashes": _("The campaign would have more than 200,000 hashes. Remove older ones first."),
    "many_rules": _("The campaign would have more than 2,000 rules. Remove older ones first."),
}
"""The reasons that hashes or rules cannot be brought."""


def problem_words(problem: Problem) -> str:
    """The sentence for a problem of a brought file."""
    facts = {"line": problem.line, "text": problem.text, "where": problem.where}
    return str(PROBLEMS[problem.code]) % facts


def refusal(code: str, where: str) -> str:
    """The sentence after a file's name. `where` is a day, dd/mm/yyyy, for codes that need one."""
    text = REFUSALS.get(code)
    if text is None:
        return code
    days = _days_since(where) if code in _DATED else 0
    return str(text) % {"where": where, "days": num(days)}


def age(finished: datetime) -> str:
    """The note on a result that was taken although its check is older than the campaign."""
    day = f"{timezone.localtime(finished):%d/%m/%Y}"
    sentence = _(
        "was made on %(where)s, %(days)s days ago, before the campaign began. It is kept, but says nothing "
        "of how the machine is now: check it once more."
    )
    return str(sentence) % {"where": day, "days": num(_days_since(day))}


_DATED = ("old", "early", "late")


def _days_since(day: str) -> int:
    date = datetime.strptime(day, "%d/%m/%Y").date()
    return max(0, (timezone.localdate() - date).days)

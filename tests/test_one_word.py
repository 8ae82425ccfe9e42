"""Vietnamese texts have one word for one idea: to publish, to issue a letter, to pass it on, to take back, to
prove a machine clean; a sinkhole, a risk.

A list, a code and a certificate are revoked (thu hồi); what a person did is taken back (rút lại).
"""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
OTHERS = (
    "the publisher or the person",
    "its publisher",
    "the maker publishes it",
    "its maker publishes",
    "took the file %(file)s back",
    "or a list withdrawn",
    "event4_sinkhole",
)
"""Left out: texts about publishers of lists and makers of tools, who publish elsewhere. A file taken
into hand again. A file beside a list: lists are revoked. The name of a type of reports."""
IDEAS = {
    "publish": (r"\b[Pp]ublish(es|ed|ing)?\b", "phát hành", "công bố"),
    "issue a letter": (r"\bletter\b.*\bissued\b|\bIssued (as|the letter)\b", "ban hành", "phát hành"),
    "pass on": (r"\b[Pp]ass(es|ed|ing)?( it| (the|this) \w+)? on\b", "chuyển tiếp", ""),
    "prove clean": (r"\b([Pp]roven?|proofs?)\b.*\bclean\b", "xác minh", "chứng minh"),
    "sinkhole": (r"\b[Ss]inkholes?\b", "máy chủ bẫy", "hố thu"),
    "risk": (r"\b[Rr]isks?\b", "rủi ro", "nguy cơ"),
    "take back": (r"\b[Tt](ake|aken|ook)\b( [^\s,.;]+){0,6}? back\b(?! into use)", "rút lại", "thu hồi"),
}


NOUNS = ("sinkhole", "risk")
"""Ideas that have one word also outside of the portal."""
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def texts(idea):
    own = [ROOT / "src/quetsach/locale/vi/LC_MESSAGES/quetsach.po"] if idea in NOUNS else []
    for po in (*own, *sorted((ROOT / "src/quetsach/portal").rglob("locale/vi/LC_MESSAGES/django.po"))):
        with po.open("rb") as file:
            for message in read_po(file, locale="vi"):
                english = message.id if isinstance(message.id, str) else message.id[0]
                vietnamese = message.string if isinstance(message.string, str) else message.string[0]
                if english and not any(mark in english for mark in OTHERS):
                    yield english, vietnamese


@pytest.mark.parametrize("idea", IDEAS)
def test_one_word_for_one_idea(idea):
    english_word, wanted, refused = IDEAS[idea]
    about = [
        (english, said)
        for english, said in texts(idea)
        if re.search(english_word, PLACEHOLDER.sub("", english))
    ]
    assert len(about) > 3
    wrong = [
        (english, said)
        for english, said in about
        if wanted not in said.lower() or (refused and refused in said.lower())
    ]
    assert wrong == []

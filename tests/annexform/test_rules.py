"""Reading figures, and the rules of the annex against a hand-written oracle."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quetsach.annexes.form.definition import built_in, refusals
from quetsach.annexes.form.entry import read_entry as read
from quetsach.annexes.form.entry import read_names
from quetsach.annexes.form.expression import evaluate
from quetsach.annexes.form.figures import FigureError, parse_figure
from quetsach.annexes.form.rules import check, unanswered

FORM = built_in("annex-2022")
CALM = {
    "children": 0,
    "known_r1": None,
    "known_r2": None,
    "known_r3": None,
    "known_r4": None,
    "staff": None,
    "missing": 0,
    "changed": 0,
    "late_hours": 0,
    "late_days": 0,
    "self_counted": 0,
    "sibling_ratio": None,
    "twin": 0,
}
CALM |= {f"{kind}_r{n}": None for kind in ("total", "paper") for n in range(1, 5)}
CALM |= {"as_before": 0, "raw": 0, "own_unit": 1, "form_current": 1, "locked": 0, "stale": 0, "claimed": 0}
NARRATIVE = "Đã rà soát toàn bộ máy của đơn vị."


def read_entry(data):
    return read(data, FORM.keys)


def fired(known=None, **typed):
    entry = read_entry({"narrative": NARRATIVE, **typed})
    return {problem.key for problem in check(FORM, entry, {**CALM, **(known or {})})}


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("1.234", 1234),
        ("1.234.567", 1234567),
        ("0", 0),
        ("007", 7),
        (" 12 ", 12),
        ("9.999.999", 9_999_999),
        ("1 234", 1234),
        ("", None),
        ("   ", None),
        ("\u00a0", None),
    ],
)
def test_counts_are_read_as_written_in_vietnamese(typed, count):
    assert parse_figure(typed) == count


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1,5", "decimal"),
        ("12.5", "decimal"),
        ("1.23", "decimal"),
        ("1.2345", "decimal"),
        ("0.123", "decimal"),
        ("1,234", "decimal"),
        ("1..234", "decimal"),
        ("-3", "negative"),
        ("−3", "negative"),
        ("-1.234", "negative"),
        ("ba", "letters"),
        ("3 người", "letters"),
        ("1e3", "letters"),
        ("٣", "letters"),
        ("１２", "letters"),
        ("10.000.000", "too_big"),
        ("9" * 5000, "too_big"),
        ("+5", "letters"),
    ],
)
def test_anything_else_is_refused_with_its_reason(typed, reason):
    with pytest.raises(FigureError) as error:
        parse_figure(typed)
    assert error.value.code == reason
    entry = read_entry({"r1": typed})
    assert entry.typed["r1"] == unicodedata.normalize("NFC", typed)
    problem = next(p for p in check(FORM, entry, CALM) if p.row == "r1")
    assert (problem.rule, problem.level) == ("H01", "block")
    assert typed in problem.text["vi"] and typed in problem.text["en"]


@given(st.integers(0, 9_999_999))
def test_every_count_survives_being_written_with_dots(n):
    assert parse_figure(f"{n:,}".replace(",", ".")) == n == parse_figure(str(n))


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_and_never_breaks(text):
    entry = read_entry(dict.fromkeys(("r1", "r2", "narrative", "external", "n1"), text))
    check(FORM, entry, CALM)
    assert (entry.figures["r1"] is None) or 0 <= entry.figures["r1"] <= 9_999_999


small = st.integers(0, 120)
maybe = st.none() | small


@given(
    r1=maybe,
    r2=maybe,
    r3=maybe,
    r4=maybe,
    children=st.integers(0, 8),
    external=st.integers(0, 4),
    known_r1=small,
    known_r3=small,
    staff=maybe,
    missing=st.integers(0, 3),
    changed=st.integers(0, 2),
    late=st.sampled_from((0, 1, 48, 49, 1010)),
    self_counted=st.integers(0, 1),
    ratio=st.none() | st.floats(0, 50),
    twin=st.integers(0, 1),
    narrative=st.sampled_from(["", "Xong.", "x" * 19, "x" * 20, NARRATIVE]),
)
def test_the_rules_agree_with_an_oracle_written_by_hand(
    r1,
    r2,
    r3,
    r4,
    children,
    external,
    known_r1,
    known_r3,
    staff,
    missing,
    changed,
    late,
    self_counted,
    ratio,
    twin,
    narrative,
):
    known = {
        **CALM,
        "children": children,
        "known_r1": known_r1,
        "known_r3": known_r3,
        "staff": staff,
        "missing": missing,
        "changed": changed,
        "late_hours": late,
        "self_counted": self_counted,
        "sibling_ratio": ratio,
        "twin": twin,
    }
    typed = {f"r{n}": "" if v is None else str(v) for n, v in enumerate((r1, r2, r3, r4), 1)}
    names = "\n".join(f"Hợp tác xã {n}" for n in range(external))
    expected = {f"H01:r{n}" for n, v in enumerate((r1, r2, r3, r4), 1) if v is None}
    has1, has2, has3, has4 = (v is not None for v in (r1, r2, r3, r4))
    if has1 and has3 and r3 > r1:
        expected.add("H02:r3")
    if has2 and has4 and r4 > r2:
        expected.add("H03:r4")
    if has1 and r1 > children + external:
        expected.add("H04:r1")
    if has3 and r3 > children + external:
        expected.add("H05:r3")
    if has1 and r1 < known_r1:
        expected.add("W01:r1")
    if has3 and r3 < known_r3:
        expected.add("W01:r3")
    superior = children + external > 0
    if superior and has1 and has2 and r1 > 0 and r2 == 0:
        expected.add("W02:r2")
    if has3 and has4 and r4 > 0 and r3 == 0 and (superior or self_counted):
        expected.add("W02:r3")
    if superior and has3 and has4 and r3 > 0 and r4 == 0:
        expected.add("W02:r4")
    if has2 and staff is not None and r2 > staff:
        expected.add("W03:r2")
    if (r1, r2, r3, r4) == (0, 0, 0, 0):
        expected.add("W04:figures")
    if has1 and has2 and ratio is not None and r2 > 20 and r2 > 10 * ratio * (r1 + 1):
        expected.add("W05:r2")
    if has2 and twin and r2 >= 50:
        expected.add("W06:figures")
    if all((has1, has2, has3, has4)) and r2 >= 50 and r4 == r2 and r3 == r1:
        expected.add("W07:r4")
    if missing:
        expected.add("W08:figures")
    if len(narrative) < 20:
        expected.add("W09:narrative")
    if changed:
        expected.add("W10:figures")
    if late:
        expected.add("I01:figures" if late <= 48 else "I02:figures")
    assert fired(known, **typed, external=names, narrative=narrative) == expected


def test_long_and_unprintable_texts_are_stopped():
    assert "H11:narrative" in fired(narrative="a" * 10_001)
    assert "H11:narrative" not in fired(narrative="a" * 10_000)
    assert "H11:n2" in fired(n2="hai\x00 người")
    assert "H11:proposals" in fired(proposals="đảo \u202e chiều")
    assert "H11:proposals" not in fired(proposals="dòng một\ndòng hai\tcột")


def test_texts_become_nfc():
    assert read_entry({"narrative": unicodedata.normalize("NFD", NARRATIVE)}).typed["narrative"] == NARRATIVE
    assert read_names("Trạm Y tế\n trạm  y tế \n\nHợp tác xã") == ("Trạm Y tế", "Hợp tác xã")


def test_a_warning_is_answered_by_a_note_in_its_row_or_a_tick_and_a_block_by_nothing():
    entry = read_entry(
        {"r1": "0", "r2": "5", "r3": "0", "r4": "6", "n1": "đã đối chiếu", "n4": "xin cho qua"}
    )
    problems = check(FORM, entry, {**CALM, "known_r1": 3})
    left = {p.key for p in unanswered(problems, entry, set())}
    assert left == {"H03:r4", "W09:narrative"}
    assert {p.key for p in unanswered(problems, entry, {"W09:narrative", "H03:r4"})} == {"H03:r4"}


def test_an_unknown_fact_fires_nothing_and_an_unknown_name_is_an_error():
    assert evaluate(["gt", "x", 1], {"x": None}) is None
    assert evaluate(["and", ["gt", "x", 1], ["eq", 1, 2]], {"x": None}) is False
    assert evaluate(["or", ["gt", "x", 1], ["eq", 1, 1]], {"x": None}) is True
    with pytest.raises(KeyError):
        evaluate(["exec", 1], {})
    with pytest.raises(KeyError):
        evaluate("missing_fact", {})


def test_the_form_carries_the_exact_words_of_the_letter():
    assert [row.text for row in FORM.rows] == [
        "Tổng đơn vị thuộc/trực thuộc nhận được thông tin về chiến dịch",
        "Tổng số cá nhân của cơ quan, đơn vị nhận được thông tin về chiến dịch",
        "Tổng số đơn vị triển khai chiến dịch",
        "Tổng số cá nhân của cơ quan, đơn vị đã triển khai thực hiện các nội dung của chiến dịch",
    ]


def test_every_rule_speaks_both_languages_in_nfc():
    texts = [rule[lang] for rule in FORM.rules for lang in ("vi", "en")]
    texts += [text for reason in refusals().values() for text in reason.values()]
    assert all(text and unicodedata.is_normalized("NFC", text) for text in texts)

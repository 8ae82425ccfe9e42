"""Reading a written form gives back the meaning of the set, and no entry is widened.

No entry is doubtful here: the addresses are those of the documentation, which the guard rails never block.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quetsach.indicators import reading, writing
from quetsach.indicators.forms_out import rpz
from quetsach.indicators.forms_out.form import shape_of
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.indicators.lists.item import parse
from quetsach.indicators.lists.remark import Reject
from tests.listforms.cast import DAY, EACH

QUICK = settings(max_examples=20)

READ_AS: dict[str, tuple[str, Scope | None]] = {
    "plain": ("plain", None),
    "csv": ("csv", None),
    "json": ("json", None),
    "hosts": ("hosts", None),
    "adblock": ("adblock", None),
    "dnsmasq": ("dnsmasq", None),
    "unbound": ("unbound", None),
    "rpz": ("rpz", None),
    "ip-list": ("plain", None),
    # For a firewall a bare name is exact; our own plain lists mark the scope in other ways.
    "domain-list": ("plain", Scope.EXACT),
    "url-list": ("plain", None),
    "zeek.intel": ("zeek.intel", None),
    "suricata.rules": ("suricata.rules", None),
    "suricata.dataset": ("suricata.dataset", None),
    "suricata.ips": ("plain", None),
    "suricata.iprep": ("suricata.iprep", None),
    "maltrail": ("maltrail", None),
    "stix": ("stix", Scope.EXACT),
}
"""The reader of each form, and the form's scope where the reader would assume a wider one."""


def text_of(items: IndicatorSet, form: str) -> str:
    return "".join(writing.write(items, writing.by_name(form), DAY, {}).parts)


def expressed(items: IndicatorSet, form: writing.Form) -> set[str]:
    """The promise of the form's table, computed here from the table and not from the text."""
    found = set()
    wide = {one.value for one in items if one.kind is Kind.DOMAIN and one.scope is not Scope.EXACT}
    for one in items:
        shape = shape_of(one)
        if shape not in form.whole | form.narrowed or form.refuse(one):
            continue
        labels = one.value.split(".")
        is_name = one.kind is Kind.DOMAIN
        if form.merges and is_name and any(".".join(labels[n:]) in wide for n in range(1, len(labels))):
            continue
        found.add(f"={one.value}" if shape in form.narrowed and is_name else one.hashed)
    return found


def canonical(text: str, scope: Scope) -> Indicator | None:
    try:
        return parse(text, scope)[0][0]
    except Reject:
        return None


LABEL = st.text("abz09-_", min_size=1, max_size=3)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))
V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).map(str)
HOST = st.one_of(NAME, V4, V6.map(lambda a: f"[{a}]"))
NETWORK = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(8, 31)), st.tuples(st.ip_addresses(v=6), st.integers(16, 127))
).map(lambda pair: str(ip_network(f"{pair[0]}/{pair[1]}", strict=False)))
PATH = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="#"), min_size=1, max_size=8)
TEXT = st.one_of(
    NAME,
    V4,
    V6,
    NETWORK,
    st.tuples(V4, st.integers(1, 65535)).map(lambda p: f"{p[0]}:{p[1]}"),
    st.tuples(V6, st.integers(1, 65535)).map(lambda p: f"[{p[0]}]:{p[1]}"),
    st.tuples(HOST, PATH).map(lambda p: f"http://{p[0]}/{p[1]}"),
)
ITEM = st.builds(canonical, TEXT, st.sampled_from(Scope))
SETS = st.lists(ITEM, max_size=8).map(lambda items: IndicatorSet(one for one in items if one is not None))


@pytest.mark.parametrize("form", READ_AS)
@QUICK
@given(items=SETS)
def test_what_is_written_is_read_back(form: str, items: IndicatorSet) -> None:
    reader, scope = READ_AS[form]
    back = reading.read_text(text_of(items, form), format=reader, scope=scope)
    assert {one.hashed for one in back.indicators} == expressed(items, writing.by_name(form))
    assert not back.rejects


@QUICK
@given(items=SETS)
def test_misp_attributes_say_the_scope_by_their_type(items: IndicatorSet) -> None:
    document = json.loads(text_of(items, "misp"))
    names = {
        ("=" if a["type"] == "hostname" else "") + a["value"]
        for a in document["Event"]["Attribute"]
        if a["type"] in ("hostname", "domain")
    }
    form = writing.by_name("misp")
    by_value = {one.hashed: one for one in items}
    wanted = expressed(items, form)
    assert names == {h for h in wanted if by_value[h].kind is Kind.DOMAIN}
    back = reading.read_text(text_of(items, "misp"), format="misp")
    assert {one.value for one in back.indicators} == {by_value[h].value for h in wanted}


@pytest.mark.parametrize("form", READ_AS)
def test_each_shape_is_recognised_or_counted(form: str) -> None:
    written = writing.write(EACH, writing.by_name(form), DAY, {})
    losses = written.losses
    assert written.count + sum(losses.left_out.values()) + losses.covered == len(EACH)
    assert "".join(written.parts) == text_of(EACH, form)


ADDRESS = {
    "nft": re.compile(r"^ {6}([0-9a-f.:]+(?:/[0-9]+)?)(?: \. ([0-9]+))?,$", re.M),
    "ipset": re.compile(r"^add \S+ ([0-9a-f.:]+(?:/[0-9]+)?)(?:,(?:tcp|udp):([0-9]+))?$", re.M),
    "mikrotik": re.compile(r"^add list=quetsach address=([0-9a-f.:]+(?:/[0-9]+)?)()$", re.M),
}


@pytest.mark.parametrize("form", ADDRESS)
@QUICK
@given(items=SETS)
def test_packet_filters_hold_the_addresses_and_only_these(form: str, items: IndicatorSet) -> None:
    text = text_of(items, form)
    found = {
        f"[{host}]:{port}" if port and ":" in host else f"{host}:{port}" if port else host
        for host, port in ADDRESS[form].findall(text)
    }
    assert found == expressed(items, writing.by_name(form))
    # Machines call to a listed address: packets from it are not stopped.
    assert not re.search(r"\bsaddr\b|src-address|(?<!-)-s\b|\bsrc\b", text)


Matches = Callable[[str], bool]


def rule_matches(rule: str) -> Matches:
    """The names that one rule's condition covers, by the words of the Suricata user guide."""
    content = re.search(r'content:"([^"]*)"', rule)
    assert content is not None
    wanted = content[1]
    if " startswith;" in rule:
        return lambda name: name == wanted
    if "dotprefix;" in rule:
        return lambda name: f".{name}".endswith(wanted)
    return lambda name: name.endswith(wanted)


@QUICK
@given(items=SETS, name=NAME)
def test_rules_of_suricata_match_what_the_scope_says(items: IndicatorSet, name: str) -> None:
    rules = [line for line in text_of(items, "suricata.rules").splitlines() if line.startswith("alert")]
    asked = [name, *(f"x.{one.value}" for one in items), *(one.value for one in items)]
    for protocol in ("dns", "tls", "http"):
        tests = [rule_matches(rule) for rule in rules if rule.startswith(f"alert {protocol} ")]
        for query in asked:
            wanted = any(
                one.kind is Kind.DOMAIN
                and (
                    (query == one.value and one.scope is not Scope.SUBDOMAINS_ONLY)
                    or (query.endswith(f".{one.value}") and one.scope is not Scope.EXACT)
                )
                for one in items
            )
            assert any(test(query) for test in tests) == wanted
    sids = re.findall(r"sid:([0-9]+);", "\n".join(rules))
    assert len(sids) == len(set(sids)) == len(rules)


@given(address=st.ip_addresses(v=6), length=st.integers(0, 128))
def test_an_rpz_owner_spells_its_network_backwards(address: object, length: int) -> None:
    """The draft's own rule (4.1.1), undone by hand: reverse the groups, `zz` is the run of zeros."""
    network = ip_network(f"{address}/{length}", strict=False)
    prefix, *groups = rpz.owner_of(str(network)).removesuffix(".rpz-ip").split(".")
    groups.reverse()
    if "zz" in groups:
        at = groups.index("zz")
        groups[at : at + 1] = ["0"] * (9 - len(groups))
    assert int(prefix) == length
    assert ip_address(":".join(groups)) == network.network_address


def test_the_draft_of_rpz_spells_its_examples_so() -> None:
    assert rpz.owner_of("192.0.2.0/24") == "24.0.2.0.192.rpz-ip"
    assert rpz.owner_of("2001:db8::1/128") == "128.1.zz.db8.2001.rpz-ip"


def test_a_dataset_of_suricata_has_no_line_end_inside() -> None:
    lines = text_of(EACH, "suricata.dataset").splitlines()
    assert base64.b64encode(b"evil.example").decode() in lines
    assert all(b"\n" not in base64.b64decode(line, validate=True) for line in lines)


def test_a_spreadsheet_finds_no_formula_in_free_text() -> None:
    import csv

    rows = list(csv.DictReader(text_of(EACH, "csv").splitlines()))
    assert len(rows) == len(EACH)
    assert all(not row["family"].startswith(tuple("=+-@\t")) for row in rows)
    assert all(not row["indicator"].startswith(tuple("+-@")) for row in rows if row["type"] == "url")


def test_a_defanged_table_makes_no_link_and_reads_back() -> None:
    choice = writing.Settings(defang=True)
    text = "".join(writing.write(EACH, writing.by_name("csv"), choice).parts)
    assert "evil.example" not in text and "evil[.]example" in text
    assert reading.read_text(text, format="csv").indicators.id == EACH.id

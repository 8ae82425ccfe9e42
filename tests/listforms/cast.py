"""A small set with one indicator of each shape, and odd ones; addresses and names of the documentation."""

from __future__ import annotations

from datetime import date

from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.indicators.writing import Settings

DAY = Settings(day=date(2026, 10, 15))
NAMES = [
    ("evil.example", Scope.WITH_SUBDOMAINS, "ramnit"),
    ("exact.example", Scope.EXACT, ""),
    ("below.example", Scope.SUBDOMAINS_ONLY, ""),
    ("_srv.under.example", Scope.WITH_SUBDOMAINS, ""),
    ("xn--fa-hia.example", Scope.EXACT, "=cmd|\" ' </script>\t"),
    ("a.evil.example", Scope.EXACT, ""),
    ("-odd-.example", Scope.WITH_SUBDOMAINS, ""),
    ("1.2.example", Scope.EXACT, ""),
]
OTHERS = [
    ("192.0.2.7", Kind.IPV4),
    ("192.0.2.0/24", Kind.CIDR),
    ("198.51.100.0/25", Kind.CIDR),
    ("2001:db8::7", Kind.IPV6),
    ("2001:db8:0:1::", Kind.IPV6),
    ("2001:db8:0:1:2:3:4:5", Kind.IPV6),
    ("2001:db8::/32", Kind.CIDR),
    ("::5", Kind.IPV6),
    ("203.0.113.9:8080", Kind.IP_PORT),
    ("[2001:db8::9]:443", Kind.IP_PORT),
    ("url.example/gate.php?x=1", Kind.URL),
    ("url.example:8080/a/b", Kind.URL),
    ("192.0.2.7/x.bin", Kind.URL),
    ("[2001:db8::9]/x.bin", Kind.URL),
    ("-x.example/cmd|'/C calc'!A0", Kind.URL),
    ("url.example/a b", Kind.URL),
    ("url.example/\\x*^\"'", Kind.URL),
]
EACH = IndicatorSet(
    [
        *(Indicator(name, Kind.DOMAIN, scope, family) for name, scope, family in NAMES),
        *(Indicator(value, kind) for value, kind in OTHERS),
    ]
)

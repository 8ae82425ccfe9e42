"""Seeded logs of generated traffic with planted infections, and the truth of what was planted.

`write_demo_logs` is for the demonstration, `write_bench_logs` for measuring and proving, from the shell as
`python -m demo.loggen`. The same arguments always give the same bytes.
"""

from demo.loggen.indicators import make_indicators
from demo.loggen.kinds import KINDS
from demo.loggen.listed import Item
from demo.loggen.measured import write_bench_logs
from demo.loggen.outbreak import write_demo_logs
from demo.loggen.plan import Infection, plan_infections
from demo.loggen.truth import Row, SourceTruth, Truth

__all__ = [
    "KINDS",
    "Infection",
    "Item",
    "Row",
    "SourceTruth",
    "Truth",
    "make_indicators",
    "plan_infections",
    "write_bench_logs",
    "write_demo_logs",
]

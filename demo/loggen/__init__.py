"""Seeded logs of generated traffic with planted infections, and the truth about them.

`write_demo_logs` is for the demonstration, `write_bench_logs` for measurements and proofs (in the shell:
`python -m demo.loggen`). The same arguments always give the same bytes.
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

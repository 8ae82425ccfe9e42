"""The sample lines in the files of the formats."""

from __future__ import annotations

import re

from quetsach.logs import logformat

SAMPLES = [(f.name, i, s) for f in logformat.load_all().values() for i, s in enumerate(f.samples)]
VALUE = re.compile(
    r"[0-9]+(?:\.[0-9]+){3}|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}|(?:[A-Za-z0-9-]+\.)+(?:org|example)"
)

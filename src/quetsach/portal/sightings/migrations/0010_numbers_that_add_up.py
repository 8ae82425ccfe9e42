from __future__ import annotations

from typing import Any

from django.db import migrations

LINES, BYTES = 10**12, 10**13
"""As `sightings.intake` since this migration: a larger number is refused when it arrives."""
ERRORS = 100_000
"""More than any log names: the number is then that of the errors that the sources name."""


def clamp(apps: Any, _editor: object = None) -> None:
    """Rows of before, whose sums would not fit 63 bits."""
    coverage, scan = apps.get_model("sightings", "Coverage"), apps.get_model("sightings", "Scan")
    for name in ("lines", "not_understood", "long_lines", "inbound"):
        coverage.rows.filter(**{f"{name}__gt": LINES}).update(**{name: LINES})
    for model in (coverage, apps.get_model("sightings", "CoveredDay")):
        model.rows.filter(bytes__gt=BYTES).update(bytes=BYTES)
    for row in scan.rows.filter(errors__gt=ERRORS).only("pk"):
        told = coverage.rows.filter(scan=row.pk).values_list("errors", flat=True)
        scan.rows.filter(pk=row.pk).update(errors=sum(map(len, told)))


class Migration(migrations.Migration):
    dependencies = [("sightings", "0009_signs_on_no_list")]

    operations = [migrations.RunPython(clamp, migrations.RunPython.noop)]

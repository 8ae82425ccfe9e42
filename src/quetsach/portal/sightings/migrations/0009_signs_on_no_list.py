from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Each push looks for signs on no list that a newer version may hold, without reading all signs."""

    dependencies = [("sightings", "0008_card_in_the_line")]

    operations = [
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(
                condition=models.Q(is_listed=False),
                fields=["node", "checked_version"],
                name="sighting_unlisted",
            ),
        ),
    ]

from itertools import batched

from django.db import migrations, models

AT_ONCE = 500


def fill(apps, schema_editor):
    """Take the hardware address out of the identities that name one."""
    from quetsach.portal.sightings.intake import card_of

    rows = apps.get_model("sightings", "Sighting")._base_manager
    known = rows.filter(identity__has_key="mac").order_by("pk").values_list("pk", "identity")
    for some in batched(known.iterator(AT_ONCE), AT_ONCE):
        rows.bulk_update([rows.model(pk=pk, card=card_of(identity)) for pk, identity in some], ["card"])


class Migration(migrations.Migration):
    """A router writes its own card into the lines of all machines behind it: found by the addresses of a card."""

    dependencies = [("sightings", "0007_machines_asked_about")]

    operations = [
        migrations.AddField(
            model_name="sighting",
            name="card",
            field=models.CharField(
                help_text="the hardware address in identity's mac", max_length=17, null=True
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(
                condition=models.Q(card__isnull=False), fields=["node", "card"], name="sighting_card"
            ),
        ),
    ]

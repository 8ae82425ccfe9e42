from itertools import batched

from django.db import migrations, models

AT_ONCE = 500


def fill(apps, schema_editor):
    """Take the address out of the identities that name one."""
    from quetsach.portal.sightings.intake import nat_address

    rows = apps.get_model("sightings", "Sighting")._base_manager
    known = rows.filter(identity__has_key="nat").order_by("pk").values_list("pk", "identity")
    for some in batched(known.iterator(AT_ONCE), AT_ONCE):
        changed = [rows.model(pk=pk, nat=nat_address(identity)) for pk, identity in some]
        rows.bulk_update(changed, ["nat"])


class Migration(migrations.Migration):
    """The public self-check looks for the address that many machines share, which stood inside a text."""

    dependencies = [("sightings", "0001_tables")]

    operations = [
        migrations.AddField(
            model_name="sighting",
            name="nat",
            field=models.CharField(
                help_text="the address in identity's nat, without a port", max_length=45, null=True
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(
                condition=models.Q(nat__isnull=False), fields=["nat"], name="sighting_nat"
            ),
        ),
    ]

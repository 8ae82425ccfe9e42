from django.db import migrations, models


class Migration(migrations.Migration):
    """The lines that name a listed address and no machine are kept, so that a person can read them."""

    dependencies = [("sightings", "0002_translated_address")]

    operations = [
        migrations.AddField(
            model_name="coverage", name="unattributed", field=models.JSONField(default=list)
        ),
        migrations.AddIndex(
            model_name="coverage", index=models.Index(fields=["source"], name="coverage_source")
        ),
        migrations.AddIndex(
            model_name="coverage",
            index=models.Index(
                condition=models.Q(not_understood__gt=0), fields=["scan"], name="coverage_no_machine"
            ),
        ),
    ]

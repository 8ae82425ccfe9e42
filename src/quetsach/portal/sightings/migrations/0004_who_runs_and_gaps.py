from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows say which machine they mean and when its calls came; coverage says what is lost within it.

    Rows of before have none of these: their keys are those of rows without `who`, so they stay as they are.
    """

    dependencies = [("sightings", "0003_lines_without_a_machine")]

    operations = [
        migrations.AddField(
            model_name="coverage",
            name="gaps",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="sighting",
            name="runs",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="sighting",
            name="who",
            field=models.CharField(
                help_text="tells machines with one device apart",
                max_length=4096,
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(
                condition=models.Q(who__isnull=False),
                fields=["node", "source", "device"],
                name="sighting_named",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """The public self-check looks for the networks that hold an address."""

    dependencies = [("units", "0002_role_ended")]

    operations = [
        migrations.AddIndex(
            model_name="network", index=models.Index(fields=["cidr"], name="network_by_cidr")
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


def hang_on_the_campaign(apps, _editor):
    Letter = apps.get_model("letters", "Letter")
    for letter in Letter._base_manager.select_related("node").iterator():
        if letter.node is None:
            letter.delete()
            continue
        letter.campaign_id = letter.node.campaign_id
        letter.save(update_fields=["campaign"])


class Migration(migrations.Migration):
    # PostgreSQL alters no table of which rows were changed in the same transaction.
    atomic = False

    dependencies = [
        ("campaigns", "0003_campaign_life_and_joining"),
        ("letters", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="campaign",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="letters",
                to="campaigns.campaign",
            ),
        ),
        migrations.AddField(
            model_name="letter", name="is_order", field=models.BooleanField(default=False)
        ),
        migrations.RunPython(hang_on_the_campaign, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="letter",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="letters",
                to="campaigns.campaign",
            ),
        ),
        migrations.RemoveField(model_name="letter", name="node"),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_order", True)), fields=("campaign",), name="one_order_per_campaign"
            ),
        ),
    ]

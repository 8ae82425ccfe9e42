from django.db import migrations


def move(apps, schema_editor):
    """The claims of reports go to the one table of claims."""
    old = apps.get_model("reports", "TaxCodeClaim")
    new = apps.get_model("people", "TaxCodeClaim")
    new._base_manager.bulk_create(
        [
            new(campaign_id=c.campaign_id, code=c.code, node_id=c.node_id, in_report=True)
            for c in old._base_manager.all().iterator()
        ],
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0001_initial'),
        ('reports', '0002_figures_as_data'),
    ]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.DeleteModel(name='TaxCodeClaim'),
    ]

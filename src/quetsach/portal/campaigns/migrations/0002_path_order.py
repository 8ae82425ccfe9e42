from django.db import migrations


def order_by_bytes(apps, schema_editor):
    # Subtrees are ranges of paths: a linguistic collation would order "/" and digits by its own mind.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE campaigns_campaignnode ALTER COLUMN path TYPE varchar(400) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [migrations.RunPython(order_by_bytes, migrations.RunPython.noop)]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('checks', '0001_tables'),
    ]

    operations = [
        migrations.AddField(
            model_name='uploadcode',
            name='working_at',
            field=models.DateTimeField(help_text='the last sign of the request that holds it', null=True),
        ),
        migrations.AlterField(
            model_name='uploadcode',
            name='taken',
            field=models.PositiveIntegerField(default=0, help_text='results that came in with it; 0 as long as it is not used up'),
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0001_tables'),
        ('indicators', '0003_withdrawn_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='false_alarm_of',
            field=models.ForeignKey(help_text='set when the case was closed because this version of the list was withdrawn', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='indicators.indicatorset'),
        ),
    ]

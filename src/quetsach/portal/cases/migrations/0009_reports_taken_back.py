"""A file of reports can be taken back; names of machines stand in one index."""

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_receipt_by_annex'),
        ('cases', '0008_machines_keep_their_lead'),
        ('indicators', '0003_withdrawn_versions'),
        ('sightings', '0008_card_in_the_line'),
        ('units', '0004_ranges_with_days'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='VictimTelling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_seen', models.DateTimeField()),
                ('last_seen', models.DateTimeField()),
                ('events', models.PositiveIntegerField()),
                ('severity', models.CharField(blank=True, max_length=10)),
                ('host', models.CharField(blank=True, max_length=255)),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='victimfile',
            name='victim_file_once',
        ),
        migrations.RemoveIndex(
            model_name='device',
            name='device_by_key',
        ),
        migrations.AddField(
            model_name='victimfile',
            name='gone_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='victimfile',
            name='gone_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='victimfile',
            name='gone_why',
            field=models.TextField(blank=True),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(fields=['campaign', 'key', 'id_value', 'id'], name='device_by_key'),
        ),
        migrations.AddConstraint(
            model_name='victimfile',
            constraint=models.UniqueConstraint(condition=models.Q(('accepted_at__isnull', False), ('gone_at__isnull', True)), fields=('node', 'digest', 'kind'), name='victim_file_once'),
        ),
        migrations.AddField(
            model_name='victimtelling',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tellings', to='cases.victimfile'),
        ),
        migrations.AddField(
            model_name='victimtelling',
            name='report',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tellings', to='cases.victimreport'),
        ),
        migrations.AddConstraint(
            model_name='victimtelling',
            constraint=models.UniqueConstraint(fields=('report', 'file'), name='victim_telling_once'),
        ),
    ]

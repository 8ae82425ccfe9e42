import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("sightings", "0001_initial")]

    dependencies = [
        ('campaigns', '0001_tables'),
        ('indicators', '0001_tables'),
        ('units', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Scan',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
                ('set_id', models.CharField(max_length=64)),
                ('source_name', models.CharField(max_length=200)),
                ('tool', models.CharField(max_length=100)),
                ('tz', models.CharField(max_length=60)),
                ('sources', models.PositiveIntegerField()),
                ('errors', models.PositiveIntegerField()),
                ('door', models.CharField(choices=[('api', 'sent by a machine'), ('upload', 'uploaded')], max_length=8)),
                ('accepted_at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('indicator_set', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='indicators.indicatorset')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scans', to='campaigns.campaignnode')),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='units.apitoken')),
            ],
            options={
                'ordering': ('-accepted_at', '-pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Coverage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(blank=True, max_length=64)),
                ('path', models.TextField()),
                ('name', models.CharField(max_length=200)),
                ('bytes', models.BigIntegerField()),
                ('lines', models.BigIntegerField()),
                ('not_understood', models.BigIntegerField()),
                ('long_lines', models.BigIntegerField()),
                ('inbound', models.BigIntegerField()),
                ('first', models.DateTimeField(null=True)),
                ('last', models.DateTimeField(null=True)),
                ('time', models.CharField(max_length=12)),
                ('zone', models.CharField(max_length=60)),
                ('devices', models.JSONField(default=dict)),
                ('errors', models.JSONField(default=list)),
                ('scan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coverages', to='sightings.scan')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=64)),
                ('source', models.CharField(max_length=64)),
                ('source_name', models.CharField(max_length=200)),
                ('indicator', models.TextField()),
                ('kind', models.CharField(max_length=10)),
                ('family', models.CharField(blank=True, max_length=100)),
                ('matched', models.TextField()),
                ('field', models.CharField(max_length=12)),
                ('device', models.CharField(blank=True, max_length=255)),
                ('identity', models.JSONField(default=dict)),
                ('day', models.DateField(null=True)),
                ('first_seen', models.DateTimeField(null=True)),
                ('last_seen', models.DateTimeField(null=True)),
                ('count', models.BigIntegerField()),
                ('action', models.CharField(max_length=8)),
                ('logformat', models.CharField(max_length=60)),
                ('evidence', models.TextField()),
                ('set_id', models.CharField(max_length=64)),
                ('is_listed', models.BooleanField()),
                ('checked_version', models.PositiveIntegerField(default=0, help_text='of the list it was last looked up in')),
                ('is_pulled', models.BooleanField(default=False)),
                ('received_at', models.DateTimeField()),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sightings', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-last_seen', '-pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='scan',
            constraint=models.UniqueConstraint(fields=('node', 'digest'), name='scan_once'),
        ),
        migrations.AddIndex(
            model_name='sighting',
            index=models.Index(condition=models.Q(('is_pulled', False)), fields=['id'], name='sighting_waiting'),
        ),
        migrations.AddIndex(
            model_name='sighting',
            index=models.Index(fields=['node', '-last_seen'], name='sighting_latest'),
        ),
        migrations.AddIndex(
            model_name='sighting',
            index=models.Index(fields=['device'], name='sighting_device'),
        ),
        migrations.AddConstraint(
            model_name='sighting',
            constraint=models.UniqueConstraint(fields=('node', 'key'), name='sighting_once'),
        ),
        migrations.AddConstraint(
            model_name='sighting',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='sighting_counts_lines'),
        ),
    ]

import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("indicators", "0001_initial"), ("indicators", "0002_hashes")]

    dependencies = [
        ('campaigns', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IndicatorSet',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published')], default='draft', max_length=10)),
                ('version', models.PositiveIntegerField(null=True)),
                ('set_id', models.CharField(db_index=True, max_length=64)),
                ('sha256', models.CharField(help_text='of the stored list', max_length=64)),
                ('count', models.PositiveIntegerField()),
                ('kinds', models.JSONField(default=dict, help_text='kind to count')),
                ('families', models.JSONField(default=list, help_text='the most frequent: [family, count]')),
                ('files', models.JSONField(default=list, help_text='as uploaded: name, bytes')),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('stopped', models.PositiveIntegerField(default=0)),
                ('warned', models.PositiveIntegerField(default=0)),
                ('notes', models.CharField(blank=True, help_text='SHA-256 of the CSV that tells each of them', max_length=64)),
                ('hashes', models.CharField(blank=True, help_text='SHA-256 of the stored hashes of files; empty without any', max_length=64)),
                ('hash_count', models.PositiveIntegerField(default=0)),
                ('forms', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='indicator_sets', to='campaigns.campaign')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-version',),
                'default_manager_name': 'rows',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'version'), name='set_version_once')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
    ]

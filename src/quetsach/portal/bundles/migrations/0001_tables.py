import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("bundles", "0001_initial")]

    dependencies = [
        ('campaigns', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Bundle',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('state', models.CharField(choices=[('making', 'being made'), ('done', 'ready'), ('stopped', 'stopped')], default='making', max_length=7)),
                ('trouble', models.CharField(blank=True, choices=[('disk', 'the portal\'s disk is full')], max_length=10)),
                ('held_until', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('size', models.BigIntegerField(default=0, help_text='bytes of the ZIP')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bundles', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-at',),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BundlePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('paper', models.CharField(choices=[('report', 'report on all units below'), ('annex', 'annex')], max_length=6)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('fault', models.CharField(blank=True, max_length=300)),
                ('bundle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='bundles.bundle')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('number',),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='bundle',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'making')), fields=('node',), name='one_bundle_in_the_making'),
        ),
        migrations.AddConstraint(
            model_name='bundlepart',
            constraint=models.UniqueConstraint(fields=('bundle', 'number'), name='bundle_part_once'),
        ),
    ]

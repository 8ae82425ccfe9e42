import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("cases", "0001_initial")]

    dependencies = [
        ('campaigns', '0001_tables'),
        ('sightings', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('family', models.CharField(blank=True, max_length=100)),
                ('episode', models.PositiveSmallIntegerField(default=1)),
                ('is_current', models.BooleanField(default=True)),
                ('state', models.CharField(choices=[('new', 'new'), ('assigned', 'assigned'), ('cleaning', 'being cleaned'), ('claimed_clean', 'handled, not yet checked again'), ('rechecked', 'handled, checked again without a sign'), ('verified_clean', 'verified clean'), ('false_positive', 'false alarm')], max_length=16)),
                ('opened_at', models.DateTimeField()),
                ('first_seen', models.DateTimeField(null=True)),
                ('last_seen', models.DateTimeField(null=True)),
                ('count', models.BigIntegerField(default=0, help_text='log lines with a sign')),
                ('relapses', models.PositiveSmallIntegerField(default=0)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('verified_at', models.DateTimeField(null=True)),
                ('quiet_until', models.DateTimeField(help_text='event time up to which silence is proven or confirmed', null=True)),
                ('confirmed_by', models.ForeignKey(help_text='set when a person, not a log, said that it is clean', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-last_seen', '-pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CaseEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('act', models.CharField(max_length=12)),
                ('from_state', models.CharField(blank=True, max_length=16)),
                ('to_state', models.CharField(max_length=16)),
                ('reason', models.TextField(blank=True)),
                ('data', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='cases.case')),
                ('coverage', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sightings.coverage')),
            ],
            options={
                'ordering': ('at', 'pk'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CaseSighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='cases.case')),
                ('sighting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sightings.sighting')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='case',
            name='sightings',
            field=models.ManyToManyField(related_name='+', through='cases.CaseSighting', to='sightings.sighting'),
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=255)),
                ('identity', models.JSONField(default=dict, help_text='host, mac, user, nat as last seen')),
                ('is_assigned', models.BooleanField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to='campaigns.campaign')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='case',
            name='device',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='cases.device'),
        ),
        migrations.CreateModel(
            name='Alias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='cases.device')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='casesighting',
            constraint=models.UniqueConstraint(fields=('case', 'sighting'), name='evidence_once'),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(fields=['campaign', 'key'], name='device_by_key'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(fields=('owner', 'key'), name='device_once_per_owner'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['state', '-last_seen'], name='case_by_state'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(fields=('device', 'family', 'episode'), name='episode_once'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('device', 'family'), name='one_current_episode'),
        ),
        migrations.AddConstraint(
            model_name='alias',
            constraint=models.UniqueConstraint(fields=('reporter', 'key'), name='alias_once_per_reporter'),
        ),
    ]

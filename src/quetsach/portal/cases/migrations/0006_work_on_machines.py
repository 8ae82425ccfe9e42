"""Flags, clocks and false alarms. Clocks of open cases begin on the day of this migration."""

import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


def _begin_clocks(apps, schema_editor):
    from django.utils import timezone

    case, event = apps.get_model("cases", "Case"), apps.get_model("cases", "CaseEvent")
    opened = case.rows.filter(state__in=("new", "assigned", "cleaning"))
    opened.update(clock_at=timezone.now())
    started = event.rows.filter(act="start", case__state="cleaning").order_by("at", "pk")
    for pk, at in started.values_list("case", "at").iterator(chunk_size=2000):
        case.rows.filter(pk=pk).update(acknowledged_at=at, located_at=at)
    claims = event.rows.filter(act="claim", case__claimed_at__isnull=False).order_by("at", "pk")
    for pk, at, data in claims.values_list("case", "at", "data").iterator(chunk_size=2000):
        done = str(data.get("done", ""))[:10]
        case.rows.filter(pk=pk).update(done=done, acknowledged_at=at, located_at=at)


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_receipt_by_annex'),
        ('cases', '0005_machines_by_identity'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='acknowledged_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='aside_until',
            field=models.DateTimeField(help_text='not on the work list until then', null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='clock_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='dismissed_at',
            field=models.DateTimeField(help_text='when people called it a false alarm', null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='done',
            field=models.CharField(blank=True, help_text='how it was handled, by the present claim', max_length=10),
        ),
        migrations.AddField(
            model_name='case',
            name='located_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='tries',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='case',
            name='unreachable_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='device',
            name='isolated_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='device',
            name='released_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='CaseTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('acknowledge', models.PositiveSmallIntegerField(default=2)),
                ('locate', models.PositiveSmallIntegerField(default=5)),
                ('claim', models.PositiveSmallIntegerField(default=10)),
                ('verify', models.PositiveSmallIntegerField(default=14)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='case_terms', to='campaigns.campaign')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='FalseAlarm',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('scope_of', models.CharField(choices=[('case', 'this case'), ('machine', 'these addresses on this machine'), ('everywhere', 'these addresses on all machines')], max_length=10)),
                ('indicators', models.JSONField(default=list)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('batch', models.CharField(blank=True, max_length=32)),
                ('is_agreed', models.BooleanField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_why', models.TextField(blank=True)),
                ('ended_at', models.DateTimeField(help_text='taken back', null=True)),
                ('ended_why', models.TextField(blank=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='false_alarms', to='cases.case')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'default_manager_name': 'rows',
                'indexes': [models.Index(condition=models.Q(('decided_at', None), ('ended_at', None)), fields=['decider'], name='false_alarm_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None), ('ended_at', None)), fields=('case',), name='one_waiting_false_alarm')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunPython(_begin_clocks, migrations.RunPython.noop),
    ]

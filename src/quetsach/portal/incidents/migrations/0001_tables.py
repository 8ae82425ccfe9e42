import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('campaigns', '0003_receipt_by_annex'),
        ('cases', '0004_victims_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('opened_at', models.DateTimeField(help_text='when the earliest case was opened')),
                ('detected_at', models.DateTimeField(help_text='an earlier moment, as a person said', null=True)),
                ('detected_why', models.TextField(blank=True)),
                ('severity', models.CharField(blank=True, choices=[('', 'not decided yet'), ('serious', 'serious'), ('lesser', 'not serious')], default='', max_length=8)),
                ('severity_why', models.TextField(blank=True)),
                ('severity_at', models.DateTimeField(null=True)),
                ('personal_data', models.CharField(blank=True, choices=[('', 'not known yet'), ('yes', 'yes'), ('no', 'no')], default='', max_length=3)),
                ('personal_data_why', models.TextField(blank=True)),
                ('personal_data_at', models.DateTimeField(null=True)),
                ('texts', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('cases', models.ManyToManyField(related_name='incidents', to='cases.case')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('detected_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='campaigns.campaignnode')),
                ('personal_data_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('severity_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-opened_at', '-pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='IncidentNotice',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('notice', 'Notice within 24 hours'), ('report', 'Report within 72 hours'), ('update', 'Update'), ('final', 'Final report'), ('personal', 'Notice about personal data, within 72 hours')], max_length=8)),
                ('number', models.PositiveSmallIntegerField()),
                ('version', models.PositiveIntegerField(help_text='of the incident, when it was frozen')),
                ('due_at', models.DateTimeField(null=True)),
                ('pdf', models.CharField(help_text='SHA-256 of the file', max_length=64)),
                ('docx', models.CharField(help_text='SHA-256 of the file', max_length=64)),
                ('frozen_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('sent_to', models.CharField(blank=True, max_length=300)),
                ('reference', models.CharField(blank=True, help_text='number and symbol of the office', max_length=100)),
                ('recorded_at', models.DateTimeField(null=True)),
                ('dropped_at', models.DateTimeField(null=True)),
                ('dropped_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('frozen_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='incidents.incident')),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('frozen_at', 'pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['node'], name='incident_open'),
        ),
        migrations.AddConstraint(
            model_name='incidentnotice',
            constraint=models.UniqueConstraint(fields=('incident', 'kind', 'number'), name='incident_paper_once'),
        ),
        migrations.AddConstraint(
            model_name='incidentnotice',
            constraint=models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('dropped_at__isnull', True), _connector='OR'), name='sent_paper_is_not_dropped'),
        ),
    ]

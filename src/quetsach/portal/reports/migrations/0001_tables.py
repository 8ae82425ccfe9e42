import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ("reports", "0001_initial"),
        ("reports", "0002_figures_as_data"),
        ("reports", "0003_tax_codes_in_people"),
    ]

    dependencies = [
        ('campaigns', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FormVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40, unique=True)),
                ('definition', models.JSONField()),
                ('based_on', models.CharField(blank=True, max_length=40)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at',),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('in_review', 'with the head of the unit'), ('submitted', 'waiting for review'), ('returned', 'returned'), ('accepted', 'accepted'), ('amend_asked', 'amendment asked for')], db_index=True, default='draft', max_length=12)),
                ('version', models.PositiveIntegerField(default=0)),
                ('draft', models.JSONField(default=dict, help_text='the fields of the form, as typed')),
                ('draft_at', models.DateTimeField(null=True)),
                ('draft_key', models.UUIDField(help_text='one-time id of the open form that saved last', null=True)),
                ('draft_file', models.JSONField(default=dict, help_text='name and sha256 of the file it was read from')),
                ('is_on_time', models.BooleanField(help_text='whether the revision accepted first was handed in before the deadline', null=True)),
                ('draft_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='report', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ReportPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('head_review', models.BooleanField(default=False)),
                ('grace_until', models.DateTimeField(blank=True, null=True)),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='report_policy', to='campaigns.campaign')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('form', models.CharField(help_text='version of the annex form and its rules', max_length=40)),
                ('own', models.JSONField(default=dict, help_text='row key: count, as reported')),
                ('adjust', models.JSONField(default=dict, help_text='row key: count added or taken away')),
                ('adjust_reason', models.TextField(blank=True)),
                ('counts', models.JSONField(default=dict, help_text='row key: own and adjustment, what sums add')),
                ('notes', models.JSONField(default=dict, help_text='row key: note')),
                ('narrative', models.TextField(blank=True)),
                ('proposals', models.TextField(blank=True)),
                ('external', models.JSONField(default=list, help_text='names of units without an account')),
                ('known', models.JSONField(default=dict, help_text='what the portal knew of each row at that moment')),
                ('warnings', models.JSONField(default=list, help_text='rule, row, text by language, and how it was answered: note or tick')),
                ('totals', models.JSONField(default=dict, help_text='children and total as they stood, and who was missing')),
                ('at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(help_text='when it reached the superior', null=True)),
                ('due_at', models.DateTimeField(help_text='the deadline that held then', null=True)),
                ('on_behalf', models.BooleanField(default=False, help_text="typed by a coordinator off the unit's own file")),
                ('source', models.JSONField(default=dict, help_text='name and sha256 of the file it was read from')),
                ('paper', models.JSONField(default=dict, help_text='row key: total written on the paper, as evidence')),
                ('client_uuid', models.UUIDField(unique=True)),
                ('sha256', models.CharField(max_length=64)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('based_on', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reports.revision')),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='reports.report')),
            ],
            options={
                'ordering': ('number',),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ReportEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('review', 'given to the head of the unit'), ('submit', 'submitted'), ('withdraw', 'withdrawn'), ('return', 'returned for correction'), ('accept', 'accepted'), ('ask', 'amendment asked for'), ('decline', 'amendment declined'), ('amend', 'opened for amendment'), ('sign', 'recorded as signed')], max_length=10)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='reports.report')),
                ('revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='reports.revision')),
            ],
            options={
                'ordering': ('at', 'pk'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ReportComponent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counts', models.JSONField(default=dict, help_text='row key: count of the whole branch')),
                ('missing', models.PositiveIntegerField(help_text='units of the branch without an accepted report')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaignnode')),
                ('node_revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reports.revision')),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='components', to='reports.revision')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='report',
            name='accepted',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reports.revision'),
        ),
        migrations.AddField(
            model_name='report',
            name='current',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reports.revision'),
        ),
        migrations.CreateModel(
            name='Signing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('document', models.CharField(blank=True, help_text='number and date, as issued', max_length=120)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('revision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signing', to='reports.revision')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UnlockGrant',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('with_below', models.BooleanField(default=False)),
                ('until', models.DateTimeField()),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unlock_grants', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-at',),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.UniqueConstraint(fields=('report', 'number'), name='revision_number_once'),
        ),
        migrations.AddConstraint(
            model_name='reportcomponent',
            constraint=models.UniqueConstraint(fields=('revision', 'node'), name='component_once'),
        ),
    ]

import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.campaigns.models
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


def order_by_bytes(apps, schema_editor):
    # Subtrees are ranges of paths: a linguistic collation would order "/" and digits by its own mind.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE campaigns_campaignnode ALTER COLUMN path TYPE varchar(400) COLLATE "C"')


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0002_path_order"),
        ("campaigns", "0003_campaign_life_and_joining"),
        ("campaigns", "0004_staff_codes"),
    ]

    dependencies = [
        ('units', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('title', models.CharField(max_length=300, verbose_name='title')),
                ('summary', models.TextField(blank=True, verbose_name='in one sentence')),
                ('letter', models.JSONField(default=dict, help_text='number, symbol, place, date, subject, recipients, body paragraphs, signature, cc')),
                ('contact', models.JSONField(default=dict, help_text='name, phone')),
                ('due_at', models.DateTimeField(help_text='first moment that is late', verbose_name='deadline')),
                ('due_rule', models.CharField(choices=[('before', 'before the day (the day before is the last)'), ('by_end_of', 'by the end of the day')], default='by_end_of', max_length=10)),
                ('due_text', models.CharField(blank=True, help_text='as the letter puts it', max_length=60)),
                ('choice', models.JSONField(default=dict, help_text='which units take part, by kind and by unit; see selection.Choice')),
                ('days_off', models.JSONField(default=dict, help_text='ISO date: true for a day off, false for a day worked, beyond the calendar')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('published', 'Running'), ('closed', 'Closed'), ('archived', 'Archived')], default='draft', max_length=10)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('form', models.CharField(default='annex-2022', help_text='version of the annex form and its rules', max_length=40)),
                ('count_self', models.BooleanField(default=False, help_text='rows 1 and 3 count the reporting unit itself')),
                ('unique_codes', models.BooleanField(default=False, help_text='no staff code is given twice in the whole administration')),
                ('quiet_days', models.PositiveSmallIntegerField(default=14, help_text='days without a hit that prove a machine clean')),
                ('check_days', models.PositiveSmallIntegerField(default=14, help_text='how far back the public self-check looks')),
                ('is_demo', models.BooleanField(default=False)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('issuer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='units.unit')),
                ('published_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-published_at', '-created_at'),
            },
            bases=(quetsach.portal.campaigns.models.HasDeadline, models.Model),
        ),
        migrations.CreateModel(
            name='CampaignNode',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('path', models.CharField(db_index=True, max_length=400)),
                ('depth', models.PositiveSmallIntegerField(default=0)),
                ('position', models.PositiveIntegerField(default=0, help_text='order among siblings')),
                ('name', models.CharField(max_length=200)),
                ('code', models.CharField(blank=True, max_length=20)),
                ('kind', models.CharField(choices=[('ubnd_province', "Provincial People's Committee"), ('so', 'Provincial department'), ('ubnd_district', "District People's Committee"), ('phong', 'District office'), ('ubnd_commune', "Commune People's Committee"), ('school', 'School'), ('clinic', 'Health station'), ('enterprise', 'Enterprise'), ('other', 'Other unit')], max_length=20)),
                ('doc_abbr', models.CharField(blank=True, max_length=30)),
                ('staff_count', models.PositiveIntegerField(null=True)),
                ('due_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('active', 'takes part'), ('merged', 'merged into another unit'), ('void', 'takes no part any more')], default='active', max_length=6)),
                ('expected', models.BooleanField(default=True, help_text='whether a report of its own is expected')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='nodes', to='campaigns.campaign')),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='campaigns.campaignnode')),
                ('successor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_nodes', to='campaigns.campaignnode')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nodes', to='units.unit')),
            ],
            options={
                'ordering': ('depth', 'position', 'name'),
                'default_manager_name': 'rows',
            },
            bases=(quetsach.portal.campaigns.models.HasDeadline, models.Model),
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Acknowledgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='acknowledgement', to='campaigns.campaignnode')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Dispatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('returned_at', models.DateTimeField(blank=True, null=True)),
                ('return_reason', models.CharField(blank=True, max_length=500)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('from_node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dispatches', to='campaigns.campaignnode')),
                ('to_node', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='dispatch', to='campaigns.campaignnode')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Headcount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('informed', 'informed'), ('done', 'done')], max_length=8)),
                ('count', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='headcounts', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-at', '-pk'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='JoinCode',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('issued_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='join_codes', to='campaigns.campaignnode')),
                ('used_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-issued_at',),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='KeyedAct',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('acknowledge', 'received the letter'), ('deploy', 'carried the campaign out'), ('count_people', 'number of people')], max_length=12)),
                ('channel', models.CharField(choices=[('paper', 'on paper'), ('phone', 'by phone or message'), ('visit', 'seen on the spot')], max_length=5)),
                ('happened_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=500)),
                ('file', models.CharField(blank=True, help_text='path below MEDIA_ROOT', max_length=100)),
                ('file_name', models.CharField(blank=True, help_text='as the person named it', max_length=200)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keyed_acts', to='campaigns.campaignnode')),
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
            name='Participation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='participation', to='campaigns.campaignnode')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ReminderRule',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('offset', models.SmallIntegerField(help_text='working days; 0 is the last day in time')),
                ('audience', models.CharField(help_text='a key of audiences.AUDIENCES', max_length=20)),
                ('channel', models.CharField(choices=[('by_hand', 'a message to send by hand'), ('email', 'e-mail, by hand where there is no address')], default='by_hand', max_length=7)),
                ('text', models.CharField(blank=True, help_text="own words; empty takes the portal's", max_length=400)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reminder_rules', to='campaigns.campaign')),
            ],
            options={
                'ordering': ('offset', 'pk'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('local_date', models.DateField()),
                ('audience', models.CharField(max_length=20)),
                ('text', models.CharField(blank=True, max_length=400)),
                ('channel', models.CharField(choices=[('by_hand', 'a message to send by hand'), ('email', 'e-mail, by hand where there is no address')], max_length=7)),
                ('claimed_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='campaigns.campaignnode')),
                ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reminders', to='campaigns.reminderrule')),
            ],
            options={
                'ordering': ('local_date', 'pk'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='campaignnode',
            constraint=models.UniqueConstraint(fields=('campaign', 'unit'), name='unit_once_per_campaign'),
        ),
        migrations.AddConstraint(
            model_name='campaignnode',
            constraint=models.UniqueConstraint(fields=('campaign', 'path'), name='path_once_per_campaign'),
        ),
        migrations.AddConstraint(
            model_name='joincode',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at', None), ('used_at', None)), fields=('node',), name='one_live_join_code_per_node'),
        ),
        migrations.AddConstraint(
            model_name='reminderrule',
            constraint=models.UniqueConstraint(fields=('campaign', 'offset', 'audience'), name='reminder_rule_once_per_campaign'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('node', 'local_date'), name='one_reminder_per_node_and_day'),
        ),
        migrations.RunPython(order_by_bytes, migrations.RunPython.noop),
    ]

import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("people", "0001_initial"), ("people", "0002_sheet_removed")]

    dependencies = [
        ('campaigns', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BodyChange',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('act', models.CharField(max_length=20)),
                ('before', models.JSONField(help_text='body id: its fields before; null where it was not there')),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='BodyDraft',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('text', models.TextField(help_text="as pasted; a workbook's cells with tabs")),
                ('source', models.CharField(blank=True, help_text='name of the file', max_length=200)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Mark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person_key', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('informed', 'informed'), ('done', 'done')], max_length=8)),
                ('at', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='marks', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='MarkLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('informed', 'informed'), ('done', 'done')], max_length=8)),
                ('token', models.CharField(max_length=20, unique=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('headcount', models.OneToOneField(help_text='the running count', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.headcount')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mark_links', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SecondMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('mark', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seconds', to='people.mark')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SignSheet',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('informed', models.PositiveIntegerField()),
                ('done', models.PositiveIntegerField()),
                ('file', models.CharField(help_text='path below MEDIA_ROOT', max_length=100)),
                ('file_name', models.CharField(help_text='as the person named it', max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_sheets', to='campaigns.campaignnode')),
                ('removed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
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
            name='TaxCodeClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=14)),
                ('in_report', models.BooleanField(default=False, help_text="named in the text of the node's report")),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaignnode')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Body',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('tax_code', models.CharField(blank=True, max_length=14, verbose_name='tax code')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('key', models.CharField(help_text='name and address, folded', max_length=500)),
                ('search_key', models.CharField(max_length=600)),
                ('channel', models.CharField(blank=True, choices=[('loudspeaker', 'public loudspeaker'), ('letter', 'letter'), ('zalo', 'Zalo'), ('visit', 'visit'), ('phone', 'phone'), ('email', 'e-mail'), ('meeting', 'meeting'), ('other', 'another way')], max_length=12, verbose_name='channel')),
                ('informed_on', models.DateField(blank=True, null=True, verbose_name='informed on')),
                ('persons_informed', models.PositiveIntegerField(default=0, verbose_name='persons informed')),
                ('deployed_on', models.DateField(blank=True, null=True, verbose_name='carried out on')),
                ('persons_done', models.PositiveIntegerField(default=0, verbose_name='persons done')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bodies', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('search_key', 'pk'),
                'default_manager_name': 'rows',
                'indexes': [models.Index(fields=['node', 'search_key'], name='people_body_node_id_28d290_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('tax_code', ''), _negated=True), fields=('campaign', 'tax_code'), name='body_once_per_campaign')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.UniqueConstraint(fields=('campaign', 'person_key', 'kind'), name='one_mark_per_person'),
        ),
        migrations.AddConstraint(
            model_name='marklink',
            constraint=models.UniqueConstraint(fields=('node', 'kind'), name='mark_link_once_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='secondmark',
            constraint=models.UniqueConstraint(fields=('mark', 'node'), name='second_mark_told_once'),
        ),
        migrations.AddConstraint(
            model_name='taxcodeclaim',
            constraint=models.UniqueConstraint(fields=('campaign', 'code'), name='claim_once_per_campaign'),
        ),
    ]

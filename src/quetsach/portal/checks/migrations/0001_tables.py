import django.core.validators
import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("checks", "0001_initial"), ("checks", "0002_detection_files")]

    dependencies = [
        ('campaigns', '0001_tables'),
        ('cases', '0001_tables'),
        ('indicators', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='KeyPair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('signing', 'signs packs'), ('sealing', 'opens results')], max_length=8)),
                ('public', models.CharField(max_length=64, unique=True)),
                ('locked', models.BinaryField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('retired_at', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='key_pairs', to='campaigns.campaign')),
                ('node', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='key_pairs', to='campaigns.campaignnode')),
            ],
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Pack',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField()),
                ('pack_id', models.CharField(max_length=32, unique=True)),
                ('result_public', models.CharField(max_length=64)),
                ('contents', models.CharField(blank=True, help_text='names the hashes and rules in it (`detections.Contents`)', max_length=64)),
                ('hash_count', models.PositiveIntegerField(default=0)),
                ('rule_count', models.PositiveIntegerField(default=0)),
                ('profile', models.JSONField(default=dict)),
                ('sha256', models.CharField(help_text='of the pack as it is downloaded', max_length=64)),
                ('bytes', models.PositiveIntegerField()),
                ('shelved', models.CharField(help_text='SHA-256 of the locked file on the shelf', max_length=64)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('lost_at', models.DateTimeField(help_text='since then its results are refused', null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='packs', to='campaigns.campaign')),
                ('indicator_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='indicators.indicatorset')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='packs', to='campaigns.campaignnode')),
                ('signed_with', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='checks.keypair')),
            ],
            options={
                'ordering': ('-version',),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Replacement',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('product', models.CharField(choices=[('windows_office', 'Windows or Office'), ('windows', 'Windows'), ('office', 'Microsoft Office'), ('adobe', 'Adobe'), ('autodesk', 'Autodesk (AutoCAD)'), ('cad', 'other drawing software'), ('idm', 'Internet Download Manager'), ('jetbrains', 'JetBrains'), ('winrar', 'WinRAR'), ('accounting', 'accounting software'), ('other', 'other software')], max_length=30)),
                ('name', models.CharField(max_length=100)),
                ('terms', models.CharField(choices=[('free', 'free, also for offices'), ('paid', 'to be bought'), ('shared', 'provided by the administration')], max_length=8)),
                ('link', models.CharField(blank=True, max_length=300, validators=[django.core.validators.URLValidator(schemes=['https'])])),
                ('note', models.CharField(blank=True, max_length=300)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replacements', to='campaigns.campaign')),
            ],
            options={
                'ordering': ('product', 'name'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UnitPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('computers', models.PositiveIntegerField(null=True)),
                ('replace_by', models.DateField(null=True)),
                ('kms_hosts', models.JSONField(default=list, help_text='its own activation servers')),
                ('volume_agreement', models.BooleanField(null=True)),
                ('at', models.DateTimeField(auto_now=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='plan', to='campaigns.campaignnode')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UploadCode',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('hint', models.CharField(help_text='the last characters, to tell codes apart', max_length=4)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('taken', models.PositiveIntegerField(default=0, help_text='results that came in with it')),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='upload_codes', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('-created_at',),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CheckResult',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
                ('machine', models.CharField(max_length=255)),
                ('system', models.CharField(max_length=40)),
                ('tool', models.CharField(max_length=60)),
                ('is_running', models.BooleanField()),
                ('is_full', models.BooleanField()),
                ('is_sealed', models.BooleanField(default=False)),
                ('machine_id', models.CharField(blank=True, help_text='of a sealed result', max_length=32)),
                ('is_latest', models.BooleanField(default=False)),
                ('started', models.DateTimeField()),
                ('finished', models.DateTimeField()),
                ('verdict', models.CharField(choices=[('found', 'signs found'), ('check', 'to be looked at'), ('traces', 'traces'), ('clean', 'no sign seen'), ('unknown', 'not enough seen')], max_length=8)),
                ('set_id', models.CharField(blank=True, max_length=64)),
                ('people', models.PositiveSmallIntegerField(help_text='who use the machine, as a number only', null=True)),
                ('unseen', models.JSONField(default=list)),
                ('probes', models.JSONField(default=list)),
                ('findings', models.JSONField(default=list)),
                ('software', models.JSONField(default=list, help_text='products with technical tampering')),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='cases.device')),
                ('indicator_set', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='indicators.indicatorset')),
                ('pack', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='results', to='checks.pack')),
                ('code', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='checks.uploadcode')),
            ],
            options={
                'ordering': ('-finished', '-pk'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='CrackedCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product', models.CharField(choices=[('windows_office', 'Windows or Office'), ('windows', 'Windows'), ('office', 'Microsoft Office'), ('adobe', 'Adobe'), ('autodesk', 'Autodesk (AutoCAD)'), ('cad', 'other drawing software'), ('idm', 'Internet Download Manager'), ('jetbrains', 'JetBrains'), ('winrar', 'WinRAR'), ('accounting', 'accounting software'), ('other', 'other software')], max_length=30)),
                ('found_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cracked', to='cases.device')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('device', 'product'), name='copy_once_per_device')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='DetectionFile',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('hashes', 'hashes of files'), ('rules', 'YARA rules')], max_length=6)),
                ('name', models.CharField(help_text='of the file as it was brought', max_length=200)),
                ('source', models.CharField(help_text='where it comes from', max_length=200)),
                ('sha256', models.CharField(help_text='of the stored content', max_length=64)),
                ('count', models.PositiveIntegerField(help_text='hashes, or rules')),
                ('left_out', models.PositiveIntegerField(default=0, help_text="lines that are no hash, or a harmless one's")),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('removed_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, help_text='why it was taken out', max_length=300)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='detection_files', to='campaigns.campaign')),
                ('removed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'default_manager_name': 'rows',
                'constraints': [models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('campaign', 'sha256'), name='detection_file_once')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='keypair',
            constraint=models.UniqueConstraint(condition=models.Q(('node', None), ('retired_at', None)), fields=('campaign', 'kind'), name='one_campaign_key'),
        ),
        migrations.AddConstraint(
            model_name='keypair',
            constraint=models.UniqueConstraint(condition=models.Q(('node__isnull', False), ('retired_at', None)), fields=('campaign', 'node', 'kind'), name='one_unit_key'),
        ),
        migrations.AddConstraint(
            model_name='pack',
            constraint=models.UniqueConstraint(fields=('node', 'version'), name='pack_version_once'),
        ),
        migrations.AddConstraint(
            model_name='replacement',
            constraint=models.UniqueConstraint(fields=('campaign', 'product', 'name'), name='replacement_once'),
        ),
        migrations.AddIndex(
            model_name='checkresult',
            index=models.Index(fields=['campaign', 'is_latest'], name='latest_checks'),
        ),
        migrations.AddConstraint(
            model_name='checkresult',
            constraint=models.UniqueConstraint(fields=('campaign', 'digest'), name='result_once'),
        ),
        migrations.AddConstraint(
            model_name='checkresult',
            constraint=models.UniqueConstraint(condition=models.Q(('is_latest', True)), fields=('device',), name='one_latest_check'),
        ),
    ]

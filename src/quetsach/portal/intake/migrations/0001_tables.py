import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.intake.models
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("intake", "0001_first")]

    dependencies = [
        ('campaigns', '0001_tables'),
        ('reports', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReceivedFile',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(help_text='its path, inside an archive too', max_length=300)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveBigIntegerField()),
                ('content', models.FileField(max_length=200, upload_to=quetsach.portal.intake.models._kept_at)),
                ('problem', models.CharField(blank=True, max_length=40)),
                ('facts', models.JSONField(default=dict, help_text='what fills the sentence of the problem')),
                ('at', models.DateTimeField()),
                ('is_set_aside', models.BooleanField(default=False)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='received_files', to='campaigns.campaignnode')),
            ],
            options={
                'ordering': ('at', 'name'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ReceivedAnnex',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('part', models.PositiveIntegerField(default=1)),
                ('reading', models.JSONField(help_text='the reading as quetsach.annexes.collecting.stored writes it')),
                ('corrections', models.JSONField(default=list, help_text='who changed which field from what to what, when')),
                ('state', models.CharField(choices=[('open', 'waiting'), ('taken', 'taken'), ('set_aside', 'set aside')], db_index=True, default='open', max_length=10)),
                ('version', models.PositiveIntegerField(default=0)),
                ('at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaignnode')),
                ('revision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reports.revision')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annexes', to='intake.receivedfile')),
            ],
            options={
                'ordering': ('file__at', 'file__name', 'part'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='receivedfile',
            constraint=models.UniqueConstraint(fields=('node', 'sha256'), name='received_file_once_per_node'),
        ),
        migrations.AddConstraint(
            model_name='receivedannex',
            constraint=models.UniqueConstraint(fields=('file', 'part'), name='received_annex_part_once'),
        ),
    ]

import django.core.validators
import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("tools", "0001_initial"), ("tools", "0002_put_back")]

    dependencies = [
        ('campaigns', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Stick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=40, unique=True)),
                ('file_name', models.CharField(max_length=120)),
                ('sha256', models.CharField(max_length=64)),
                ('bytes', models.PositiveIntegerField()),
                ('signed_by', models.CharField(help_text='fingerprint of the key that signed its files', max_length=29)),
                ('is_test_build', models.BooleanField()),
                ('published_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('-published_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='RemovalTool',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('family', models.CharField(max_length=100, verbose_name='Malware')),
                ('name', models.CharField(max_length=100, verbose_name='Tool')),
                ('vendor', models.CharField(max_length=100, verbose_name='Maker')),
                ('version', models.CharField(max_length=40, verbose_name='Version')),
                ('sha256', models.CharField(help_text='As the maker publishes it; from another source than the file.', max_length=64, validators=[django.core.validators.RegexValidator('^[0-9a-f]{64}$', '64 characters 0-9 and a-f.')], verbose_name='SHA-256')),
                ('link', models.CharField(blank=True, help_text="The maker's own page, beginning with https://", max_length=300, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='Web address')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='Note')),
                ('file_name', models.CharField(blank=True, max_length=120)),
                ('bytes', models.PositiveIntegerField(default=0)),
                ('at', models.DateTimeField(auto_now=True)),
                ('removed_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='removal_tools', to='campaigns.campaign')),
                ('removed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('family', 'name'),
                'default_manager_name': 'rows',
                'constraints': [models.UniqueConstraint(fields=('campaign', 'family', 'name'), name='removal_tool_once')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
    ]

import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [("letters", "0001_initial"), ("letters", "0002_letters_of_drafts")]

    dependencies = [
        ('campaigns', '0001_tables'),
        ('units', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('is_order', models.BooleanField(default=False)),
                ('fields', models.JSONField()),
                ('state', models.CharField(choices=[('draft', 'draft'), ('issued', 'issued')], default='draft', max_length=8)),
                ('version', models.PositiveIntegerField(default=1)),
                ('number', models.PositiveIntegerField(null=True)),
                ('symbol', models.CharField(max_length=200)),
                ('issued_on', models.DateField(null=True)),
                ('signed_sha256', models.CharField(blank=True, max_length=64)),
                ('signed_name', models.CharField(blank=True, max_length=200)),
                ('signatures', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('changed_at', models.DateTimeField()),
                ('issued_at', models.DateTimeField(null=True)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='campaigns.campaign')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='units.unit')),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
                'default_manager_name': 'rows',
                'constraints': [models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('issued_at__isnull', False), ('issued_on__isnull', False), ('number__isnull', False)), _connector='OR'), name='issued_letter_has_number_and_date'), models.UniqueConstraint(condition=models.Q(('is_order', True)), fields=('campaign',), name='one_order_per_campaign')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
    ]

import django.core.validators
import django.db.models.deletion
import django.db.models.manager
import quetsach.portal.kit.ids
import quetsach.portal.units.networks
from django.conf import settings
from django.db import migrations, models


def order_by_bytes(apps, schema_editor):
    # Subtrees are ranges of paths: a linguistic collation would order "/" and digits by its own mind.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE units_unit ALTER COLUMN path TYPE varchar(400) COLLATE "C"')


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ("units", "0001_initial"),
        ("units", "0002_path_order"),
        ("units", "0003_registry"),
        ("units", "0004_membership_terms"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReorgEvent',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('found', 'founded'), ('rename', 'renamed'), ('move', 'moved'), ('merge', 'merged'), ('split', 'split'), ('abolish', 'abolished'), ('abolish_level', 'level abolished')], max_length=14)),
                ('effective_on', models.DateField(help_text='the first day on which the new state holds')),
                ('legal_basis', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('can_be_undone', models.BooleanField(default=True, help_text='false for what was written in bulk')),
                ('undone_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('effective_on', 'at'),
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('path', models.CharField(editable=False, max_length=400, unique=True)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('short_name', models.CharField(blank=True, max_length=60)),
                ('doc_abbr', models.CharField(blank=True, help_text='in document symbols, e.g. UBND', max_length=30)),
                ('kind', models.CharField(choices=[('ubnd_province', "Provincial People's Committee"), ('so', 'Provincial department'), ('ubnd_district', "District People's Committee"), ('phong', 'District office'), ('ubnd_commune', "Commune People's Committee"), ('school', 'School'), ('clinic', 'Health station'), ('enterprise', 'Enterprise'), ('other', 'Other unit')], default='other', max_length=20)),
                ('code', models.CharField(blank=True, max_length=20)),
                ('position', models.PositiveIntegerField(default=0)),
                ('search_key', models.CharField(blank=True, db_index=True, max_length=200)),
                ('staff_count', models.PositiveIntegerField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('valid_from', models.DateField(blank=True, help_text='since when name, kind and superior hold; empty: as far as is known', null=True)),
                ('contact_name', models.CharField(blank=True, max_length=100, verbose_name='whom to call')),
                ('contact_phone', models.CharField(blank=True, max_length=40, validators=[django.core.validators.RegexValidator('^\\+?[0-9][0-9 .()/-]{5,}$', 'Write the number as 0213 3896 123 or +84 912 345 678.')], verbose_name='phone')),
                ('contact_email', models.EmailField(blank=True, max_length=200, verbose_name='e-mail')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='units.unit')),
            ],
            options={
                'ordering': ('position', 'name'),
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(max_length=12)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to='units.unit')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UnitImport',
            fields=[
                ('id', models.UUIDField(default=quetsach.portal.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('file_name', models.CharField(max_length=200)),
                ('rows_read', models.JSONField()),
                ('stamp', models.CharField(max_length=64)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('applied_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('top', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='units.unit')),
            ],
            options={
                'default_manager_name': 'rows',
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='SectorRelation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(null=True)),
                ('valid_to', models.DateField(null=True)),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sector_units', to='units.unit')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sectors', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('valid_to', None)), fields=('unit', 'parent'), name='sector_once_now')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ReorgLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('portion', models.CharField(choices=[('whole', 'the whole unit'), ('part', 'a part of it')], max_length=5)),
                ('inherits', models.BooleanField(default=False)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='units.reorgevent')),
                ('from_unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='successions', to='units.unit')),
                ('to_unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event', 'from_unit', 'to_unit'), name='link_once_per_event')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Network',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cidr', models.CharField(max_length=43, validators=[quetsach.portal.units.networks.validate_network])),
                ('note', models.CharField(blank=True, max_length=200)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='networks', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('unit', 'cidr'), name='network_once_per_unit')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('coordinator', 'Coordinator'), ('officer', 'Unit officer'), ('it', 'IT staff'), ('reader', 'Reader'), ('auditor', 'Auditor')], max_length=12)),
                ('since', models.DateField(blank=True, null=True)),
                ('until', models.DateField(blank=True, help_text="the last day; a deputy's", null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'unit', 'role'), name='membership_once')],
            },
            managers=[
                ('ever', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Involvement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.JSONField(null=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='involvements', to='units.reorgevent')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='involvements', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event', 'unit'), name='unit_once_per_event')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('gso2', 'province code'), ('gso3', 'district code'), ('gso5', 'commune code'), ('organ_id', 'electronic identifier of the body'), ('mst', 'tax code'), ('moet', 'school code')], max_length=10)),
                ('value', models.CharField(max_length=40)),
                ('valid_from', models.DateField(null=True)),
                ('valid_to', models.DateField(null=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='units.unit')),
            ],
            options={
                'ordering': ('scheme', 'valid_from'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('valid_to', None)), fields=('scheme', 'value'), name='identifier_once_now'), models.UniqueConstraint(condition=models.Q(('valid_to', None)), fields=('unit', 'scheme'), name='one_identifier_a_scheme')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='HeldPath',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=400)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='units.reorgevent')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held_paths', to='units.unit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('unit', 'path', 'event'), name='held_path_once_per_event')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='UnitVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateField(null=True)),
                ('valid_to', models.DateField()),
                ('name', models.CharField(max_length=200)),
                ('search_key', models.CharField(db_index=True, max_length=200)),
                ('short_name', models.CharField(blank=True, max_length=60)),
                ('doc_abbr', models.CharField(blank=True, max_length=30)),
                ('kind', models.CharField(choices=[('ubnd_province', "Provincial People's Committee"), ('so', 'Provincial department'), ('ubnd_district', "District People's Committee"), ('phong', 'District office'), ('ubnd_commune', "Commune People's Committee"), ('school', 'School'), ('clinic', 'Health station'), ('enterprise', 'Enterprise'), ('other', 'Other unit')], max_length=20)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='units.reorgevent')),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='units.unit')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='units.unit')),
            ],
            options={
                'ordering': ('valid_to',),
                'constraints': [models.UniqueConstraint(fields=('unit', 'valid_to'), name='one_version_ends_a_day'), models.CheckConstraint(condition=models.Q(('valid_from', None), ('valid_from__lt', models.F('valid_to')), _connector='OR'), name='version_lasts')],
            },
            managers=[
                ('rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunPython(order_by_bytes, migrations.RunPython.noop),
    ]

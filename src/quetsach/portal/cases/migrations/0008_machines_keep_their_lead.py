"""Each machine keeps the case that speaks for it on lists, and how many cases it has."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = """
UPDATE cases_device SET
    (lead_id, lead_rank, lead_relapses, lead_seen, lead_claimed_at) = (
        SELECT one.id, CASE one.state WHEN 'new' THEN 0 WHEN 'assigned' THEN 1 WHEN 'cleaning' THEN 2
            WHEN 'claimed_clean' THEN 3 WHEN 'rechecked' THEN 4 WHEN 'verified_clean' THEN 5
            WHEN 'false_positive' THEN 6 ELSE 9 END AS worth,
            one.relapses, one.last_seen, one.claimed_at
        FROM cases_case one WHERE one.device_id = cases_device.id AND one.is_current
        ORDER BY worth, one.id LIMIT 1
    ),
    (current_cases, open_cases) = (
        SELECT COUNT(*), COUNT(CASE WHEN one.to_do THEN 1 END)
        FROM cases_case one WHERE one.device_id = cases_device.id AND one.is_current
    )
"""


def _fill(_apps, schema_editor):
    schema_editor.execute(FILL)
    if schema_editor.connection.vendor == 'postgresql':
        # Changed rows wait for the check of their foreign keys, and a table with such rows takes no index.
        schema_editor.execute('SET CONSTRAINTS ALL IMMEDIATE')


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_receipt_by_annex'),
        ('cases', '0007_gaps_as_tasks'),
        ('indicators', '0003_withdrawn_versions'),
        ('sightings', '0008_card_in_the_line'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='device',
            name='lead',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='cases.case'),
        ),
        migrations.AddField(
            model_name='device',
            name='current_cases',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='device',
            name='lead_claimed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='device',
            name='lead_rank',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='device',
            name='lead_relapses',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='device',
            name='lead_seen',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='device',
            name='open_cases',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='case',
            name='to_do',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(is_current=True, state__in=['new', 'assigned', 'cleaning'], then=True), default=False), output_field=models.BooleanField()),
        ),
        migrations.AddField(
            model_name='device',
            name='sort',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(models.Q(('strength', 'located'), _negated=True), then=2), models.When(models.Q(('id_kind__in', ('mac', 'randommac')), models.Q(('identity__has_key', 'host'), _negated=True)), then=1), default=0), output_field=models.PositiveSmallIntegerField()),
        ),
        migrations.AlterField(
            model_name='device',
            name='campaign',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='devices', to='campaigns.campaign'),
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('to_do', True)), fields=['-relapses', '-last_seen', 'device', 'id'], name='case_to_do'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('aside_until__isnull', False)), fields=['aside_until'], name='case_aside'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('unreachable_at__isnull', False)), fields=['unreachable_at'], name='case_unreachable'),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(fields=['campaign', 'owner', 'sort', 'lead_rank', 'lead_claimed_at', 'open_cases'], name='device_counted'),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(fields=['campaign', 'lead_rank', '-lead_relapses', '-lead_seen', 'lead', 'owner', 'lead_claimed_at'], name='device_listed'),
        ),
        migrations.AddIndex(
            model_name='device',
            index=models.Index(condition=models.Q(('isolated_at__isnull', False)), fields=['campaign'], name='device_isolated'),
        ),
    ]

"""An earlier episode that is no false alarm counts again behind a later one that is. Earlier versions left such
machines without a case that counts."""

from django.db import migrations
from django.db.models import Exists, OuterRef

CLOSED = 'false_positive'
_LEADS = """
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


def _count_again(apps, schema_editor):
    rows = apps.get_model('cases', 'Case')._base_manager
    real = rows.filter(device=OuterRef('device'), family=OuterRef('family'), merged_into=None).exclude(state=CLOSED)
    hidden = rows.filter(Exists(real), is_current=True, state=CLOSED, merged_into=None)
    found = list(hidden.values_list('pk', 'device', 'family'))
    for closed, device, family in found:
        episodes = rows.filter(device=device, family=family, merged_into=None).exclude(state=CLOSED)
        # One after the other: a machine has one current episode of a family at any time.
        rows.filter(pk=closed).update(is_current=False)
        rows.filter(pk=episodes.order_by('-episode').values_list('pk', flat=True)[0]).update(is_current=True)
    if found:
        schema_editor.execute(_LEADS)


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0010_signs_again_wait'),
    ]

    operations = [
        migrations.RunPython(_count_again, migrations.RunPython.noop),
    ]

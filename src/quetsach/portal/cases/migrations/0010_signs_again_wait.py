"""A case whose signs came back waits for somebody, as new ones do. Earlier versions called it "being handled"."""

from itertools import groupby

from django.db import migrations
from django.db.models import Exists, OuterRef, Q

BACK = ('relapse', 'seen_again')
WAITING = ('claimed_clean', 'rechecked', 'verified_clean')
NOTES = (
    'seen', 'locate', 'try', 'isolate', 'lift', 'aside', 'take_up', 'propose', 'refuse', 'overdue', 'open', 'check',
    'merged', 'part',
)
AT_ONCE = 400
_LEADS = """
UPDATE cases_device SET
    (lead_id, lead_rank, lead_relapses, lead_seen, lead_claimed_at) = (
        SELECT one.id, CASE one.state WHEN 'new' THEN 0 WHEN 'assigned' THEN 1 WHEN 'cleaning' THEN 2
            WHEN 'claimed_clean' THEN 3 WHEN 'rechecked' THEN 4 WHEN 'verified_clean' THEN 5
            WHEN 'false_positive' THEN 6 ELSE 9 END AS worth,
            one.relapses, one.last_seen, one.claimed_at
        FROM cases_case one WHERE one.device_id = cases_device.id AND one.is_current
        ORDER BY worth, one.id LIMIT 1
    )
WHERE id IN (SELECT one.device_id FROM cases_case one WHERE one.is_current AND one.state = 'assigned')
"""


def _came_back(events, merged):
    """Whether nobody has begun to handle the case since its signs came back. A person's act that was taken
    back did not happen. `merged`: the states of cases that led to others."""
    moves = []
    for event in events:
        if event.act == 'undo':
            if moves and moves[-1].act == event.data.get('act'):
                moves.pop()
        elif event.act == 'merge':
            # Signs of the other machine after the claim: without an event of its own.
            is_back = event.from_state in WAITING and event.to_state == 'cleaning'
            if is_back and merged.get(event.data.get('case')) != 'cleaning':
                moves.append(event)
        elif event.act not in NOTES:
            moves.append(event)
    return bool(moves) and moves[-1].act in (*BACK, 'merge')


def _wait(apps, schema_editor):
    Case, CaseEvent = apps.get_model('cases', 'Case'), apps.get_model('cases', 'CaseEvent')
    told = CaseEvent._base_manager.filter(case=OuterRef('pk'), act__in=BACK)
    those = Case._base_manager.filter(Q(relapses__gt=0) | Exists(told), state='cleaning')
    ids = list(those.order_by('pk').values_list('pk', flat=True))
    found = 0
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        rows = list(CaseEvent._base_manager.filter(case__in=some).order_by('case', 'at', 'pk'))
        joined = [row.data['case'] for row in rows if row.act == 'merge' and row.data.get('case')]
        states = Case._base_manager.filter(pk__in=joined).values_list('pk', 'state')
        merged = {str(pk): state for pk, state in states}
        back = [case for case, its in groupby(rows, key=lambda row: row.case_id) if _came_back(its, merged)]
        found += Case._base_manager.filter(pk__in=back).update(state='assigned')
    if found:
        schema_editor.execute(_LEADS)


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0009_reports_taken_back'),
    ]

    operations = [
        migrations.RunPython(_wait, migrations.RunPython.noop),
    ]

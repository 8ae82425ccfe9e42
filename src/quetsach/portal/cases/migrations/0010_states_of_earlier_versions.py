"""A case whose signs came back waits for somebody, as new ones do; earlier versions called it "being handled". An
earlier episode that is no false alarm counts again behind a later one that is; earlier versions left such machines
without a case that counts."""

from importlib import import_module
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
CLOSED = 'false_positive'
_KEEP = import_module('quetsach.portal.cases.migrations.0008_machines_keep_their_lead').FILL


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


def _wait(Case, CaseEvent):
    """Whether the state of any case changed."""
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
    return found > 0


def _count_again(Case):
    """Whether an earlier episode counts again."""
    rows = Case._base_manager.filter(merged_into=None)
    real = rows.filter(device=OuterRef('device'), family=OuterRef('family')).exclude(state=CLOSED)
    hidden = list(rows.filter(Exists(real), is_current=True, state=CLOSED).values_list('pk', 'device', 'family'))
    for closed, device, family in hidden:
        latest = rows.filter(device=device, family=family).exclude(state=CLOSED).order_by('-episode')[0]
        # One after the other: a machine has one current episode of a family at any time.
        rows.filter(pk=closed).update(is_current=False)
        rows.filter(pk=latest.pk).update(is_current=True)
    return bool(hidden)


def _mend(apps, schema_editor):
    Case = apps.get_model('cases', 'Case')
    if any([_wait(Case, apps.get_model('cases', 'CaseEvent')), _count_again(Case)]):
        schema_editor.execute(_KEEP)


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0009_reports_taken_back'),
    ]

    operations = [
        migrations.RunPython(_mend, migrations.RunPython.noop),
    ]

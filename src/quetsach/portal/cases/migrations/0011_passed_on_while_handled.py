"""A machine that went to another unit while it was handled waits for that unit; earlier versions called it "being
handled", also at addresses of several machines, which nobody there had found."""

from importlib import import_module

from django.db import migrations
from django.db.models import Exists, OuterRef

_KEEP = import_module('quetsach.portal.cases.migrations.0008_machines_keep_their_lead').FILL


def _wait(apps, schema_editor):
    events = apps.get_model('cases', 'CaseEvent')._base_manager.filter(case=OuterRef('case'))
    begun = events.filter(act='start', at__gt=OuterRef('at'))
    moved = apps.get_model('cases', 'CaseEvent')._base_manager.filter(
        ~Exists(begun), case=OuterRef('pk'), act='assign', from_state='cleaning', to_state='cleaning'
    )
    cases = apps.get_model('cases', 'Case')._base_manager.filter(Exists(moved), state='cleaning')
    if cases.update(state='assigned'):
        schema_editor.execute(_KEEP)


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0010_states_of_earlier_versions'),
    ]

    operations = [
        migrations.RunPython(_wait, migrations.RunPython.noop),
    ]

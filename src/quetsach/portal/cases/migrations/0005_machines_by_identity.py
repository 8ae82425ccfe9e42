"""Machines get ids: an address or a name of a unit, until evidence tells more.

Each machine so far was an address or a name under one unit; it stays that machine. Signs whose lines name a
card or a host wait to be placed again, because they say more than the address.
"""

import ipaddress

import django.db.models.deletion
from django.db import migrations, models

SEGMENT = 12
_OURS = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
    )
)


def _identity(key, owner, reporter):
    """The kind and value that `cases.parts` would give."""
    from quetsach.machines import keys

    try:
        address = ipaddress.ip_address(key)
    except ValueError:
        named = keys.domain_host(key) or keys.host(key)
        if named is None:
            return "weak", f"{owner.hex[-SEGMENT:]}/ {key}", "weak"
        from quetsach.machines.identity.keys import is_scoped

        if is_scoped(named):
            return named.kind, f"{reporter.hex[-SEGMENT:]}/ {named.value}", "located"
        return named.kind, named.value, "located"
    is_shared = address.version == 4 and not any(address in network for network in _OURS)
    kind = "shared" if is_shared else "weak"
    return kind, f"{owner.hex[-SEGMENT:]}/ {key}", kind


def give_ids(apps, schema_editor):
    device = apps.get_model("cases", "Device")
    alias = apps.get_model("cases", "Alias")
    refused = set(apps.get_model("cases", "NotOurs")._base_manager.values_list("device", flat=True))
    reporters = dict(alias._base_manager.order_by("-pk").values_list("device", "reporter__unit"))
    taken = set()
    changed = []
    rows = device._base_manager.order_by("pk").values_list("pk", "campaign", "key", "owner__unit")
    for pk, campaign, key, owner in rows.iterator(chunk_size=2000):
        kind, value, strength = _identity(key, owner, reporters.get(pk, owner))
        if (campaign, kind, value) in taken:
            # Two units had a machine of this name from one reporter: it stays two machines.
            kind, value, strength = "weak", f"{owner.hex[-SEGMENT:]}/ {key}", "weak"
        taken.add((campaign, kind, value))
        changed.append(
            device(pk=pk, id_kind=kind, id_value=value, strength=strength, is_owner_said=pk in refused)
        )
        if len(changed) == 500:
            device._base_manager.bulk_update(changed, ["id_kind", "id_value", "strength", "is_owner_said"])
            changed.clear()
    if changed:
        device._base_manager.bulk_update(changed, ["id_kind", "id_value", "strength", "is_owner_said"])


def place_again(apps, schema_editor):
    sighting = apps.get_model("sightings", "Sighting")
    named = sighting._base_manager.filter(is_pulled=True, is_listed=True, node__campaign__status="published")
    named.exclude(identity={}).update(is_pulled=False)


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_receipt_by_annex'),
        ('cases', '0004_victims_reports'),
        ('machines', '0001_tables'),
        ('sightings', '0004_who_runs_and_gaps'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='alias', name='alias_once_per_reporter'),
        migrations.RemoveConstraint(model_name='device', name='device_once_per_owner'),
        migrations.AddField(
            model_name='case',
            name='merged_into',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='cases.case'),
        ),
        migrations.AddField(model_name='casesighting', name='candidates', field=models.JSONField(default=list)),
        migrations.AddField(model_name='casesighting', name='count', field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name='casesighting', name='first', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='casesighting', name='last', field=models.DateTimeField(null=True)),
        migrations.AddField(model_name='casesighting', name='runs', field=models.JSONField(default=list)),
        migrations.AddField(
            model_name='casesighting', name='strength', field=models.CharField(blank=True, max_length=9)
        ),
        migrations.AddField(
            model_name='casesighting', name='why', field=models.CharField(blank=True, max_length=40)
        ),
        migrations.AddField(
            model_name='device', name='id_kind', field=models.CharField(default='', max_length=10), preserve_default=False
        ),
        migrations.AddField(
            model_name='device', name='id_value', field=models.CharField(default='', max_length=300), preserve_default=False
        ),
        migrations.AddField(model_name='device', name='is_owner_said', field=models.BooleanField(default=False)),
        migrations.AddField(
            model_name='device',
            name='merged_into',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='cases.device'),
        ),
        migrations.AddField(
            model_name='device',
            name='strength',
            field=models.CharField(choices=[('located', 'known by what your office told of its machines'), ('inferred', 'probably this machine'), ('weak', 'known only by its address'), ('shared', 'an address of many machines, at least one of them infected'), ('unlocated', 'one of several machines, not known which')], default='weak', max_length=9),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
        migrations.RunPython(place_again, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='device', index=models.Index(fields=['id_value', 'id_kind'], name='device_by_id')
        ),
        migrations.AddConstraint(
            model_name='alias',
            constraint=models.UniqueConstraint(fields=('reporter', 'key', 'device'), name='alias_once_per_reporter'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(fields=('campaign', 'id_kind', 'id_value'), name='device_once'),
        ),
    ]

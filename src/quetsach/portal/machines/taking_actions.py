"""Evidence that the app cases has not looked at yet, in batches; it marks them in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from quetsach.machines.evidence import Binding, Claim, Decision
from quetsach.machines.identity.components import Row
from quetsach.portal.machines.models import KeptNetwork, StoredBinding, StoredClaim, StoredDecision
from quetsach.portal.machines.queries import bindings_of, claims_of, decisions_of

CLAIMS, BINDINGS, DECISIONS, NETWORKS = 500, 1_000, 50, 500
"""Rows in one batch."""


@dataclass
class Untaken:
    """One batch. `gone` are rows whose file was taken back; `networks` those of which a unit keeps a table
    since then, or perhaps no more: network and path. `keys` are the ids of all rows, by their model."""

    claims: set[Claim] = field(default_factory=set)
    bindings: set[Binding] = field(default_factory=set)
    decisions: set[Decision] = field(default_factory=set)
    gone: set[Row] = field(default_factory=set)
    networks: set[tuple[str, str]] = field(default_factory=set)
    keys: dict[Any, list[Any]] = field(default_factory=dict)


def is_waiting() -> bool:
    """Whether some evidence has not been looked at."""
    models: tuple[Any, ...] = (StoredClaim, StoredBinding, StoredDecision, KeptNetwork)
    return any(model.rows.filter(is_taken=False).exists() for model in models)


def untaken() -> Untaken:
    """The next batch."""
    found = Untaken()
    sizes: dict[Any, int] = {
        StoredClaim: CLAIMS, StoredBinding: BINDINGS, StoredDecision: DECISIONS, KeptNetwork: NETWORKS
    }  # fmt: skip
    for model, size in sizes.items():
        rows = model.rows.filter(is_taken=False).order_by("pk").values_list("pk", flat=True)
        found.keys[model] = list(rows[:size])
    claims = StoredClaim.rows.filter(pk__in=found.keys[StoredClaim])
    bindings = StoredBinding.rows.filter(pk__in=found.keys[StoredBinding])
    found.claims, found.bindings = set(claims_of(claims)), set(bindings_of(bindings))
    found.decisions = set(decisions_of(StoredDecision.rows.filter(pk__in=found.keys[StoredDecision])))
    found.gone = {*claims_of(claims, gone=True), *bindings_of(bindings, gone=True)}
    kept = KeptNetwork.rows.filter(pk__in=found.keys[KeptNetwork])
    gone = bindings.filter(is_gone=True, kind__in=("lease", "neighbour"))
    found.networks = {
        *kept.values_list("network", "unit__path"),
        *gone.filter(network__in=KeptNetwork.rows.values("network")).values_list("network", "unit__path"),
    }
    return found


def finish(batch: Untaken) -> None:
    """Mark the batch as looked at; rows that were taken back go, and with them networks of which the unit has
    no table left."""
    for model, keys in batch.keys.items():
        if model in (StoredClaim, StoredBinding):
            model.rows.filter(pk__in=keys, is_gone=True, is_listed=True).delete()
        model.rows.filter(pk__in=keys).update(is_taken=True)
    if not any(isinstance(one, Binding) for one in batch.gone):
        return
    for network, path in batch.networks:
        # Rows that were taken back may wait for the register: they say nothing any more.
        unkept(KeptNetwork.rows.filter(network=network, unit__path=path)).delete()


def unkept(networks: QuerySet[KeptNetwork]) -> QuerySet[KeptNetwork]:
    """Those of these networks of which their unit has no table left."""
    own = StoredBinding.rows.filter(
        unit=OuterRef("unit"), network=OuterRef("network"), kind=OuterRef("kind"), is_gone=False
    )
    return networks.exclude(Exists(own))

"""Assembles the addresses for machines, below /api/v1/. Each app owns its own functions."""

from django.urls import path

from quetsach.portal.cases.api import asked
from quetsach.portal.cases.victims.api import push_victims
from quetsach.portal.checks.arriving.api import check_results
from quetsach.portal.indicators.api import current_list
from quetsach.portal.machines.uploads.api import push_evidence
from quetsach.portal.sensors.api import enrol, heartbeat
from quetsach.portal.sightings.api import push

urlpatterns = [
    path("sightings", push, name="api_sightings"),
    path("machines", push_evidence, name="api_machines"),
    path("victims", push_victims, name="api_victims"),
    path("check-results", check_results, name="api_check_results"),
    path("asked", asked, name="api_asked"),
    path("sensors", enrol, name="api_sensors"),
    path("heartbeat", heartbeat, name="api_heartbeat"),
    path("indicators", current_list, name="api_indicators"),
]

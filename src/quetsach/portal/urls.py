"""Assembles the portal's addresses. Each app owns its own list."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("quetsach.portal.api")),
    path("tai-khoan/", include("quetsach.portal.accounts.urls")),
    path("tai-khoan/", include("quetsach.portal.sso.urls")),
    path("", include("quetsach.portal.kit.urls")),
    path("", include("quetsach.portal.units.urls")),
    path("", include("quetsach.portal.campaigns.urls")),
    path("", include("quetsach.portal.people.urls")),
    path("", include("quetsach.portal.indicators.urls")),
    path("", include("quetsach.portal.sightings.urls")),
    path("", include("quetsach.portal.machines.urls")),
    path("", include("quetsach.portal.cases.urls")),
    path("", include("quetsach.portal.checks.urls")),
    path("", include("quetsach.portal.tools.urls")),
    path("", include("quetsach.portal.equipment.urls")),
    path("", include("quetsach.portal.handbook.urls")),
    path("", include("quetsach.portal.reports.urls")),
    path("", include("quetsach.portal.letters.urls")),
    path("", include("quetsach.portal.sectors.urls")),
    path("", include("quetsach.portal.intake.urls")),
    path("", include("quetsach.portal.bundles.urls")),
    path("", include("quetsach.portal.incidents.urls")),
    path("", include("quetsach.portal.sensors.urls")),
    path("", include("quetsach.portal.privacy.urls")),
    path("", include("quetsach.portal.staff.urls")),
]
handler400 = "quetsach.portal.kit.errors.bad_request"
handler403 = "quetsach.portal.kit.errors.permission_denied"
handler404 = "quetsach.portal.kit.errors.page_not_found"
handler429 = "quetsach.portal.kit.errors.too_many_requests"
handler500 = "quetsach.portal.kit.errors.server_error"

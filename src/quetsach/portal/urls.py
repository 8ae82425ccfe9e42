"""Assembly of the addresses. Each app owns its own list."""

from django.urls import include, path

urlpatterns = [
    path("tai-khoan/", include("quetsach.portal.accounts.urls")),
    path("", include("quetsach.portal.kit.urls")),
    path("", include("quetsach.portal.campaigns.urls")),
    path("", include("quetsach.portal.indicators.urls")),
    path("", include("quetsach.portal.sightings.urls")),
    path("", include("quetsach.portal.cases.urls")),
    path("", include("quetsach.portal.reports.urls")),
]

from django.urls import path

from quetsach.portal.indicators import views, views_public
from quetsach.portal.indicators.doubtful import views as doubtful

urlpatterns = [
    path("danh-sach/", views_public.indicator_list, name="indicator_list"),
    path("danh-sach/<slug:slug>/sha256.txt", views_public.checksums, name="indicator_sums"),
    path("danh-sach/<slug:slug>/<str:name>", views_public.download, name="indicator_file"),
    path("cd/<slug:slug>/chi-dau/", views.indicators, name="indicators"),
    path("cd/<slug:slug>/chi-dau/<uuid:set_id>/", views.draft, name="indicator_draft"),
    path(
        "cd/<slug:slug>/chi-dau/<uuid:set_id>/nghi-ngo/<slug:group>/",
        doubtful.doubts,
        name="indicator_doubts",
    ),
    path("cd/<slug:slug>/chi-dau/<uuid:set_id>/ghi-chu.csv", views.notes, name="indicator_notes"),
]

from django.urls import path

from quetsach.portal.sightings import views

urlpatterns = [
    path("cd/<slug:slug>/nhat-ky/", views.scans, name="scans"),
    path("cd/<slug:slug>/nhat-ky/<uuid:scan_id>/", views.scan, name="scan"),
    path("cd/<slug:slug>/luot-phat-hien/", views.sightings, name="sightings"),
]

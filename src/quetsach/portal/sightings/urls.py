from django.urls import path

from quetsach.portal.kit.unbuilt import unbuilt

urlpatterns = [
    path("cd/<slug:slug>/nhat-ky/", unbuilt, name="scans"),
]

from django.urls import path

from quetsach.portal.kit.unbuilt import unbuilt

urlpatterns = [
    path("danh-sach/", unbuilt, name="indicator_list"),
    path("cd/<slug:slug>/chi-dau/", unbuilt, name="indicators"),
]

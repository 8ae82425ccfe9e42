from django.urls import path

from quetsach.portal.kit.unbuilt import unbuilt

urlpatterns = [
    path("", unbuilt, name="home"),
    path("cd/<slug:slug>/", unbuilt, name="campaign_page"),
    path("tu-kiem-tra/", unbuilt, name="self_check"),
    path("cd/<slug:slug>/viec-hom-nay/", unbuilt, name="today"),
    path("cd/<slug:slug>/cong-van/", unbuilt, name="letter"),
]

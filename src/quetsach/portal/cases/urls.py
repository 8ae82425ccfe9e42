from django.urls import path

from quetsach.portal.kit.unbuilt import unbuilt

urlpatterns = [
    path("cd/<slug:slug>/may/", unbuilt, name="cases"),
    path("cd/<slug:slug>/may/<uuid:case_id>/", unbuilt, name="case"),
]

from django.urls import path

from quetsach.portal.sectors import views

urlpatterns = [
    path("cd/<slug:slug>/nganh/<uuid:node_id>/", views.sector, name="sector"),
]

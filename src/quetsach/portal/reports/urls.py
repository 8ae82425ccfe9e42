from django.urls import path

from quetsach.portal.kit.unbuilt import unbuilt

urlpatterns = [
    path("cd/<slug:slug>/tien-do/", unbuilt, name="progress"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/", unbuilt, name="progress_node"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/", unbuilt, name="report"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/", unbuilt, name="rollup"),
]

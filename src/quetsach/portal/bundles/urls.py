from django.urls import path

from quetsach.portal.bundles import views

urlpatterns = [
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/goi/", views.bundle, name="bundle"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/goi.zip", views.bundle_file, name="bundle_file"),
]

from django.urls import path

from quetsach.portal.intake import views

urlpatterns = [
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/", views.intake, name="intake"),
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/ro-rang/", views.take_clear, name="intake_take_clear"),
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/ban-trung/", views.copies, name="intake_copies"),
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/hoan-tac/", views.undo, name="intake_undo"),
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/dong/<uuid:annex_id>/", views.row, name="intake_row"),
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/tep/<uuid:file_id>/", views.file, name="intake_file"),
    path("cd/<slug:slug>/tiep-nhan/<uuid:node_id>/anh/<uuid:file_id>/", views.picture, name="intake_picture"),
]

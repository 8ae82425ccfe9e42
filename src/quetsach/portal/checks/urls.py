from django.urls import path

from quetsach.portal.checks import views
from quetsach.portal.checks.arriving import views as views_hand_in
from quetsach.portal.checks.detections import views as views_detection
from quetsach.portal.checks.licences import views as views_licence
from quetsach.portal.checks.packs import views as views_pack

urlpatterns = [
    path("nop-ket-qua/", views_hand_in.hand_in, name="hand_in"),
    path("cd/<slug:slug>/kiem-tra/", views.checks, name="checks"),
    path("cd/<slug:slug>/kiem-tra/so-may/", views.computers, name="check_computers"),
    path("cd/<slug:slug>/kiem-tra/ma/", views.codes, name="check_codes"),
    path("cd/<slug:slug>/kiem-tra/goi/", views_pack.build, name="pack_build"),
    path("cd/<slug:slug>/kiem-tra/goi/<uuid:pack_id>/", views_pack.download, name="pack_file"),
    path("cd/<slug:slug>/kiem-tra/ma-bam-luat/", views_detection.detections, name="detections"),
    path(
        "cd/<slug:slug>/kiem-tra/ma-bam-luat/<uuid:detection_id>/",
        views_detection.detection,
        name="detection",
    ),
    path("cd/<slug:slug>/kiem-tra/mat-goi/", views_pack.lost, name="pack_lost"),
    path("cd/<slug:slug>/kiem-tra/khoa/", views_pack.rotate, name="pack_rotate"),
    path("cd/<slug:slug>/kiem-tra/<uuid:result_id>/", views.result, name="check_result"),
    path("cd/<slug:slug>/kiem-tra/<uuid:result_id>/la-may/", views.tie, name="check_tie"),
    path("cd/<slug:slug>/ban-quyen/", views_licence.licences, name="licences"),
    path("cd/<slug:slug>/ban-quyen/thay-the/", views_licence.replacements, name="replacements"),
    path(
        "cd/<slug:slug>/ban-quyen/thay-the/<uuid:replacement_id>/bo/",
        views_licence.withdraw_replacement,
        name="replacement_withdraw",
    ),
]

from django.urls import path

from quetsach.portal.machines.addresses import views as views_addresses
from quetsach.portal.machines.register import views
from quetsach.portal.machines.uploads import views as views_uploads

urlpatterns = [
    path("so-may/", views.registers, name="registers"),
    path("so-may/<uuid:unit_id>/", views.register, name="register"),
    path("so-may/<uuid:unit_id>/so.<str:form>", views.register_file, name="register_file"),
    path("so-may/<uuid:unit_id>/xac-nhan/", views.register_confirm, name="register_confirm"),
    path("so-may/<uuid:unit_id>/may/<int:row_id>/", views.machine, name="register_machine"),
    path("so-may/<uuid:unit_id>/may/<int:row_id>/<slug:act>/", views.machine_act, name="register_act"),
    path("so-may/<uuid:unit_id>/quyet-dinh/", views.decisions, name="decisions"),
    path("so-may/<uuid:unit_id>/quyet-dinh/rut/", views.decision_undo, name="decision_undo"),
    path("so-may/<uuid:unit_id>/hoi-thay/", views_addresses.forwarders, name="forwarders"),
    path("so-may/<uuid:unit_id>/hoi-thay/ghi/", views_addresses.forwarder_say, name="forwarder_say"),
    path("so-may/<uuid:unit_id>/tep/", views_uploads.evidence, name="evidence"),
    path("so-may/<uuid:unit_id>/tep/<uuid:file_id>/", views_uploads.evidence_file, name="evidence_file"),
    path(
        "so-may/<uuid:unit_id>/tep/<uuid:file_id>/<slug:act>/",
        views_uploads.evidence_act,
        name="evidence_act",
    ),
]

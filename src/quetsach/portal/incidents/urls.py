from django.urls import path

from quetsach.portal.incidents import views, views_papers

_INCIDENT = "cd/<slug:slug>/su-co/<uuid:incident_id>/"
urlpatterns = [
    path("cd/<slug:slug>/su-co/", views.incidents, name="incidents"),
    path("cd/<slug:slug>/su-co/chon/", views.choose, name="incident_choose"),
    path("cd/<slug:slug>/su-co/bang-chung.<slug:form>", views_papers.evidence, name="evidence_notice"),
    path(_INCIDENT, views.incident, name="incident"),
    path(f"{_INCIDENT}ho-so/", views.recast, name="incident_cases"),
    path(f"{_INCIDENT}ghi/<slug:deed>/", views.act, name="incident_act"),
    path(f"{_INCIDENT}van-ban/<slug:paper>/chot/", views_papers.freeze, name="incident_freeze"),
    path(f"{_INCIDENT}van-ban/<slug:paper>.<slug:form>", views_papers.draft, name="incident_draft"),
    path(f"{_INCIDENT}ban/<uuid:notice_id>/da-gui/", views_papers.sent, name="incident_sent"),
    path(f"{_INCIDENT}ban/<uuid:notice_id>/rut/", views_papers.take_back, name="incident_take_back"),
    path(f"{_INCIDENT}ban/<uuid:notice_id>.<slug:form>", views_papers.frozen, name="incident_file"),
]

from django.urls import path

from quetsach.portal.kit.unbuilt import unbuilt
from quetsach.portal.reports import rollup_views, views
from quetsach.portal.reports.dashboard.views import progress

urlpatterns = [
    path("cd/<slug:slug>/tien-do/", progress, name="progress"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/", progress, name="progress_node"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/", views.report, name="report"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/kiem-tra/", views.report_check, name="report_check"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/cac-ban/", views.report_history, name="report_history"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/rut-lai/", views.report_withdraw, name="report_withdraw"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/tra-lai/", views.report_return, name="report_return"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/tiep-nhan/", views.report_accept, name="report_accept"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/", rollup_views.rollup, name="rollup"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/vi-sao/<slug:row>/", rollup_views.why_page, name="why"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/bao-cao.pdf", unbuilt, name="report_pdf"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/so-lieu.xlsx", unbuilt, name="report_xlsx"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/so-lieu.csv", unbuilt, name="report_csv"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/phu-luc.pdf", unbuilt, name="annex_pdf"),
]

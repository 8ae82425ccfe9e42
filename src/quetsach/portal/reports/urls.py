from django.urls import path

from quetsach.portal.reports import views, views_rollup
from quetsach.portal.reports.dashboard.views import progress
from quetsach.portal.reports.dashboard.views_chase import chase, chase_messages, chase_xlsx
from quetsach.portal.reports.export import views as exports

urlpatterns = [
    path("cd/<slug:slug>/tien-do/", progress, name="progress"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/", progress, name="progress_node"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/don-doc/", chase, name="chase"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/don-doc/tin/", chase_messages, name="chase_messages"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/don-doc.xlsx", chase_xlsx, name="chase_xlsx"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/", views.report, name="report"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/kiem-tra/", views.report_check, name="report_check"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/cac-ban/", views.report_history, name="report_history"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/rut-lai/", views.report_withdraw, name="report_withdraw"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/tra-lai/", views.report_return, name="report_return"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/tiep-nhan/", views.report_accept, name="report_accept"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/", views_rollup.rollup, name="rollup"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/vi-sao/<slug:row>/", views_rollup.why_page, name="why"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/bao-cao.pdf", exports.report_pdf, name="report_pdf"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/bao-cao.docx", exports.report_docx, name="report_docx"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/so-lieu.xlsx", exports.report_xlsx, name="report_xlsx"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/so-lieu.csv", exports.report_csv, name="report_csv"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/phu-luc.pdf", exports.annex_pdf, name="annex_pdf"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/phu-luc.docx", exports.annex_docx, name="annex_docx"),
    path("cd/<slug:slug>/cong-van.pdf", exports.letter_pdf, name="letter_pdf"),
]

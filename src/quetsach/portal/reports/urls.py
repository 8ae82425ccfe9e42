from django.urls import path

from quetsach.portal.reports.annex import views, views_file
from quetsach.portal.reports.annexforms import views as views_forms
from quetsach.portal.reports.assessment.views import report_assessment
from quetsach.portal.reports.dashboard.views import progress
from quetsach.portal.reports.dashboard.views_chase import chase, chase_messages, chase_xlsx
from quetsach.portal.reports.export import views as exports
from quetsach.portal.reports.export.before_download import before_download
from quetsach.portal.reports.frozen import views as views_frozen
from quetsach.portal.reports.proposals import views as views_proposals
from quetsach.portal.reports.review import views as views_review
from quetsach.portal.reports.rollup import views as views_rollup
from quetsach.portal.reports.signing import views as views_signing
from quetsach.portal.reports.supplement import views as views_supplement

urlpatterns = [
    path("cd/<slug:slug>/tien-do/", progress, name="progress"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/", progress, name="progress_node"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/don-doc/", chase, name="chase"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/don-doc/tin/", chase_messages, name="chase_messages"),
    path("cd/<slug:slug>/tien-do/<uuid:node_id>/don-doc.xlsx", chase_xlsx, name="chase_xlsx"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/", views.report, name="report"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/kiem-tra/", views.report_check, name="report_check"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/danh-gia/", report_assessment, name="report_assessment"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/cac-ban/", views.report_history, name="report_history"),
    path(
        "cd/<slug:slug>/bao-cao/<uuid:node_id>/viec/<slug:deed>/", views_review.report_act, name="report_act"
    ),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/da-ky/", views_signing.report_sign, name="report_sign"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/ban-ky/", views_signing.report_attach, name="report_attach"),
    path(
        "cd/<slug:slug>/bao-cao/<uuid:node_id>/ban-ky/<uuid:copy_id>.pdf",
        views_signing.report_signed,
        name="report_signed",
    ),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/tep/", views_file.report_file, name="report_file"),
    path(
        "cd/<slug:slug>/bao-cao/<uuid:node_id>/mau.xlsx", views_file.report_template, name="report_template"
    ),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/bo-sung/", views_supplement.supplement, name="supplement"),
    path("cd/<slug:slug>/mau-phu-luc/", views_forms.annex_forms, name="annex_forms"),
    path(
        "cd/<slug:slug>/mau-phu-luc/<slug:version>.xlsx", views_forms.annex_form_file, name="annex_form_file"
    ),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/kien-nghi/", views_proposals.proposals, name="wishes"),
    path("cd/<slug:slug>/quy-tac-bao-cao/", views_review.policy, name="report_policy"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/", views_rollup.rollup, name="rollup"),
    path(
        "cd/<slug:slug>/tong-hop/<uuid:node_id>/so-may/", views_frozen.machine_figures, name="machine_figures"
    ),
    path(
        "cd/<slug:slug>/tong-hop/<uuid:node_id>/so-may/dieu-chinh/",
        views_frozen.restate,
        name="machine_figures_restate",
    ),
    path(
        "cd/<slug:slug>/tong-hop/<uuid:node_id>/so-may/dieu-chinh/<int:number>/rut/",
        views_frozen.take_back,
        name="machine_figures_take_back",
    ),
    path(
        "cd/<slug:slug>/tong-hop/<uuid:node_id>/so-may/dieu-chinh/<int:number>/da-doc/",
        views_frozen.note,
        name="machine_figures_note",
    ),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/vi-sao/<slug:row>/", views_rollup.trace_page, name="why"),
    path(
        "cd/<slug:slug>/tong-hop/<uuid:node_id>/truoc-khi-tai/",
        before_download,
        name="report_before_download",
    ),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/bao-cao.pdf", exports.report_pdf, name="report_pdf"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/bao-cao.docx", exports.report_docx, name="report_docx"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/so-lieu.xlsx", exports.report_xlsx, name="report_xlsx"),
    path("cd/<slug:slug>/tong-hop/<uuid:node_id>/so-lieu.csv", exports.report_csv, name="report_csv"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/phu-luc.pdf", exports.annex_pdf, name="annex_pdf"),
    path("cd/<slug:slug>/bao-cao/<uuid:node_id>/phu-luc.docx", exports.annex_docx, name="annex_docx"),
    path("cd/<slug:slug>/cong-van.pdf", exports.letter_pdf, name="letter_pdf"),
]

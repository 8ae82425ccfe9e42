from django.urls import path

from quetsach.portal.campaigns import views_audit, views_public, views_tokens
from quetsach.portal.campaigns.cascade import views
from quetsach.portal.campaigns.issuing import views as views_manage
from quetsach.portal.campaigns.joining import views as views_join
from quetsach.portal.campaigns.nodes import views as views_nodes
from quetsach.portal.campaigns.on_behalf import views as views_on_behalf
from quetsach.portal.campaigns.reminders import views as views_remind

urlpatterns = [
    path("", views_public.home, name="home"),
    path("cd/<slug:slug>/", views_public.campaign_page, name="campaign_page"),
    path("cd/<slug:slug>/van-ban/", views_public.campaign_letter, name="campaign_letter"),
    path("ma/", views_join.join_start, name="join_start"),
    path("ma/<str:code>/", views_join.join, name="join"),
    path("viec-cua-toi/", views.my_work, name="my_work"),
    path("chien-dich/", views_manage.campaign_list, name="campaign_list"),
    path("chien-dich/moi/", views_manage.campaign_new, name="campaign_new"),
    path("cd/<slug:slug>/chien-dich/", views_manage.campaign_manage, name="campaign_manage"),
    path("cd/<slug:slug>/chien-dich/sua/", views_manage.campaign_edit, name="campaign_edit"),
    path("cd/<slug:slug>/chien-dich/chon-don-vi/", views_manage.campaign_units, name="campaign_units"),
    path("cd/<slug:slug>/chien-dich/don-vi/", views_nodes.nodes, name="nodes"),
    path("cd/<slug:slug>/chien-dich/don-vi/<uuid:node_id>/", views_nodes.node_change, name="node_change"),
    path("cd/<slug:slug>/chien-dich/nhac-viec/", views_remind.reminder_rules, name="reminder_rules"),
    path("cd/<slug:slug>/nhac-viec/", views_remind.reminders, name="reminders"),
    path("cd/<slug:slug>/viec-hom-nay/", views.today, name="today"),
    path("cd/<slug:slug>/cong-van/", views.letter, name="letter"),
    path("cd/<slug:slug>/ma-tham-gia/", views_join.join_codes, name="join_codes"),
    path(
        "cd/<slug:slug>/ma-tham-gia/<uuid:node_id>/thu-hoi/",
        views_join.join_code_revoke,
        name="join_code_revoke",
    ),
    path("cd/<slug:slug>/nhap-thay/<uuid:node_id>/", views_on_behalf.on_behalf, name="keyed"),
    path("cd/<slug:slug>/minh-chung/<uuid:keyed_id>/", views_on_behalf.proof_file, name="keyed_file"),
    path("cd/<slug:slug>/ma-ket-noi/", views_tokens.tokens, name="tokens"),
    path("cd/<slug:slug>/so-thao-tac/", views_audit.audit, name="audit"),
]

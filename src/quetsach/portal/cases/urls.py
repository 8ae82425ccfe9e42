from django.urls import path

from quetsach.portal.cases import views, views_forwarders
from quetsach.portal.cases.escalating.views import terms
from quetsach.portal.cases.false_alarms import views as views_alarms
from quetsach.portal.cases.gaps import views as views_gaps
from quetsach.portal.cases.self_check import views as views_check
from quetsach.portal.cases.self_check import views_visits
from quetsach.portal.cases.victims import views as views_victims
from quetsach.portal.cases.withdrawing.views import withdraw_version
from quetsach.portal.cases.work import views as views_work

urlpatterns = [
    path("tu-kiem-tra/", views_check.self_check, name="self_check"),
    path("cd/<slug:slug>/tu-kiem-tra/luot/", views_visits.self_check_visits, name="self_check_visits"),
    path("cd/<slug:slug>/may/", views.cases, name="cases"),
    path("cd/<slug:slug>/may/con-thieu/", views_gaps.gaps, name="case_gaps"),
    path("cd/<slug:slug>/may/viec/", views_work.work, name="case_work"),
    path("cd/<slug:slug>/may/viec/hoan-tac/", views_work.take_back, name="case_work_undo"),
    path("cd/<slug:slug>/may/viec/in/", views_work.sheet, name="case_work_sheet"),
    path("cd/<slug:slug>/may/thoi-han/", terms, name="case_terms"),
    path("cd/<slug:slug>/may/bao-nham/", views_alarms.false_alarms, name="false_alarms"),
    path(
        "cd/<slug:slug>/may/bao-nham/<uuid:alarm_id>/<slug:deed>/",
        views_alarms.decide,
        name="false_alarm_act",
    ),
    path("cd/<slug:slug>/may/<uuid:case_id>/", views.case, name="case"),
    path("cd/<slug:slug>/may/<uuid:case_id>/ghi/<slug:act>/", views.act, name="case_act"),
    path("cd/<slug:slug>/may/<uuid:case_id>/khong-phai/", views.not_ours, name="device_not_ours"),
    path(
        "cd/<slug:slug>/may/<uuid:case_id>/hoi-thay/", views_forwarders.case_forwarder, name="case_forwarder"
    ),
    path("cd/<slug:slug>/may/<uuid:case_id>/chuyen/", views.assign, name="device_assign"),
    path("cd/<slug:slug>/may/<uuid:case_id>/chuyen/rut/", views.hand_back, name="device_hand_back"),
    path("cd/<slug:slug>/nan-nhan/", views_victims.victims, name="victims"),
    path("cd/<slug:slug>/nan-nhan/<uuid:file_id>/", views_victims.victims_file, name="victims_file"),
    path("cd/<slug:slug>/nan-nhan/<uuid:file_id>/rut/", views_victims.take_back, name="victims_back"),
    path("cd/<slug:slug>/nan-nhan/chua-ro/", views_victims.unplaced, name="victims_unplaced"),
    path("cd/<slug:slug>/nan-nhan/chua-ro/tim-lai/", views_victims.look_again, name="victims_look_again"),
    path("cd/<slug:slug>/rui-ro/", views_victims.risks, name="risks"),
    path("cd/<slug:slug>/chi-dau/<uuid:set_id>/thu-hoi/", withdraw_version, name="indicator_withdraw"),
]

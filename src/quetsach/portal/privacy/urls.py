from django.urls import path

from quetsach.portal.privacy import views

urlpatterns = [
    path("rieng-tu/", views.privacy, name="privacy"),
    path("rieng-tu/yeu-cau/", views.ask, name="ask_erasure"),
    path("rieng-tu/so-yeu-cau/", views.requests, name="erasure_requests"),
    path("rieng-tu/so-yeu-cau/<uuid:request_id>/", views.answer, name="erasure_answer"),
    path("rieng-tu/so-yeu-cau/<uuid:request_id>/da-nhan/", views.received, name="erasure_received"),
]

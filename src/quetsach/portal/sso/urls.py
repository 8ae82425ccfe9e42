from django.urls import path

from quetsach.portal.sso import views

urlpatterns = [
    path("dang-nhap-mot-lan/", views.start, name="sso_start"),
    path("dang-nhap-mot-lan/ve/", views.callback, name="sso_callback"),
    path("lien-ket/", views.link, name="sso_link"),
    path("lien-ket/bo/", views.unlink, name="sso_unlink"),
    path("dat-mat-khau/", views.first_password, name="account_set_password"),
]

from allauth.account import views
from django.urls import path

urlpatterns = [
    path("dang-nhap/", views.login, name="account_login"),
    path("dang-xuat/", views.logout, name="account_logout"),
    path("doi-mat-khau/", views.password_change, name="account_change_password"),
    path("khong-mo/", views.signup, name="account_signup"),
    path("tam-khoa/", views.account_inactive, name="account_inactive"),
]

from django.urls import path

from quetsach.portal.handbook import views

urlpatterns = [
    path("tro-giup/", views.handbook, name="handbook"),
    path("tro-giup/<slug:topic>/", views.one, name="handbook_page"),
]

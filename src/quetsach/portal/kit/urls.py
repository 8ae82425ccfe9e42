from django.urls import path
from django.views.i18n import set_language

from quetsach.portal.kit import views

urlpatterns = [
    path("ngon-ngu/", set_language, name="set_language"),
    path("healthz", views.healthz, name="healthz"),
]

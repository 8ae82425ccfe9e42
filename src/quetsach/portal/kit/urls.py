from django.urls import path
from django.views.i18n import set_language

from quetsach.portal.kit.unbuilt import unbuilt

urlpatterns = [
    path("ngon-ngu/", set_language, name="set_language"),
    path("rieng-tu/", unbuilt, name="privacy"),
]

from django.urls import path

from quetsach.portal.equipment import views

urlpatterns = [
    path("thiet-bi/", views.equipment, name="equipment"),
    path("thiet-bi/<slug:source>/", views.one, name="equipment_page"),
]

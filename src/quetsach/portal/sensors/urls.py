from django.urls import path

from quetsach.portal.sensors import views

_SENSOR = "cd/<slug:slug>/cam-bien/<uuid:sensor_id>/"
urlpatterns = [
    path("cd/<slug:slug>/cam-bien/", views.sensors, name="sensors"),
    path(_SENSOR, views.sensor, name="sensor"),
    path(f"{_SENSOR}ghi/<slug:act>/", views.act, name="sensor_act"),
]

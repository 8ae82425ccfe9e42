from django.apps import AppConfig


class SightingsConfig(AppConfig):
    name = "quetsach.portal.sightings"

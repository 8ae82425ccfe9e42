from django.apps import AppConfig


class UnitsConfig(AppConfig):
    name = "quetsach.portal.units"

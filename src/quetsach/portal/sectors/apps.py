from django.apps import AppConfig


class SectorsConfig(AppConfig):
    name = "quetsach.portal.sectors"

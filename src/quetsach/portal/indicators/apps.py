from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "quetsach.portal.indicators"

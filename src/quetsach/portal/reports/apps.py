from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "quetsach.portal.reports"

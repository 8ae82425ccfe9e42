from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "quetsach.portal.intake"

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "quetsach.portal.backups"

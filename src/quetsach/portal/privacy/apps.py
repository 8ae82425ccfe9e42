from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "quetsach.portal.privacy"

from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "quetsach.portal.kit"

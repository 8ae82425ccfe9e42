from django.apps import AppConfig


class BundlesConfig(AppConfig):
    name = "quetsach.portal.bundles"

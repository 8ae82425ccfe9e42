from django.apps import AppConfig


class ToolsConfig(AppConfig):
    name = "quetsach.portal.tools"

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "quetsach.portal.cases"

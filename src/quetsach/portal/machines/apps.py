from django.apps import AppConfig


class MachinesConfig(AppConfig):
    name = "quetsach.portal.machines"

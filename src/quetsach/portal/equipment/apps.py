from django.apps import AppConfig


class EquipmentConfig(AppConfig):
    name = "quetsach.portal.equipment"

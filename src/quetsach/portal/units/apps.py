from django.apps import AppConfig


class UnitsConfig(AppConfig):
    name = "quetsach.portal.units"

    def ready(self) -> None:
        from quetsach.portal.units import sign_ins

        sign_ins.watch()

from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "quetsach.portal.kit"

    def ready(self) -> None:
        from quetsach.portal.kit import refusals

        refusals.watch_sign_ins()

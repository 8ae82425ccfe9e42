from django.apps import AppConfig


class SsoConfig(AppConfig):
    name = "quetsach.portal.sso"

    def ready(self) -> None:
        from quetsach.portal.sso import actions

        actions.watch()

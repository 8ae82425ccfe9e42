from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "quetsach.portal.accounts"

    def ready(self) -> None:
        from quetsach.portal.accounts import session_limits

        session_limits.watch()

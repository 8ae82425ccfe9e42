from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "quetsach.portal.accounts"

    def ready(self) -> None:
        from quetsach.portal.accounts import known_browser, session_limits

        known_browser.watch()
        session_limits.watch()

from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "quetsach.portal.staff"

    def ready(self) -> None:
        from quetsach.portal.staff import second_step_rule

        second_step_rule.watch()

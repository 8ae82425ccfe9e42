from django.apps import AppConfig


class UnitsConfig(AppConfig):
    name = "quetsach.portal.units"

    def ready(self) -> None:
        from quetsach.portal.kit import errors
        from quetsach.portal.units import no_role, sign_ins

        sign_ins.watch()
        errors.EXPLAIN_NOT_FOUND.append(no_role.page_for)

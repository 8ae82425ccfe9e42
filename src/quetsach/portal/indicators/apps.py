from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "quetsach.portal.indicators"

    def ready(self) -> None:
        from quetsach.portal.campaigns.issuing import first_run
        from quetsach.portal.indicators.queries import first_published_at

        first_run.LATER["list"] = first_published_at

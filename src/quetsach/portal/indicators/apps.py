from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "quetsach.portal.indicators"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.campaigns.issuing import first_run
        from quetsach.portal.indicators.queries import first_published_at
        from quetsach.portal.indicators.tasks import FACTS, list_to_publish

        tasks.PROVIDERS.append(list_to_publish)
        tasks.FACTS.update(FACTS)
        first_run.LATER["list"] = first_published_at

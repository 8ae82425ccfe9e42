from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "quetsach.portal.incidents"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.incidents.tasks import FACTS, incidents_to_do

        tasks.PROVIDERS.append(incidents_to_do)
        tasks.FACTS.update(FACTS)

from django.apps import AppConfig


class SightingsConfig(AppConfig):
    name = "quetsach.portal.sightings"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.sightings.tasks import lines_to_read

        tasks.PROVIDERS.append(lines_to_read)

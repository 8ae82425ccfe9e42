from django.apps import AppConfig


class SightingsConfig(AppConfig):
    name = "quetsach.portal.sightings"

    def ready(self) -> None:
        from quetsach.portal.campaigns.tasks import FACTS, PROVIDERS
        from quetsach.portal.sightings.tasks import ARRIVED, LINES, arrived, lines, lines_to_read

        FACTS[LINES], FACTS[ARRIVED] = lines, arrived
        PROVIDERS.append(lines_to_read)

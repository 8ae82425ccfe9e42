from django.apps import AppConfig


class SensorsConfig(AppConfig):
    name = "quetsach.portal.sensors"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.sensors.queries import unseen_at
        from quetsach.portal.sensors.tasks import FACTS, sensors_to_look_at
        from quetsach.portal.sightings.not_looked import UNSEEN

        tasks.PROVIDERS.append(sensors_to_look_at)
        tasks.FACTS.update(FACTS)
        UNSEEN.append(unseen_at)

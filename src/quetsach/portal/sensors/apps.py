from django.apps import AppConfig


class SensorsConfig(AppConfig):
    name = "quetsach.portal.sensors"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.sensors.queries import not_looked_at, unseen_at
        from quetsach.portal.sensors.tasks import FACTS, sensors_to_look_at
        from quetsach.portal.sightings.not_looked import TOLD, UNSEEN

        tasks.PROVIDERS.append(sensors_to_look_at)
        tasks.FACTS.update(FACTS)
        UNSEEN.append(unseen_at)
        TOLD.append(not_looked_at)

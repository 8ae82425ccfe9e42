from django.apps import AppConfig


class SensorsConfig(AppConfig):
    name = "quetsach.portal.sensors"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.sensors.tasks import FACTS, sensors_to_look_at

        tasks.PROVIDERS.append(sensors_to_look_at)
        tasks.FACTS.update(FACTS)

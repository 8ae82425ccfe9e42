from django.apps import AppConfig


class ChecksConfig(AppConfig):
    name = "quetsach.portal.checks"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.checks.queries import FACTS
        from quetsach.portal.checks.tasks import checks_to_do

        tasks.PROVIDERS.append(checks_to_do)
        tasks.FACTS.update(FACTS)

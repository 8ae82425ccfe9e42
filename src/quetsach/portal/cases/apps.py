from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "quetsach.portal.cases"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.campaigns.open_work import OPEN_WORK
        from quetsach.portal.cases.pull_actions import pull_sightings
        from quetsach.portal.cases.tasks import MACHINES, machines_to_do
        from quetsach.portal.sightings import arrivals

        arrivals.LISTENERS.append(pull_sightings)
        tasks.PROVIDERS.append(machines_to_do)
        OPEN_WORK["cases"] = MACHINES

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "quetsach.portal.cases"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.cases.arrived import outcome_of
        from quetsach.portal.cases.pull_actions import pull_sightings
        from quetsach.portal.cases.tasks import machines_to_do
        from quetsach.portal.sightings import arrivals

        arrivals.LISTENERS.append(pull_sightings)
        arrivals.OUTCOMES.append(outcome_of)
        tasks.PROVIDERS.append(machines_to_do)

from django.apps import AppConfig


class MachinesConfig(AppConfig):
    name = "quetsach.portal.machines"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.machines.tasks import machines_to_answer

        tasks.PROVIDERS.append(machines_to_answer)

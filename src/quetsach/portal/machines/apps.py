from django.apps import AppConfig


class MachinesConfig(AppConfig):
    name = "quetsach.portal.machines"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.machines.tasks import QUESTIONS, machines_to_answer, questions

        tasks.FACTS[QUESTIONS] = questions
        tasks.PROVIDERS.append(machines_to_answer)

from django.apps import AppConfig


class MachinesConfig(AppConfig):
    name = "quetsach.portal.machines"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.machines.tasks import (
            ADDRESSES,
            QUESTIONS,
            addresses,
            addresses_to_answer,
            machines_to_answer,
            questions,
        )

        tasks.FACTS |= {QUESTIONS: questions, ADDRESSES: addresses}
        tasks.PROVIDERS += [machines_to_answer, addresses_to_answer]

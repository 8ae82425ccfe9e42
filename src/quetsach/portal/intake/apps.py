from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "quetsach.portal.intake"

    def ready(self) -> None:
        from quetsach.portal.campaigns.open_work import OPEN_WORK
        from quetsach.portal.campaigns.tasks import FACTS, PROVIDERS
        from quetsach.portal.intake.queries import file_of, files_of
        from quetsach.portal.intake.tasks import ANNEXES, files_to_take, number_to_take
        from quetsach.portal.reports.annex.history import FILES
        from quetsach.portal.reports.arrived_files import WAITING

        PROVIDERS.append(files_to_take)
        OPEN_WORK["intake"] = ANNEXES
        FACTS["annexes_to_take"] = number_to_take
        FILES.append(files_of)
        WAITING.append(file_of)

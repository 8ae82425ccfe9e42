from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "quetsach.portal.campaigns"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks

        if tasks.letter_tasks not in tasks.PROVIDERS:
            tasks.PROVIDERS.append(tasks.letter_tasks)

from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "quetsach.portal.letters"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.letters.tasks import FACTS, letters_to_do

        tasks.PROVIDERS.append(letters_to_do)
        tasks.FACTS.update(FACTS)

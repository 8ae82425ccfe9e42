from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "quetsach.portal.letters"

    def ready(self) -> None:
        from quetsach.portal.campaigns.tasks import PROVIDERS
        from quetsach.portal.letters.tasks import letters_to_do

        PROVIDERS.append(letters_to_do)

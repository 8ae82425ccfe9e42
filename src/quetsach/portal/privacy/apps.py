from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "quetsach.portal.privacy"

    def ready(self) -> None:
        from quetsach.portal.campaigns.tasks import FACTS, PROVIDERS
        from quetsach.portal.privacy.tasks import number_to_answer, requests_to_answer

        PROVIDERS.append(requests_to_answer)
        FACTS["data_requests"] = number_to_answer

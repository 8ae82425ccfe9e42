from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "quetsach.portal.people"

    def ready(self) -> None:
        from quetsach.portal.campaigns.tasks import PROVIDERS
        from quetsach.portal.people.tasks import bodies_to_tell

        PROVIDERS.append(bodies_to_tell)

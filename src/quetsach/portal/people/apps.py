from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "quetsach.portal.people"

    def ready(self) -> None:
        from quetsach.portal.campaigns.tasks import FACTS, PROVIDERS
        from quetsach.portal.people.tasks import bodies_to_tell, number_to_tell

        PROVIDERS.append(bodies_to_tell)
        FACTS["bodies_to_tell"] = number_to_tell

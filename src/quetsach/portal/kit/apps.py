from django.apps import AppConfig
from django.conf import settings

from quetsach import limited
from quetsach.portal.kit.strangers import LONGEST_WAIT


class KitConfig(AppConfig):
    name = "quetsach.portal.kit"

    def ready(self) -> None:
        limited.share(settings.READERS_DIR, settings.READERS, LONGEST_WAIT)

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings

from quetsach import limited
from quetsach.portal.kit.strangers import LONGEST_WAIT, PLACES


class KitConfig(AppConfig):
    name = "quetsach.portal.kit"

    def ready(self) -> None:
        limited.share(settings.READERS_DIR, settings.READERS, LONGEST_WAIT, PLACES)
        from quetsach.portal.kit import refusals
        from quetsach.portal.kit.private import close_to_others

        close_to_others(Path(settings.DATA_DIR))
        refusals.watch_sign_ins()

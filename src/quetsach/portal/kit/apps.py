from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class KitConfig(AppConfig):
    name = "quetsach.portal.kit"

    def ready(self) -> None:
        from quetsach.portal.kit.private import close_to_others

        close_to_others(Path(settings.DATA_DIR))

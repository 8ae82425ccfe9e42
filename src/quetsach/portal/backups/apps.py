from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class BackupsConfig(AppConfig):
    name = "quetsach.portal.backups"

    def ready(self) -> None:
        from quetsach.portal.backups.scratch import RESTORE, sweep, sweep_uploads

        sweep(Path(settings.DATA_DIR), RESTORE)
        sweep_uploads(Path(settings.MEDIA_ROOT))

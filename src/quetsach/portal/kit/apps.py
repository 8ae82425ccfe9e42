from pathlib import Path

from django import forms
from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from quetsach.files import bounded_process
from quetsach.portal.kit.strangers import LONGEST_WAIT, PLACES


class KitConfig(AppConfig):
    name = "quetsach.portal.kit"

    def ready(self) -> None:
        bounded_process.share(settings.READERS_DIR, settings.READERS, LONGEST_WAIT, PLACES)
        from quetsach.portal.kit import among as among  # a look-up is known once its module is
        from quetsach.portal.kit import refusals
        from quetsach.portal.kit.private import close_to_others

        # Django's own message does not name the next step.
        forms.FileField.default_error_messages["empty"] = _(
            "The file is empty (0 bytes). Choose the right file, or ask for it again."
        )
        close_to_others(Path(settings.DATA_DIR))
        refusals.watch_sign_ins()

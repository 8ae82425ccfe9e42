"""Rows for the tests of a module, made once: each test starts with them unchanged."""

from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import LazySettings, settings

from tests.portal.cast import Cast


def plain(folder: Path) -> dict[str, Any]:
    """Settings for tests: static files without a manifest, quick passwords, all files below the folder."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    return {
        "STORAGES": storages,
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "MFA_TOTP_TOLERANCE": 1,  # a code may be late on its way from the test to the portal
        "SITE_ADDRESS": "http://testserver",
        "MEDIA_ROOT": str(folder / "files"),
        "STATIC_ROOT": str(folder),
        "DATA_DIR": folder,
        "VAULT_KEY_FILE": str(folder / "keys" / "vault-key"),
    }


@dataclass
class Stage:
    """The rows lie in a transaction that outlives the tests; a test writes in a savepoint of `db`."""

    cast: Cast
    things: dict[str, object]
    folder: Path

    def enter(self, settings: LazySettings, folder: Path) -> Cast:
        """The cast of one test, which may change it and the files freely."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        for name, value in plain(folder).items():
            setattr(settings, name, value)
        return deepcopy(self.cast)

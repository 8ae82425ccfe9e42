"""The same cast and windows as the portal's tests have."""

from tests.portal.conftest import _plain_settings, cast, window  # noqa: F401

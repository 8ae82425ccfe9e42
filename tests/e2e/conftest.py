"""The cast and windows of the portal's tests."""

from tests.portal.conftest import _plain_settings, cast, window  # noqa: F401

"""One browser for all tests that need one, one after another; it is closed before the first test without one.

Starting it takes more of a processor than many a test.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import ExitStack
from functools import cache

import pytest
from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
"""The first is the same browser without its own windows, which nobody sees here: a quarter less work."""
_open = ExitStack()


@cache
def the_browser() -> Browser:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no chromium on this machine")
    # Playwright keeps an event loop in this thread, which Django would mistake for an asynchronous caller.
    _open.enter_context(pytest.MonkeyPatch.context()).setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    playwright = _open.enter_context(sync_playwright())
    _open.callback(the_browser.cache_clear)
    return playwright.chromium.launch(
        executable_path=program,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
        ],
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    yield
    if nextitem is None or "chromium" not in getattr(nextitem, "fixturenames", ()):
        _open.close()


def pytest_sessionfinish() -> None:
    """After a run that was cut short, too."""
    _open.close()

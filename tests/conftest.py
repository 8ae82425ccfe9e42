"""Fixtures for tests of every part."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.frontend import CommandLineInterface
from django.utils import translation
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from quetsach import cli
from quetsach.errors import QuetsachError
from quetsach.scanning.engine import Engine, choose
from quetsach.text import language
from tests import browsers
from tests.browsers import pytest_runtest_teardown, pytest_sessionfinish  # noqa: F401  # hooks, as below
from tests.command_line import Run
from tests.database import (  # noqa: F401  # fixtures of all tests
    django_db_keepdb,
    django_db_modify_db_settings,
    migrated,
)
from tests.gate import (  # noqa: F401  # hooks of pytest, which looks for them here
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_make_collect_report,
    pytest_runtest_logreport,
    pytest_runtest_logstart,
    pytest_runtest_makereport,
    pytest_terminal_summary,
    pytest_xdist_make_scheduler,
)

# No test depends on the speed of a machine: timings belong in bench/.
settings.register_profile("quetsach", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quetsach")

# No test depends on installed programs; tests of the conversion name the program themselves.
os.environ["QUETSACH_LIBREOFFICE"] = "off"


@pytest.fixture(autouse=True)
def _usual_umask() -> None:
    """Restore the umask: a portal served in a test closes its files to other accounts."""
    os.umask(0o022)


@pytest.fixture(autouse=True)
def _usual_language() -> None:
    """Restore the language: a page asked for in a test leaves its reader's language to the thread."""
    translation.deactivate()


@pytest.fixture(scope="session")
def compiled_locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogues of the command line, compiled; the checkout stays unchanged."""
    folder = tmp_path_factory.mktemp("locale") / "locale"
    shutil.copytree(language.LOCALE_DIR, folder, ignore=shutil.ignore_patterns("*.mo"))
    CommandLineInterface().run(["pybabel", "-q", "compile", "-d", str(folder), "-D", language.DOMAIN])
    return folder


@pytest.fixture
def catalogue(compiled_locale: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make Vietnamese texts available; afterwards the language is English again."""
    monkeypatch.setattr(language, "LOCALE_DIR", compiled_locale)
    yield compiled_locale
    language.use("en")


@pytest.fixture
def quetsach(catalogue: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in English."""
    monkeypatch.setenv("QUETSACH_LANG", "en")
    monkeypatch.setenv("QUETSACH_ENGINE", "portable")

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(one) for one in arguments])
        language.use("en")
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="session", params=["portable", "native"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine on this machine; test_choose.py keeps a broken native build from being skipped here."""
    try:
        return choose(request.param)
    except QuetsachError as error:
        pytest.skip(f"{request.param}: {error}")


@pytest.fixture(scope="module")
def chromium() -> Browser:
    """The browser of this process; each person has a browser context of their own."""
    return browsers.the_browser()

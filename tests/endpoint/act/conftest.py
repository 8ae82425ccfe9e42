"""The command line, as its own tests run it."""

from tests.cli.conftest import quetsach

__all__ = ["quetsach"]

"""A network namespace of a test's own: nothing outside of it is touched."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def alone(program: str) -> list[str]:
    """The command that runs another one in a new namespace. Skips the test where the program, such as a
    DHCP server, or a namespace cannot be had."""
    if shutil.which(program, path=PLACES) is None:
        pytest.skip(f"{program} is not on this machine")
    command = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network of its own")
    return command

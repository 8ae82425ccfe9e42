"""Machines of a cluster that cannot take part are reported, and get no work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quetsach import __version__
from quetsach.logs import logformat
from quetsach.text import problems
from quetsach.text.language import code, use

pytest.importorskip("ray", reason="ray is not installed")
import ray

from quetsach.scanning.executors import nodes

pytestmark = pytest.mark.cluster
HERE = (__version__, logformat.digest())
"""The output of `quetsach --version`, and the formats of this folder."""
HAS_NO_QUETSACH = "ModuleNotFoundError: No module named 'quetsach'"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()


def test_a_machine_with_the_same_takes_part(cluster: Any) -> None:
    [node] = nodes.ask(cluster, HERE)
    assert (node.why_idle, node.processors) == ("", 1)


@pytest.mark.parametrize(
    ("here", "told"),
    [
        (("99.0", HERE[1]), f"it has quetsach {__version__}, this one 99.0; install the same there"),
        ((__version__, "0" * 16), "its log formats are others than here"),
    ],
)
def test_a_machine_with_another_is_named_and_says_what_to_do(
    cluster: Any, here: tuple[str, str], told: str
) -> None:
    [node] = nodes.ask(cluster, here)
    [known] = cluster.nodes()
    assert node.name.endswith(f"({known['NodeManagerAddress']})")
    assert node.why_idle.startswith(f"machine {node.name} takes no part: ")
    assert told in node.why_idle
    assert problems.is_known(node.why_idle)


def test_a_machine_without_quetsach_is_named_too(tmp_path: Path, cluster: Any) -> None:
    """The code sent to such a machine must run where quetsach cannot be imported."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(nodes)
    sent = tmp_path / "greet"
    sent.write_bytes(cloudpickle.dumps(nodes.greet))
    program = f"import pickle; print(*pickle.load(open({str(sent)!r}, 'rb'))()[1:], sep='|')"
    where = [path for path in sys.path if "site-packages" in path]
    output = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {where!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert output == f"|{HAS_NO_QUETSACH}"
    why = nodes.why_idle("pc-07 (192.0.2.7)", ("", HAS_NO_QUETSACH), HERE)
    assert why.startswith("machine pc-07 (192.0.2.7) takes no part: quetsach cannot be used there (Module")
    before = code()
    use("vi")
    try:
        assert problems.explain(why).startswith("máy pc-07 (192.0.2.7) không tham gia: ")
    finally:
        use(before)


def test_no_actor_is_put_on_a_machine_that_takes_no_part(cluster: Any) -> None:
    class Actor:
        def say(self) -> int:
            return 1

    [node] = nodes.ask(cluster, HERE)
    barred = cluster.remote(num_cpus=1, **nodes.without([node]))(Actor).remote()
    answered, waiting = cluster.wait([barred.say.remote()], timeout=2)
    assert (len(answered), len(waiting)) == (0, 1)
    cluster.kill(barred)
    free = cluster.remote(num_cpus=1, **nodes.without([]))(Actor).remote()
    assert cluster.get(free.say.remote()) == 1

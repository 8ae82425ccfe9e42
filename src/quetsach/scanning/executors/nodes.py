"""The machines of a cluster that can take part: each reports its version of quetsach before it gets a log."""

from __future__ import annotations

import importlib
import sys
from typing import Any, NamedTuple

type Version = tuple[str, str]
"""The version of quetsach, and the digest of its log formats: their numbers travel between workers."""
_ANSWER_SECONDS = 60
_ID = "ray.io/node-id"


class Node(NamedTuple):
    """A machine, the processors it gives, and the reason why it takes no part; "" where it takes part."""

    id: str
    name: str
    processors: float
    why_idle: str = ""


def greet() -> tuple[str, str, str]:
    """Name, version and digest of the machine that runs this; "" and the error where it has no quetsach.

    Ray sends its code: a machine without quetsach could not import it.
    """
    import socket

    name = socket.gethostname()
    try:
        from quetsach import __version__
        from quetsach.logs import logformat

        return name, __version__, logformat.digest()
    except Exception as error:
        return name, "", f"{type(error).__name__}: {error}"


def ask(ray: Any, here: Version) -> list[Node]:
    """All machines that have processors. A machine that does not answer in time may yet take part."""
    by_value = importlib.import_module("ray.cloudpickle").register_pickle_by_value
    by_value(sys.modules[__name__])
    strategy = importlib.import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
    task = ray.remote(num_cpus=0, max_retries=0)(greet)
    found = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    asked = [
        task.options(scheduling_strategy=strategy(node["NodeID"], soft=False)).remote() for node in found
    ]
    answered = ray.wait(asked, num_returns=len(asked), timeout=_ANSWER_SECONDS)[0] if asked else []
    return [
        _judged(ray, node, one if one in answered else None, here)
        for node, one in zip(found, asked, strict=True)
    ]


def _judged(ray: Any, node: dict[str, Any], asked: Any, here: Version) -> Node:
    plain = Node(node["NodeID"], node["NodeManagerAddress"], node["Resources"]["CPU"])
    if asked is None:
        return plain
    try:
        name, *version = ray.get(asked)
    except Exception:
        # It died; the scan notices that when the machine is to read.
        return plain
    named = plain._replace(name=f"{name} ({plain.name})")
    return named._replace(why_idle=why_idle(named.name, (version[0], version[1]), here))


def why_idle(name: str, there: Version, here: Version) -> str:
    """Why a machine takes no part, with advice; "" where it has the same version as this machine."""
    if not there[0]:
        return (
            f"machine {name} takes no part: quetsach cannot be used there ({there[1]}); install quetsach "
            f"{here[0]} there, in the Python in which ray start runs"
        )
    if there[0] != here[0]:
        return (
            f"machine {name} takes no part: it has quetsach {there[0]}, this one {here[0]}; install the same "
            "there and start its Ray again"
        )
    if there[1] != here[1]:
        return (
            f"machine {name} takes no part: its log formats are others than here, though quetsach is "
            f"{here[0]} on both; make the folders quetsach/logs/formats the same and start its Ray again"
        )
    return ""


def without(idle: list[Node]) -> dict[str, Any]:
    """Options that keep an actor away from these machines."""
    return {"label_selector": {_ID: f"!in({','.join(node.id for node in idle)})"}} if idle else {}

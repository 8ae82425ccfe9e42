"""The seeds: three fixed ones, or that of `--seed N`; `--computers N` for a larger province by hand."""

from __future__ import annotations

import pytest

from tests.simulator import truth

SEEDS = (1, 2, 3)
COMPUTERS = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="one province by this seed in place of the three usual ones")
    parser.addoption("--computers", type=int, default=COMPUTERS, help="computers of the simulated province")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        seed = metafunc.config.getoption("--seed", None)
        metafunc.parametrize("seed", SEEDS if seed is None else (seed,), scope="module")


@pytest.fixture(scope="module")
def world(seed: int, pytestconfig: pytest.Config) -> truth.World:
    """The province of this seed."""
    return truth.Simulation(seed, pytestconfig.getoption("--computers", COMPUTERS)).play()

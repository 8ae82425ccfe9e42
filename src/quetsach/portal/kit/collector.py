"""Python's collector of unreachable objects, for processes that have loaded the portal."""

import gc


def pass_over_what_is_loaded() -> None:
    """Objects loaded by now stay: the collector need not scan them again, nor run after every 700 new
    objects. Of a push of thousands of machines it took a fifth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)

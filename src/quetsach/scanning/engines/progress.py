"""What another thread sees of a scan of the portable engine."""


class Progress:
    """Counters of a scan; another thread reads them and may ask it to stop."""

    def __init__(self) -> None:
        self.bytes_read = 0
        self.hits = 0
        self.cancelled = False

    def cancel(self) -> None:
        """Ask the scan to stop at the next line."""
        self.cancelled = True


class SpareThreads:
    """Idle threads, never borrowed: a second Python thread does not make one file faster."""

    def give(self) -> None:
        pass

"""All errors that the library raises on purpose. A message names the problem, its place and the next step."""


class QuetsachError(Exception):
    """Base of all errors raised on purpose; `code` is a stable English identifier for machines."""

    code = "error"


class IndicatorError(QuetsachError):
    """A value is not an indicator, or an indicator set cannot be used."""

    code = "indicator"


class SourceError(QuetsachError):
    """A log source could not be read to its end."""

    code = "source"


class ScanError(QuetsachError):
    """A scan could not start or its result is not usable."""

    code = "scan"


class PortalError(QuetsachError):
    """The portal refused or could not be reached."""

    code = "portal"


class DocumentError(QuetsachError):
    """An official document could not be drawn."""

    code = "document"

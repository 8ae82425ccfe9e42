"""The start of the program from the stick's `.cmd`."""

import sys

from quetsach.stick import archives

archives.read_once()

from quetsach.stick.starting import main  # noqa: E402  # from archives that are read once

sys.exit(main(sys.argv[1:]))

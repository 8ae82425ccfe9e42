"""The start of the program from the stick's `.cmd`."""

import sys

from quetsach.stick.starting import main

sys.exit(main(sys.argv[1:]))

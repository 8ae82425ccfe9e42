"""What the stick's `.cmd` starts."""

import sys

from quetsach.stick.starting import main

sys.exit(main(sys.argv[1:]))

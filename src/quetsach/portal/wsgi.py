"""The WSGI application. `quetsach serve` has its own server (portal/serving); others lack its bounds."""

import os
import sys

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from quetsach.portal.kit import collector, visits
from quetsach.portal.kit.readable import with_plain_fields
from quetsach.portal.kit.refusals import counting
from quetsach.portal.kit.strangers import visiting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quetsach.portal.settings")
# A thread that holds the database's lock gives up the interpreter with each statement, and must get it back
# fast: every other writer waits with it. So Python switches threads sooner than by default.
sys.setswitchinterval(0.001)
# Uploads, and the files that SQLite makes beside the database, are for this account only.
os.umask(0o077)
application = with_plain_fields(visiting(get_wsgi_application()))
counting.COUNTS.serve()
visits.COUNTS.serve()
# Otherwise the first requests would all import every page at once.
get_resolver().url_patterns  # noqa: B018
collector.pass_over_what_is_loaded()

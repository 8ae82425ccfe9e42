"""The WSGI application. `quetsach serve` has its own server (portal/serving); others lack its bounds."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from quetsach.portal.kit.readable import with_plain_fields
from quetsach.portal.kit.refusals import counting
from quetsach.portal.kit.strangers import visiting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quetsach.portal.settings")
# A thread that holds the database's lock gives the interpreter away with each statement. It must not wait for
# it as long as Python lets a thread that only computes go on: every other writer waits with it.
sys.setswitchinterval(0.001)
# Uploads, and what SQLite makes beside the database, are for this account only.
os.umask(0o077)
application = with_plain_fields(visiting(get_wsgi_application()))
counting.write_behind()
# Else the first requests import every page, all at once.
get_resolver().url_patterns  # noqa: B018
# What is loaded by now stays: the collector need not walk it again, nor come after every 700 new objects.
gc.freeze()
gc.set_threshold(20_000, 20, 20)

"""Template filters of the account pages."""

from __future__ import annotations

from django import template

from quetsach.portal.accounts.browsers import browser_name

register = template.Library()
register.filter("browser", browser_name)

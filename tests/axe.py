"""What axe finds on a page that would shut somebody out."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}
# The other rules find only what nobody asks for, in a third of the time.
_RUN = """async () => {
  const lesser = axe._audit.rules.filter(rule => ["minor", "moderate"].includes(rule.impact));
  const rules = Object.fromEntries(lesser.map(rule => [rule.id, {enabled: false}]));
  return (await axe.run({resultTypes: ["violations"], rules})).violations;
}"""


def grave_findings(page: Page) -> list[dict[str, Any]]:
    """The findings of axe's serious and critical rules."""
    if not page.evaluate("'axe' in window"):  # it stays until the page is left
        page.evaluate(AXE_SCRIPT)
    return [finding for finding in page.evaluate(_RUN) if finding["impact"] in GRAVE]

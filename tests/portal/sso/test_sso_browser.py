"""Signing in by the identity provider as a browser does it, under the portal's Content-Security-Policy."""

from __future__ import annotations

import shutil

import pytest
from allauth.socialaccount.models import SocialAccount
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright

from quetsach.portal.sso.configuration import IdentityProvider

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def page(monkeypatch):
    """A phone. Playwright keeps an event loop in this thread, which Django would take for an async caller."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 360, "height": 800}, locale="en-GB")
        page = context.new_page()
        page.refused = []
        page.on("console", lambda said: page.refused.append(said.text) if said.type == "error" else None)
        yield page
        browser.close()


def looks_right(page) -> None:
    """No grave finding of axe, nothing wider than the phone."""
    found = [f for f in Axe().run(page).response["violations"] if f["impact"] in {"serious", "critical"}]
    assert not found, found
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_link_sign_out_sign_in_and_break_off(cast, fake, settings, live_server, page):
    cache.clear()
    settings.SITE_ADDRESS = live_server.url
    settings.SSO = IdentityProvider(
        name="Nơi xác thực thử",
        issuer=fake.url,
        client_id="quetsach",
        client_secret="s3cret",
        discovery=f"{fake.url}/.well-known/openid-configuration",
    )
    user = cast.user("A1", "officer")
    page.goto(live_server.url + reverse("account_login"))
    looks_right(page)
    page.get_by_label("Tên đăng nhập").fill(user.username)
    page.get_by_label("Mật khẩu", exact=True).fill("quet-sach-123")
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    page.goto(live_server.url + reverse("my_account"))
    page.get_by_role("button", name="Liên kết với Nơi xác thực thử").click()
    page.get_by_label("Mật khẩu").fill("quet-sach-123")
    page.get_by_role("button", name="Tiếp tục").click()
    # The page between goes on by itself; no form of ours may end at another site.
    page.get_by_role("button", name="Đồng ý").click()
    expect(page.get_by_text("Đã liên kết. Từ nay")).to_be_visible()
    looks_right(page)
    assert SocialAccount.objects.get().user == user
    page.get_by_role("button", name="Đăng xuất").click()
    page.goto(live_server.url + reverse("account_login"))
    page.get_by_role("button", name="Đăng nhập bằng Nơi xác thực thử").click()
    page.get_by_role("button", name="Từ chối").click()
    expect(page.get_by_role("heading", name="Anh/chị đã dừng đăng nhập")).to_be_visible()
    looks_right(page)
    page.get_by_role("main").get_by_role("link", name="Đăng nhập").click()
    page.get_by_role("button", name="Đăng nhập bằng Nơi xác thực thử").click()
    page.get_by_role("button", name="Đồng ý").click()
    expect(page.get_by_role("button", name="Đăng xuất")).to_be_visible()
    assert page.url.startswith(live_server.url)
    assert not [said for said in page.refused if "Content Security Policy" in said], page.refused

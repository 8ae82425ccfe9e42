"""Signing in by the identity provider as a browser does it, under the portal's Content-Security-Policy."""

from __future__ import annotations

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect

from quetsach.portal.sso.configuration import IdentityProvider
from tests.axe import grave_findings
from tests.portal.sso.identity_provider import CLIENT, SECRET

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def looks_right(page) -> None:
    """No serious finding of axe, and nothing wider than the phone."""
    found = grave_findings(page)
    assert not found, found
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_link_sign_out_sign_in_and_break_off(cast, fake, settings, live_server, window):
    cache.clear()
    settings.SITE_ADDRESS = live_server.url
    settings.SSO = IdentityProvider(
        name="Nơi xác thực thử",
        issuer=fake.url,
        client_id=CLIENT,
        client_secret=SECRET,
        discovery=f"{fake.url}/.well-known/openid-configuration",
    )
    user = cast.user("A1", "officer")
    page = window(width=360)
    page.goto(reverse("account_login"))
    looks_right(page)
    page.get_by_label("Tên đăng nhập").fill(user.username)
    page.get_by_label("Mật khẩu", exact=True).fill("quet-sach-123")
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    page.goto(reverse("my_account"))
    page.get_by_role("button", name="Liên kết với Nơi xác thực thử").click()
    page.get_by_label("Mật khẩu").fill("quet-sach-123")
    page.get_by_role("button", name="Tiếp tục").click()
    # The page in between goes on by itself; no form of ours may end at another site.
    page.get_by_role("button", name="Đồng ý").click()
    expect(page.get_by_text("Đã liên kết. Từ nay")).to_be_visible()
    looks_right(page)
    assert SocialAccount.objects.get().user == user
    page.get_by_role("main").get_by_role("button", name="Đăng xuất").click()
    page.goto(reverse("account_login"))
    page.get_by_role("button", name="Đăng nhập bằng Nơi xác thực thử").click()
    page.get_by_role("button", name="Từ chối").click()
    expect(page.get_by_role("heading", name="Anh/chị đã dừng đăng nhập")).to_be_visible()
    looks_right(page)
    page.get_by_role("main").get_by_role("link", name="Đăng nhập").click()
    page.get_by_role("button", name="Đăng nhập bằng Nơi xác thực thử").click()
    page.get_by_role("button", name="Đồng ý").click()
    expect(page.get_by_role("banner").get_by_title("Tài khoản", exact=True)).to_be_visible()
    assert page.url.startswith(live_server.url)

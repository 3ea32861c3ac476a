"""Every page there is, by day and by night, on a desk and on a phone: nothing is wrong with any of them."""

import pytest

from app.lookups.resource import LOOKUP_RESOURCES
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser

LOOKUP = "/contact-types"
PLAIN_PAGES = [
    "/",
    "/customers/list/",
    "/customers/list/?q=nobody-is-called-this",
    "/customers/add",
    "/contacts/list/",
    "/contacts/add",
    "/invoices/list/",
    "/invoices/add",
    "/messages/list/",
    "/messages/list/?state=failed",
    "/inbox/",
    *[f"/{resource.plural.lower().replace(' ', '-')}/list/" for resource in LOOKUP_RESOURCES.values()],
    f"{LOOKUP}/add",
    f"{LOOKUP}/show/1",
    f"{LOOKUP}/edit/1",
    f"{LOOKUP}/delete/1",
    "/issuer/list/",
    "/issuer/show/1",
    "/issuer/edit/1",
    "/users/list/",
    "/users/show/1",
    "/users/add",
    "/users/edit/1",
    "/users/userinfo/",
    "/roles/list/",
    "/roles/show/1",
    "/userinfoeditview/form",
    "/resetmypassword/form",
    "/swagger/v1",
]


@pytest.mark.parametrize("path", PLAIN_PAGES)
def test_a_page(watch, records, path):
    assert watch("admin").look_at(path) == []


@pytest.mark.parametrize(
    ("user", "path", "status"), [("admin", "/customers/show/999999", 404), ("support", "/users/list/", 403)]
)
def test_a_page_that_refuses(watch, user, path, status):
    assert watch(user).look_at(path, status=status) == []


def test_the_login_page(chromium, demo):
    context = chromium.new_context(base_url=demo.url, reduced_motion="reduce")
    assert Watch(context.new_page(), demo.url).look_at("/login/") == []
    context.close()


def test_what_is_wrong_would_be_seen(watch, demo):
    """The watch itself: a page with one of each fault is not let through."""
    seen = watch("admin")
    seen.look_at("/")
    seen.page.evaluate(
        """() => {
          document.querySelector("main").insertAdjacentHTML("beforeend",
            '<h1>Second</h1><img src="https://elsewhere.example/a.png"><hr>');
          document.querySelector("hr").style.width = "4000px";
          console.error("a fault");
        }"""
    )
    seen.page.wait_for_timeout(200)
    seen.judge(320, "light")
    told = " ".join(seen.faults)
    for fault in ("policy: img-src", "console: a fault", "2 main headings", "px wide", "image-alt"):
        assert fault in told, fault

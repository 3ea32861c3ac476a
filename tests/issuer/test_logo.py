"""The logo: a picture of any size comes to one that paper can show; what is none is refused; PDFs carry it."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from pypdf import PdfReader

from app.core.errors import Forbidden, Invalid, Stale
from app.extensions import db
from app.invoices.models import Invoice
from app.invoices.printing import print_invoice
from app.issuer import logo
from app.issuer.models import Issuer
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def picture(kind="PNG", size=(90, 30), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, 200 if mode in ("L", "P") else tuple([200] * len(mode))).save(out, kind, **options)
    return out.getvalue()


def kept():
    db.session.rollback()
    return db.session.get_one(Issuer, 1).logo


def set_logo(data, who=None, **given):
    return making.run(logo.set_logo, who, issuer_id=1, picture=data, **given)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
@pytest.mark.parametrize("size", [(90, 30), (3_000, 3_000), (5_000, 12), (1, 1)])
def test_what_is_kept_fits_on_paper(mode, size):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    set_logo(picture(kind, size, mode))
    with Image.open(io.BytesIO(kept())) as image:
        assert (image.format, image.mode) == (kind, "RGBA" if mode == "RGBA" else "RGB")
        assert image.width <= min(size[0], 1_200)
        assert image.height <= min(size[1], 600)
        # As wide for its height as it was, to a pixel.
        assert image.width * size[1] == pytest.approx(image.height * size[0], abs=max(size) + 1)


def test_a_photograph_stands_upright_and_says_nothing_of_where_it_was_taken():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    set_logo(picture("JPEG", (90, 30), exif=exif))
    with Image.open(io.BytesIO(kept())) as image:
        assert image.size == (30, 90)
        assert not image.getexif()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:60],
        picture("GIF", mode="L"),
        picture(size=(5_001, 1)),
        picture() + bytes(logo.MAX_FILE),
    ],
    ids=["nothing", "text", "svg", "cut off", "gif", "too wide", "too large"],
)
def test_what_is_no_logo_is_refused_and_nothing_is_kept(data):
    with pytest.raises(Invalid) as caught:
        set_logo(data)
    assert caught.value.errors.keys() == {"logo"}
    assert kept() is None


def test_only_administrators_and_only_the_version_that_was_read():
    for who in ("finance", "support", "auditor"):
        for verb, given in ((logo.set_logo, {"picture": picture()}), (logo.remove_logo, {})):
            with pytest.raises(Forbidden):
                making.run(verb, actor(who), issuer_id=1, **given)
    set_logo(picture())
    with pytest.raises(Stale):
        set_logo(picture("JPEG"), version=1)
    assert kept().startswith(b"\x89PNG")


def test_an_invoice_carries_it_and_the_trail_names_it_by_its_hash():
    set_logo(picture(size=(90, 30)))
    # The same once more is no change.
    set_logo(picture(size=(90, 30)))
    (entry,) = [one for one in making.trail() if one.verb == "issuer:updated"]
    assert str(entry.touched[0].changes).count("sha256:") == 1
    invoice = db.session.get_one(Invoice, making.invoice(making.customer("AC1")))
    data = print_invoice(db.session, invoice, language="en", format_="short")
    assert len(PdfReader(io.BytesIO(data)).pages[0].images) == 1
    making.run(logo.remove_logo, issuer_id=1)
    assert kept() is None


def test_over_rest_it_is_set_read_and_taken_away(api):
    admin, support, finance = api("admin"), api("support"), api("finance")
    path = "/api/v1/issuer/1/logo"
    assert admin("get", path).status_code == 404
    data = base64.b64encode(picture("JPEG")).decode()
    answer = admin("post", path, json={"content": data})
    assert (answer.status_code, answer.json["result"]["logo"]) == (200, "image/jpeg")
    got = support("get", path)
    assert (got.mimetype, got.data[:2]) == ("image/jpeg", b"\xff\xd8")
    for content, field in (("no base64", "content"), (base64.b64encode(b"text").decode(), "logo"), (None, "logo")):
        refused = admin("post", path, json={"content": content})
        assert (refused.status_code, refused.json["errors"].keys()) == (422, {field})
    assert admin("post", path, json={"content": data, "version": 1}).status_code == 412
    assert finance("delete", path).status_code == 403
    answer = admin("delete", path)
    assert (answer.status_code, answer.json["result"]["logo"]) == (200, None)


def test_on_its_page_it_is_set_shown_and_removed(login):
    browser = login("admin")
    form = {"version": "1", "logo": (io.BytesIO(b"text"), "logo.png")}
    refused = browser.post("/issuer/1/set-logo", data=form)
    assert refused.status_code == 422
    assert "This can&#39;t be read as a PNG or JPEG picture." in refused.text
    form = {"version": "1", "logo": (io.BytesIO(picture()), "logo.png")}
    assert browser.post("/issuer/1/set-logo", data=form).status_code == 302
    assert 'src="/issuer/1/logo?version=2"' in browser.get("/issuer/show/1").text
    assert browser.get("/issuer/1/logo?version=2").data == kept()
    assert login("finance").get("/issuer/1/set-logo").status_code == 403
    assert browser.post("/issuer/1/remove-logo", data={"version": "2"}).status_code == 302
    assert kept() is None

"""The issuer: one record, which administrators change, and the letterhead that is made of it."""

from __future__ import annotations

import pytest

from app.core.errors import Forbidden, Invalid, NotFound, Stale
from app.extensions import db
from app.issuer import service
from app.issuer.details import details_of
from app.issuer.models import Issuer
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def refused(kind, who=None, **given):
    with pytest.raises(kind) as caught:
        making.run(service.update_issuer, who, **{"issuer_id": 1, **given})
    db.session.rollback()
    return caught.value


def test_the_issuer_is_the_administrators():
    making.run(service.update_issuer, issuer_id=1, values={"name": "Sender Ltd", "footer": "Line\nLine"})
    db.session.rollback()
    issuer = db.session.get_one(Issuer, 1)
    assert (issuer.name, issuer.footer) == ("Sender Ltd", "Line\nLine")
    assert refused(Invalid, values={"name": ""}).errors.keys() == {"name"}
    refused(Stale, values={"name": "X"}, version=issuer.version - 1)
    refused(NotFound, issuer_id=2, values={})
    for who in ("finance", "support", "auditor"):
        refused(Forbidden, actor(who), values={"name": "X"})


def test_a_letterhead_leaves_out_what_the_issuer_has_not():
    making.run(service.update_issuer, issuer_id=1, values={"address_line_2": "Weir Mill", "postcode": "HX1 1AA"})
    details = details_of(db.session.get_one(Issuer, 1))
    assert details.address == ("Weir Mill", "HX1 1AA")
    assert (details.vat_number, details.logo) == ("", None)

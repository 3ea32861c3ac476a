"""The issuer's logo: which pictures can be one, and the verbs that set it and take it away."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, ImageOps
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Invalid
from app.core.records import check_version
from app.core.words import said, say
from app.issuer import queries
from app.issuer.models import Issuer

# Of the file that is handed in; what is kept is smaller.
MAX_FILE = 5 * 1024 * 1024
# A small file may hold a picture that fills the memory.
MAX_PIXELS = 5_000
# As much as a printer can show of it at the head of a page; each PDF carries it.
KEPT_PIXELS = (1_200, 600)
PNG, JPEG = "image/png", "image/jpeg"
_FORMATS = {"PNG": PNG, "JPEG": JPEG}


def media_type_of(logo: bytes) -> str:
    """Return the media type of a logo that is kept: `image/png` or `image/jpeg`."""
    return PNG if logo.startswith(b"\x89PNG") else JPEG


def prepared(picture: bytes) -> bytes:
    """Return a picture as a logo is kept: scaled down to what paper shows, the right way up, and nothing but pixels.

    Raises ValueError in plain words for what is no PNG or JPEG, or too large.
    """
    if not picture:
        raise ValueError(say("Choose a picture: a PNG or a JPEG."))
    if len(picture) > MAX_FILE:
        raise ValueError(say("A file may have {limit} MB at most.", limit=MAX_FILE // 1024**2))
    try:
        with Image.open(io.BytesIO(picture), formats=tuple(_FORMATS)) as image:
            fits = max(image.size) <= MAX_PIXELS
            if fits:
                return _kept(image)
    except Exception as error:
        # Pillow raises a class of its own for each kind of broken picture.
        raise ValueError(say("This can't be read as a PNG or JPEG picture.")) from error
    raise ValueError(say("A logo may have {limit} pixels on each side at most.", limit=MAX_PIXELS))


def _kept(image: Image.Image) -> bytes:
    kind = str(image.format)
    upright = ImageOps.exif_transpose(image)
    kept = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    kept.thumbnail(KEPT_PIXELS)
    out = io.BytesIO()
    kept.save(out, kind, **({"quality": 90} if kind == "JPEG" else {"optimize": True}))
    return out.getvalue()


def set_logo(session: Session, actor: Actor, *, issuer_id: int, picture: bytes, version: int | None = None) -> Issuer:
    """Set the logo, a PNG or JPEG; it heads what is made from now on. Raises Forbidden, NotFound, Stale, Invalid."""
    issuer = _to_change(session, actor, issuer_id, version)
    try:
        logo = prepared(picture)
    except ValueError as error:
        raise Invalid(said(error), field="logo") from error
    return _with(session, actor, issuer, logo)


def remove_logo(session: Session, actor: Actor, *, issuer_id: int, version: int | None = None) -> Issuer:
    """Take the logo away: the name stands in its place. Raises Forbidden, NotFound, Stale."""
    return _with(session, actor, _to_change(session, actor, issuer_id, version), None)


def _to_change(session: Session, actor: Actor, issuer_id: int, version: int | None) -> Issuer:
    ensure(actor, Operation.UPDATE, "issuer")
    issuer = queries.issuer_by_id(session, actor, issuer_id=issuer_id, lock=True)
    check_version(issuer, version)
    return issuer


def _with(session: Session, actor: Actor, issuer: Issuer, logo: bytes | None) -> Issuer:
    if issuer.logo != logo:
        changes = {"logo": (_named(issuer.logo), _named(logo))}
        issuer.logo, issuer.last_modified_at = logo, clock.now()
        touched = [Touch("issuer", issuer.id, issuer.name, changes)]
        audit.record(session, actor, verb=Verb.ISSUER_UPDATED, touched=touched)
    return issuer


def _named(logo: bytes | None) -> str | None:
    """Return how the trail names a picture: by the beginning of its SHA-256."""
    return f"sha256:{hashlib.sha256(logo).hexdigest()[:16]}" if logo else None

"""A second opinion on who gets a copy, written from the specification alone and by brute force.

It shares no line with the program. A world is plain dicts, in which mailboxes are numbers: that two spellings are one
mailbox is known here because the generator made them so, and needs no rule. Each claim on a copy is put to a list of
objections, first to last; what nobody objects to is a mail.
"""

from typing import Any, NamedTuple


class Claim(NamedTuple):
    world: dict[str, Any]
    road: str
    who: dict[str, Any] | None
    box: int | None


FULLNESS = {"none": 0, "short": 1, "long": 2, "full": 3}
GOT_NOWHERE = {"failed", "bounced", "cancelled"}


def claims(world):
    """List everyone who might expect the document, as (road, contact or None, mailbox or None)."""
    if world["typed_in"]:
        return [("typed_in", None, box) for box in once(world["typed_in"])]
    account = once(world["customer"]["mailboxes"])
    found = []
    if world["kind"] == "ticket_update" and world["requester"] is not None:
        found.append(("requester", None, world["requester"]))
        found += [("customer", None, box) for box in account[1:]]
    else:
        found += [("customer", None, box) for box in account or [None]]
    found += [("contact", person, person["mailbox"]) for person in world["contacts"] if not person["deleted"]]
    return found


def once(boxes):
    return sorted(set(boxes), key=boxes.index)


# (reason, does it speak against this claim?), in the order in which reasons are given.
OBJECTIONS = [
    ("customer_deleted", lambda c: c.world["customer"]["deleted"]),
    ("status_forbids", lambda c: not c.world["customer"]["allows"]),
    ("internal", lambda c: c.world["kind"] == "ticket_update" and c.world["internal"]),
    (
        "email_billing_off",
        lambda c: c.road == "customer" and c.world["kind"] == "invoice" and not c.world["customer"]["billing"],
    ),
    (
        "format_none",
        lambda c: (
            c.world["kind"] == "invoice"
            and (
                (c.road == "customer" and c.world["customer"]["format"] == "none")
                or (c.who and c.who["format"] == "none")
            )
        ),
    ),
    (
        "bills_only",
        lambda c: (
            c.road == "customer"
            and c.world["kind"] != "invoice"
            and c.box is not None
            and c.box != c.world["customer"]["mailboxes"][0]
        ),
    ),
    ("type_not_selected", lambda c: c.who and not wants_the_type(c.world, c.who)),
    (
        "no_marketing_consent",
        lambda c: (
            c.world["kind"] == "correspondence"
            and c.world["marketing"]
            and ((c.road == "customer" and not c.world["customer"]["consent"]) or (c.who and not c.who["consent"]))
        ),
    ),
    (
        "author",
        lambda c: (
            c.world["kind"] == "ticket_update"
            and c.road != "typed_in"
            and c.box is not None
            and c.box == c.world["author"]
        ),
    ),
    ("no_address", lambda c: c.box is None),
    ("suppressed", lambda c: c.box in c.world["suppressed"]),
    ("already_sent", lambda c: c.world["made"].get(c.box, "cancelled") != "cancelled"),
    ("unticked", lambda c: c.box in c.world["unticked"]),
]


def wants_the_type(world, person):
    if world["kind"] == "correspondence":
        return world["type"] in person["letters"]
    return world["kind"] == "invoice" or world["type"] in person["tickets"]


def why(world, road):
    if road != "contact":
        return {"customer": "customer_email"}.get(road, road)
    return {"invoice": "copy_email_bill", "correspondence": "copy_correspondence"}.get(
        world["kind"], "copy_ticket_updates"
    )


def best_format(world, roads, people):
    if world["kind"] != "invoice":
        return None
    if people:
        return max((person["format"] for person in people), key=FULLNESS.get)
    if "typed_in" in roads and world["typed_format"] not in (None, "none"):
        return world["typed_format"]
    own = world["customer"]["format"]
    return "short" if own == "none" else own


def reports(world, roads, people, *, withheld=False):
    """Say which usage reports go along; with `withheld`, which are asked for and are not the customer's to have."""
    if world["kind"] != "invoice" or not world["module"]:
        return []
    asked = {person["report"] for person in people} | ({world["customer"]["report"]} if "customer" in roads else set())
    return sorted(one for one in asked - {None} if (one in world["unavailable"]) == withheld)


def expected(world):
    """Say who gets what and why, who does not and why not, and whether an invoice reaches nobody."""
    granted, refused = [], set()
    for road, person, box in claims(world):
        against = [reason for reason, objects in OBJECTIONS if objects(Claim(world, road, person, box))]
        if against:
            refused.add((box, road, person and person["id"], against[0]))
        else:
            granted.append((road, person, box))
    mails = {}
    for box in {box for _, _, box in granted}:
        here = [(road, person) for road, person, at in granted if at == box]
        people = [person for _, person in here if person]
        roads = [road for road, _ in here]
        mails[box] = {
            "addressed_to": min((person["id"] for person in people), default=None),
            "format": best_format(world, roads, people),
            "reports": reports(world, roads, people),
            "withheld": reports(world, roads, people, withheld=True),
            "because": {(road, person and person["id"], why(world, road)) for road, person in here},
        }
    nobody = world["kind"] == "invoice" and not mails and set(world["made"].values()) <= GOT_NOWHERE
    return {"mails": mails, "refused": refused, "nobody": nobody}

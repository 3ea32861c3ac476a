"""The one-copy law: one message for each document and address, none to anyone who isn't owed one, all reasons kept.

Random worlds are put to the plan and to an oracle that was written apart from it. COUNTERPART_TEST_FULL=1 tries 10,000.
"""

import itertools
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, DocumentKind, Link, Made
from app.mailer.planning.rules import difference, plan
from tests.properties.oracle import expected

pytestmark = pytest.mark.slow

EXAMPLES = 10_000 if os.environ.get("COUNTERPART_TEST_FULL") == "1" else 500
LAW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Each row is one mailbox; the first spelling is the normalised one.
MAILBOXES = (
    ("anna@example.com", "Anna@Example.com", " ANNA@EXAMPLE.COM\t"),
    ("ben@xn--bcher-kva.example", "ben@bücher.example", "BEN@Bücher.example", "ben@XN--BCHER-KVA.EXAMPLE"),
    ("jörg@example.com", "JÖRG@example.com", "jo\u0308rg@example.com "),
    ("carl@xn--strae-oqa.example", "carl@straße.example", "Carl@Straße.Example"),
    ("carl@strasse.example", "CARL@strasse.example"),
    ("dora@example.com", "dora@Example.COM"),
)
SPELLINGS = [(box, spelling) for box, row in enumerate(MAILBOXES) for spelling in row]
FORMATS = [str(bill_format) for bill_format in BillFormat]
TYPES = [1, 2, 3]
STATES = ["held", "queued", "sending", "waiting", "uncertain", "sent", "failed", "bounced", "cancelled"]

types = st.frozensets(st.sampled_from(TYPES))
formats = st.sampled_from(FORMATS)
report = st.none() | st.integers(1, 3)
mostly = st.sampled_from([True, True, True, True, True, False])
seldom = st.sampled_from([False, False, False, False, False, True])


@st.composite
def worlds(draw):
    """Draw a world on a few mailboxes, so that roads often meet at one."""
    boxes = st.sampled_from(draw(st.lists(st.sampled_from(range(len(MAILBOXES))), min_size=1, max_size=4)))
    spelled = boxes.flatmap(lambda box: st.sampled_from([(box, spelling) for spelling in MAILBOXES[box]]))
    fields = {
        "kind": st.sampled_from([str(kind) for kind in DocumentKind]),
        "type": st.sampled_from(TYPES),
        "marketing": st.booleans(),
        "internal": seldom,
        "author_email": st.none() | spelled,
        "requester_email": st.none() | spelled,
        "customer": accounts(spelled),
        "contacts": st.lists(people(spelled), max_size=6, unique_by=lambda person: person["id"]),
        "suppressed": seldom.flatmap(lambda some: st.frozensets(boxes, max_size=2 * some)),
        "made": seldom.flatmap(lambda some: st.dictionaries(boxes, st.sampled_from(STATES), max_size=2 * some)),
        "unticked_emails": seldom.flatmap(lambda some: st.lists(spelled, max_size=2 * some)),
        "typed_emails": seldom.flatmap(lambda some: st.lists(spelled, max_size=3 * some)),
        "typed_format": st.none() | formats,
        "module": mostly,
        "unavailable": st.frozensets(st.integers(1, 3)),
    }
    return draw(st.fixed_dictionaries(fields))


def accounts(spelled):
    return st.fixed_dictionaries(
        {
            "emails": st.lists(spelled, max_size=4),
            "billing": mostly,
            "format": formats,
            "report": report,
            "consent": st.booleans(),
            "allows": mostly,
            "deleted": seldom,
        }
    )


def people(spelled):
    return st.fixed_dictionaries(
        {
            "id": st.integers(1, 40),
            "email": st.none() | spelled,
            "link": st.sampled_from(["direct", "shared"]),
            "format": formats,
            "report": report,
            "letters": types,
            "tickets": types,
            "consent": st.booleans(),
            "deleted": seldom,
        }
    )


def box_of(pair):
    return pair[0] if pair else None


def spelling_of(pair):
    return pair[1] if pair else None


def ask_the_oracle(world):
    """Put the world in the oracle's terms: mailboxes instead of spellings."""
    customer = world["customer"] | {"mailboxes": [box_of(pair) for pair in world["customer"]["emails"]]}
    contacts = [person | {"mailbox": box_of(person["email"])} for person in world["contacts"]]
    return expected(
        world
        | {
            "customer": customer,
            "contacts": contacts,
            "author": box_of(world["author_email"]),
            "requester": box_of(world["requester_email"]),
            "unticked": {box for box, _ in world["unticked_emails"]},
            "typed_in": [box for box, _ in world["typed_emails"]],
        }
    )


def ask_the_plan(world, *, name="Somebody"):
    account = world["customer"]
    customer = Customer(
        id=1,
        name=name,
        emails=tuple(spelling for _, spelling in account["emails"]),
        email_billing=account["billing"],
        email_bill_type=BillFormat(account["format"]),
        usage_report=account["report"],
        marketing_consent=account["consent"],
        allows_correspondence=account["allows"],
        deleted=account["deleted"],
    )
    return plan(document_of(world), customer, contacts_of(world, name), circumstances_of(world))


def document_of(world):
    return Document(
        kind=DocumentKind(world["kind"]),
        id=1,
        number="X/1",
        version=1,
        type_id=None if world["kind"] == "invoice" else world["type"],
        marketing=world["marketing"],
        internal=world["internal"],
        author_address=spelling_of(world["author_email"]),
        requester_email=spelling_of(world["requester_email"]),
    )


def contacts_of(world, name):
    return [
        Contact(
            id=person["id"],
            name=name,
            link=Link(person["link"]),
            email=spelling_of(person["email"]),
            email_bill_type=BillFormat(person["format"]),
            usage_report=person["report"],
            copy_correspondence=person["letters"],
            copy_ticket_updates=person["tickets"],
            marketing_consent=person["consent"],
            deleted=person["deleted"],
        )
        for person in world["contacts"]
    ]


def circumstances_of(world):
    return Circumstances(
        suppressed={MAILBOXES[box][0]: "" for box in world["suppressed"]},
        already_made={MAILBOXES[box][0]: Made(box, state) for box, state in world["made"].items()},
        usage_module=world["module"],
        unavailable_reports=world["unavailable"],
        unticked=frozenset(spelling for _, spelling in world["unticked_emails"]),
        typed_in=tuple(spelling for _, spelling in world["typed_emails"]),
        typed_in_format=BillFormat(world["typed_format"]) if world["typed_format"] else None,
    )


def mailbox(address):
    """Find the one mailbox that an address of a plan is a spelling of."""
    if address is None:
        return None
    (box,) = {box for box, spelling in SPELLINGS if spelling.strip() == address}
    return box


@LAW
@given(worlds())
def test_the_plan_says_what_the_oracle_says(world):
    result, truth = ask_the_plan(world), ask_the_oracle(world)
    mails = {
        mailbox(message.address): {
            "addressed_to": message.contact_id,
            "format": message.format,
            "reports": list(message.usage_reports),
            "withheld": list(message.withheld_reports),
            "because": {(way.road, way.contact_id, way.reason) for way in message.recipients},
        }
        for message in result.messages
    }
    assert mails == truth["mails"]
    assert len(result.messages) == len(mails)
    refused = [(mailbox(skip.address), skip.road, skip.contact_id, skip.reason) for skip in result.skipped]
    assert set(refused) == truth["refused"]
    assert len(refused) == len(set(refused))
    assert result.reaches_nobody is truth["nobody"]


@LAW
@given(worlds())
def test_sending_a_plan_leaves_nothing_to_send(world):
    first = ask_the_plan(world)
    made = world["made"] | {mailbox(message.address): "queued" for message in first.messages}
    assert ask_the_plan(world | {"made": made}).messages == ()


def outcome(world):
    """Say what comes of a world: what leaves and what does not; not which reports were asked for in vain."""
    truth = ask_the_oracle(world)
    return truth["refused"], {box: mail | {"withheld": None} for box, mail in truth["mails"].items()}


@LAW
@given(worlds(), worlds(), st.data())
def test_a_fingerprint_tells_exactly_the_outcomes_apart(one, another, data):
    field = data.draw(st.sampled_from(sorted(one)))
    # Two worlds at random are easily told apart; those that differ in a single thing often come to the same.
    other = one | {field: another[field]}
    first, second = ask_the_plan(one), ask_the_plan(other, name="Somebody else")
    same = one["kind"] == other["kind"] and outcome(one) == outcome(other)
    assert (first.fingerprint == second.fingerprint) is same
    assert bool(difference(first, second)) is not same


@LAW
@given(worlds(), st.randoms(use_true_random=False))
def test_neither_order_nor_spelling_changes_the_outcome(world, chance):
    def respell(pair):
        return pair and (pair[0], chance.choice(MAILBOXES[pair[0]]))

    contacts = [person | {"email": respell(person["email"])} for person in world["contacts"]]
    chance.shuffle(contacts)
    other = world | {
        "contacts": contacts,
        "customer": world["customer"] | {"emails": [respell(pair) for pair in world["customer"]["emails"]]},
        "author_email": respell(world["author_email"]),
        "requester_email": respell(world["requester_email"]),
        "unticked_emails": [respell(pair) for pair in world["unticked_emails"]],
        "typed_emails": [respell(pair) for pair in world["typed_emails"]],
    }
    first, second = ask_the_plan(world), ask_the_plan(other, name="Somebody else")
    assert first.fingerprint == second.fingerprint
    assert not difference(first, second)


def test_the_mailboxes_of_the_worlds_are_spelled_apart():
    trimmed = [{spelling.strip() for spelling in row} for row in MAILBOXES]
    assert not any(one & other for one, other in itertools.combinations(trimmed, 2))

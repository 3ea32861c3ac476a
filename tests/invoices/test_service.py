"""Invoices are numbered, added up, approved and changed as their status allows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers.service import delete_customer
from app.extensions import db
from app.invoices import queries, service
from app.invoices.fields import INVOICE_FIELDS
from app.invoices.models import Invoice, InvoiceLine
from app.invoices.resource import INVOICE
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
D = Decimal


def refused(kind, verb, who=None, **arguments):
    with pytest.raises(kind) as refusal:
        making.run(verb, who, **arguments)
    return refusal.value


def get(invoice_id):
    db.session.rollback()
    return db.session.get_one(Invoice, invoice_id)


def update(invoice_id, who=None, version=None, **values):
    return making.run(service.update_invoice, who, invoice_id=invoice_id, values=values, version=version)


def line(quantity="1", unit_price="10.00", tax_rate="20", **more):
    return {"description": "Line", "quantity": quantity, "unit_price": unit_price, "tax_rate": tax_rate, **more}


class TestNumbers:
    def test_they_count_from_one_for_each_customer(self):
        first, second = making.customer("AC1"), making.customer("AC2")
        made = [making.invoice(one) for one in (first, first, second, first)]
        assert [get(one).number for one in made] == ["AC1/1", "AC1/2", "AC2/1", "AC1/3"]

    def test_none_is_used_again(self):
        customer_id = making.customer("AC1")
        for number in ("AC1/1", "AC1/2", "AC1/3"):
            invoice_id = making.invoice(customer_id)
            assert get(invoice_id).number == number
            making.run(service.delete_invoice, invoice_id=invoice_id)

    def test_a_refused_invoice_uses_none(self):
        customer_id = making.customer("AC1")
        with pytest.raises(Invalid):
            making.invoice(customer_id, due_date="2020-01-01")
        assert get(making.invoice(customer_id)).number == "AC1/1"

    @pytest.mark.parametrize("name", ["number", "status", "net", "tax", "total", "series", "tax_by_rate"])
    def test_number_status_and_totals_are_not_to_be_given(self, name):
        with pytest.raises(Invalid) as refusal:
            making.invoice(making.customer(), **{name: "1"})
        assert list(refusal.value.errors) == [name]


class TestFields:
    def test_every_field_is_kept_and_given_back(self):
        given = {
            "customer_id": making.customer(),
            "invoice_date": date(2026, 3, 1),
            "due_date": date(2026, 3, 31),
            "currency": "EUR",
            "purchase_order_number": "PO 7",
            "lines": [
                line("1.5", "0.123456", "17.50", category="Calls", reference="0161 496 0000"),
                line("-1", "10.00", "20.00", category="", reference=""),
            ],
        }
        assert set(given) == set(INVOICE_FIELDS)
        record = get(making.run(service.create_invoice, values=given, default_currency="GBP").id)
        back = {name: field.current(record, name) for name, field in INVOICE_FIELDS.items()}
        assert back == given
        assert update(record.id, version=record.version, **back).version == record.version
        assert record.status == "draft"

    @pytest.mark.parametrize(
        ("values", "fields"),
        [
            ({"invoice_date": None}, {"invoice_date"}),
            ({"due_date": ""}, {"due_date"}),
            ({"due_date": "2026-02-28"}, {"due_date"}),
            ({"currency": "XXY"}, {"currency"}),
            ({"lines": "none"}, {"lines"}),
            ({"lines": [line(quantity="x"), line(tax_rate="101")]}, {"lines.0.quantity", "lines.1.tax_rate"}),
            ({"lines": [line()] * 1001}, {"lines"}),
            ({"colour": "red"}, {"colour"}),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(self, values, fields):
        with pytest.raises(Invalid) as refusal:
            making.invoice(making.customer(), **values)
        assert set(refusal.value.errors) == fields

    @pytest.mark.parametrize("customer_id", [None, 999, "x"])
    def test_it_needs_a_customer(self, customer_id):
        with pytest.raises(Invalid) as refusal:
            making.invoice(customer_id)
        assert list(refusal.value.errors) == ["customer_id"]

    def test_dates_and_customer_are_needed(self):
        refusal = refused(Invalid, service.create_invoice, values={}, default_currency="GBP")
        assert set(refusal.errors) == {"customer_id", "invoice_date", "due_date"}

    def test_its_customer_stays(self):
        invoice_id, other = making.invoice(making.customer("AC1")), making.customer("AC2")
        refusal = refused(Invalid, service.update_invoice, invoice_id=invoice_id, values={"customer_id": other})
        assert list(refusal.errors) == ["customer_id"]

    def test_a_due_date_is_compared_with_the_date_that_it_has(self):
        invoice_id = making.invoice(making.customer())
        refusal = refused(Invalid, service.update_invoice, invoice_id=invoice_id, values={"due_date": "2026-01-01"})
        assert list(refusal.errors) == ["due_date"]

    @pytest.mark.parametrize(
        ("given", "customers", "kept"), [("EUR", "USD", "EUR"), (None, "USD", "USD"), ("", None, "GBP")]
    )
    def test_the_currency_is_its_own_or_the_customers_or_ours(self, given, customers, kept):
        customer_id = making.customer(currency=customers)
        assert get(making.invoice(customer_id, currency=given)).currency == kept

    def test_no_currency_leaves_the_one_it_has(self):
        invoice_id = making.invoice(making.customer(), currency="EUR")
        making.run(service.approve_invoice, invoice_id=invoice_id)
        version = get(invoice_id).version
        update(invoice_id, currency=None)
        assert (get(invoice_id).currency, get(invoice_id).status, get(invoice_id).version) == (
            "EUR",
            "approved",
            version,
        )


class TestTotals:
    def test_tax_is_rounded_half_up_once_per_rate(self):
        lines = [line("1", "0.10", "5")] * 3 + [line("3", "33.335", "20")]
        invoice = get(making.invoice(making.customer(), lines=lines))
        assert (invoice.net, invoice.tax, invoice.total) == (D("100.31"), D("20.02"), D("120.33"))
        assert [row.net for row in invoice.lines] == [D("0.10"), D("0.10"), D("0.10"), D("100.01")]
        assert INVOICE.value(invoice, "tax_by_rate") == [
            {"rate": "5.00", "net": "0.30", "tax": "0.02"},
            {"rate": "20.00", "net": "100.01", "tax": "20.00"},
        ]

    @pytest.mark.parametrize(
        ("currency", "net", "tax", "total"),
        [("JPY", "11", "2", "13"), ("GBP", "10.50", "2.10", "12.60"), ("KWD", "10.500", "2.100", "12.600")],
    )
    def test_by_the_currencys_places(self, currency, net, tax, total):
        invoice = get(making.invoice(making.customer(), currency=currency, lines=[line("1", "10.5")]))
        assert [INVOICE.value(invoice, name) for name in ("net", "tax", "total")] == [net, tax, total]

    def test_another_currency_is_added_up_anew(self):
        invoice_id = making.invoice(making.customer(), currency="KWD", lines=[line("1", "10.4567")])
        assert get(invoice_id).net == D("10.457")
        update(invoice_id, currency="JPY")
        assert (get(invoice_id).net, get(invoice_id).total, get(invoice_id).lines[0].net) == (10, 12, 10)

    def test_no_lines_come_to_nothing(self):
        invoice_id = making.invoice(making.customer(), lines=[])
        assert get(invoice_id).total == 0
        update(invoice_id, lines=[line()])
        update(invoice_id, lines=None)
        assert (get(invoice_id).total, get(invoice_id).lines) == (0, [])

    def test_lines_are_exchanged_in_their_order(self):
        invoice_id = making.invoice(making.customer(), lines=[line(str(number)) for number in (1, 2, 3)])
        update(invoice_id, lines=[line("9"), line("1")])
        assert [(row.position, row.quantity) for row in get(invoice_id).lines] == [(0, 9), (1, 1)]
        assert get(invoice_id).total == D("120.00")
        update(invoice_id, lines=[line(str(number)) for number in (4, 5, 6)])
        assert [(row.position, row.quantity) for row in get(invoice_id).lines] == [(0, 4), (1, 5), (2, 6)]
        assert db.session.query(InvoiceLine).count() == 3

    def test_the_largest_invoice_is_kept_to_the_penny(self):
        lines = [line("99999999.99", "99.99", "99.99")] * 5
        customer_id = making.customer()
        invoice = get(making.invoice(customer_id, lines=lines))
        net = D("9998999999.00") * 5
        assert (invoice.net, invoice.tax) == (net, (net * D("0.9999")).quantize(D("0.01")))
        assert INVOICE.value(invoice, "total") == "99985000490.00"
        with pytest.raises(Invalid) as refusal:
            making.invoice(customer_id, lines=lines + lines[:1])
        assert refusal.value.errors == {"lines": ["The total of these lines is too large."]}


class TestStates:
    def in_state(self, status):
        invoice_id = making.invoice(making.billed())
        if status == "approved":
            making.run(service.approve_invoice, invoice_id=invoice_id)
        if status == "sent":
            making.send(invoice_id)
        assert get(invoice_id).status == status
        return invoice_id

    def test_a_draft_is_approved_once(self):
        invoice_id = self.in_state("approved")
        assert refused(Conflict, service.approve_invoice, invoice_id=invoice_id).code == "not_a_draft"
        assert refused(Conflict, service.approve_invoice, invoice_id=self_sent()).code == "not_a_draft"

    def test_without_lines_there_is_nothing_to_approve_or_send(self):
        invoice_id = making.invoice(making.billed(), lines=[])
        assert list(refused(Invalid, service.approve_invoice, invoice_id=invoice_id).errors) == ["lines"]
        with pytest.raises(Invalid):
            making.send(invoice_id)
        assert get(invoice_id).status == "draft"

    def test_editing_an_approved_one_makes_it_a_draft(self):
        invoice_id = self.in_state("approved")
        update(invoice_id, purchase_order_number="PO 7")
        assert get(invoice_id).status == "draft"
        changes = making.trail()[-1].touched[0].changes
        assert changes == {"purchase_order_number": [None, "PO 7"], "status": ["approved", "draft"]}

    def test_editing_it_to_what_it_is_leaves_it_approved(self):
        invoice_id = self.in_state("approved")
        update(invoice_id, due_date="2026-03-31")
        assert get(invoice_id).status == "approved"

    def test_a_sent_one_is_neither_changed_nor_deleted(self):
        invoice_id = self.in_state("sent")
        for verb, extra in (
            (service.update_invoice, {"values": {"purchase_order_number": "PO 7"}}),
            (service.update_invoice, {"values": {"lines": []}}),
            (service.delete_invoice, {}),
        ):
            assert refused(Conflict, verb, invoice_id=invoice_id, **extra).code == "sent"
        update(invoice_id, due_date="2026-03-31")
        assert (get(invoice_id).deleted_at, get(invoice_id).purchase_order_number) == (None, None)

    @pytest.mark.parametrize("status", ["draft", "approved"])
    def test_others_are_deleted_and_brought_back_as_they_were(self, status):
        invoice_id = self.in_state(status)
        making.run(service.delete_invoice, invoice_id=invoice_id)
        refused(NotFound, service.update_invoice, invoice_id=invoice_id, values={})
        refused(NotFound, service.approve_invoice, invoice_id=invoice_id)
        making.run(service.restore_invoice, invoice_id=invoice_id)
        assert (get(invoice_id).status, len(get(invoice_id).lines)) == (status, 1)
        assert refused(Conflict, service.restore_invoice, invoice_id=invoice_id).code == "not_deleted"

    def test_it_waits_for_its_customer(self):
        customer_id = making.customer()
        invoice_id = making.invoice(customer_id)
        making.run(service.delete_invoice, invoice_id=invoice_id)
        making.run(delete_customer, customer_id=customer_id)
        assert refused(Conflict, service.restore_invoice, invoice_id=invoice_id).code == "parent_deleted"

    def test_versions(self):
        invoice_id = self.in_state("draft")
        version = get(invoice_id).version
        update(invoice_id, purchase_order_number="PO 7", version=version)
        for verb, extra in (
            (service.update_invoice, {"values": {}}),
            (service.delete_invoice, {}),
            (service.approve_invoice, {}),
        ):
            refused(Stale, verb, invoice_id=invoice_id, version=version, **extra)
        with pytest.raises(Stale):
            making.send(invoice_id, version=version)


def self_sent():
    invoice_id = making.invoice(making.billed("SENT"))
    making.send(invoice_id)
    return invoice_id


@pytest.mark.parametrize("who", ["support", "auditor"])
def test_who_may_not(who):
    invoice_id, me = making.invoice(making.billed()), actor(who)
    for verb, extra in (
        (service.create_invoice, {"values": {}, "default_currency": "GBP"}),
        (service.update_invoice, {"invoice_id": invoice_id, "values": {}}),
        (service.approve_invoice, {"invoice_id": invoice_id}),
        (service.delete_invoice, {"invoice_id": invoice_id}),
        (service.restore_invoice, {"invoice_id": invoice_id}),
    ):
        refused(Forbidden, verb, me, **extra)
    with pytest.raises(Forbidden):
        making.send(invoice_id, me)


def test_support_sees_no_invoice_and_an_auditor_sees_all():
    making.invoice(making.customer())
    with pytest.raises(Forbidden):
        queries.invoices(actor("support"))
    assert len(db.session.scalars(queries.invoices(actor("auditor"))).all()) == 1

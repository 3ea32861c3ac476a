"""A file of each kind as it should be, to be downloaded from the screen."""

from __future__ import annotations

SAMPLES = {
    "invoices": (
        "account_number,invoice_key,invoice_date,due_date,currency,purchase_order_number,"
        "description,category,quantity,unit_price,tax_rate,reference\r\n"
        "ACME,2026-06-0001,2026-06-01,2026-06-30,GBP,PO 4711,Line rental,Rental,2,12.50,20,0161 496 0000\r\n"
        "ACME,2026-06-0001,,,,,Calls in May,Calls,1,3.333,20,0161 496 0000\r\n"
        "BETA,2026-06-0002,2026-06-01,2026-06-30,,,Broadband,Broadband,1,39.00,20,\r\n"
    ),
    "usage": (
        "account_number,invoice_key,start,reference,origin,destination,duration,volume,cost\r\n"
        "ACME,2026-06-0001,2026-05-04T08:30:00Z,0161 496 0000,0161 496 0000,020 7946 0001,65,,0.125\r\n"
        "ACME,2026-06-0001,2026-05-04T09:00:00+01:00,07700 900001,07700 900001,internet,,12.345,0.5\r\n"
    ),
}

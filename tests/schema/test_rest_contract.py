"""Every REST call put to the program as the OpenAPI document describes it, and every answer put to the document.

Schemathesis makes bodies and parameters that fit the document, and some that don't; all its checks are on. What an
operation may answer is what the document declares for it. COUNTERPART_TEST_FULL=1 searches longer.
"""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from app.access.table import LOOKUPS

pytestmark = pytest.mark.slow

FULL = os.environ.get("COUNTERPART_TEST_FULL") == "1"
EXAMPLES = 100 if FULL else 2
# Those who may do least come first: what an administrator deletes is gone.
EVERY_ROLE = ("auditor", "north_finance", "support", "finance", "admin")
REFUSALS = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428", "429"]


def schema_of(house, name):
    """Load the document as a user gets it; an operation may answer what the document declares, and nothing else."""
    config = SchemathesisConfig()
    checks = config.projects.default.checks
    checks.positive_data_acceptance.expected_statuses = ["2xx", *REFUSALS]
    checks.negative_data_rejection.expected_statuses = REFUSALS
    return schemathesis.openapi.from_wsgi("/api/v1/_openapi", house.app, headers=token_of(house, name), config=config)


def token_of(house, name):
    """Return the header that a user's program sends."""
    house.api(name)
    return {"Authorization": f"Bearer {house.tokens[name]}"}


def order(operation):
    """Put what deletes last."""
    return operation.method.upper() == "DELETE", operation.path, operation.method


def test_every_call_keeps_the_contract(house):
    schema = schema_of(house, "admin")
    operations = sorted((one.ok() for one in schema.get_all_operations()), key=order)
    assert len(operations) > 90
    if not FULL:
        # The lists are one class each over one service: these four stand for the plain ones, and have own fields.
        alike = set(LOOKUPS) - {"topic", "dealer", "correspondence_type", "usage_report_profile"}
        operations = [one for one in operations if one.path.split("/")[3] not in alike]
    failures = []
    for number, operation in enumerate(operations):
        # Each call is put as an administrator and as one other; the long search puts it as everybody.
        roles = EVERY_ROLE if FULL else (EVERY_ROLE[number % (len(EVERY_ROLE) - 1)], "admin")
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                search(house, operation, mode, roles)
            except* Exception as group:  # noqa: BLE001  each failure is told, with the call that made it
                failures += [f"{operation.label}: {one}" for one in group.exceptions]
    assert failures == [], "\n\n".join(failures)


def search(house, operation, mode, roles):
    """Put some calls of one operation as some roles, and check each answer."""
    known = {**house.world.lookups, **house.world.ours}
    resource = operation.path.split("/")[3]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not FULL,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), exists=st.sampled_from([True, True, False]))
    def check(case, exists):
        if exists and mode is GenerationMode.POSITIVE and "pk" in (case.path_parameters or {}):
            case.path_parameters["pk"] = known.get(resource, 1)
        for name in roles:
            case.call_and_validate(headers=token_of(house, name))

    with suppress(Unsatisfiable):  # nothing of the call can be wrong
        check()

"""Every reason has its code and its sentence."""

import pytest

from app.mailer.planning.reasons import EXPLANATIONS, FOR_GETTING, Lost, Reason, Unplanned, explain


def test_each_has_a_sentence():
    every = {*Reason, *Lost, *Unplanned}
    assert set(EXPLANATIONS) == every
    for reason in every:
        assert explain(str(reason)).endswith(".")
    assert len(set(EXPLANATIONS.values())) == len(every)


def test_those_for_getting_a_document():
    assert {str(reason) for reason in FOR_GETTING} == {
        "customer_email",
        "copy_email_bill",
        "copy_correspondence",
        "copy_ticket_updates",
        "requester",
        "typed_in",
    }


def test_an_unknown_code_is_refused():
    with pytest.raises(ValueError, match="no_such_code"):
        explain("no_such_code")

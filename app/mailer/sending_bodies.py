"""What the calls of REST that send documents take and give, the same for each kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Response, jsonify

from app.core.errors import Invalid
from app.core.words import say
from app.mailer.attaching import NewFile
from app.mailer.extra_files import FIELD
from app.mailer.file_calls import NEW_FILES, given_files
from app.mailer.planning.choices import MAX_REASON, Again, Choices
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.rules import Plan
from app.web.api_body import only, read_body, take_version
from app.web.operations import VERSION


def _with_files(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "properties": {**body["properties"], FIELD: NEW_FILES}}


PLAN_ANSWER = {"type": "object", "properties": {"result": {"$ref": "#/components/schemas/Plan"}}}
SENDING_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "fingerprint": {"type": "string"},
        "recipients": {"type": "array", "items": {"type": "string"}},
        "untick": {"type": "array", "items": {"type": "string"}},
        "version": VERSION,
    },
    "additionalProperties": False,
}
SENDING_AGAIN_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["reason", "addresses"],
    "properties": {
        "reason": {"type": "string", "minLength": 1, "maxLength": MAX_REASON},
        "addresses": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "version": VERSION,
    },
    "additionalProperties": False,
}
SENDING_WITH_FILES_BODY = _with_files(SENDING_BODY)
SENDING_AGAIN_WITH_FILES_BODY = _with_files(SENDING_AGAIN_BODY)


@dataclass(frozen=True, slots=True)
class AskedToSend:
    """What a call asks for: what was chosen, and the plan and the version that it was chosen from."""

    choices: Choices
    fingerprint: str | None
    version: int | None


def asked_to_send(*, with_files: bool = False) -> AskedToSend:
    """Read the body of a call that sends, with files where its kind takes them. Raises Invalid, Unreadable."""
    body = read_body(optional=True)
    version = take_version(body, required=False)
    files = _files(body) if with_files else ()
    only(body, "fingerprint", "recipients", "untick")
    fingerprint = body.get("fingerprint")
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise Invalid(say("The fingerprint is a text."), field="fingerprint")
    choices = Choices.checked(recipients=body.get("recipients"), untick=body.get("untick"))
    return AskedToSend(replace(choices, files=files), fingerprint, version)


def _files(body: dict[str, Any]) -> tuple[NewFile, ...]:
    return tuple(given_files(body.pop(FIELD, None), field=FIELD))


def asked_to_send_again(*, with_files: bool = False) -> tuple[Again, int | None]:
    """Read the body of a call that sends again: to whom and why, and the version. Raises Invalid, Unreadable."""
    body = read_body()
    version = take_version(body, required=False)
    files = _files(body) if with_files else ()
    only(body, "reason", "addresses")
    again = Again.checked(addresses=body.get("addresses"), reason=body.get("reason"))
    return replace(again, files=files), version


def accepted(done: Plan) -> Response:
    """Answer with the plan that was executed: 202, for the copies are still to leave."""
    answer = jsonify(result=as_dict(done))
    answer.status_code = 202
    return answer

"""Every field of whatever holds policies in one template with a bit of everything, told line by line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remit.iam.policy import render
from role_readers import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.errors import Origin
    from remit.holders import Holder

WHOLE = Path(__file__).with_name("data") / "whole.yaml"


def place(origin: Origin | None) -> str:
    if origin is None:
        return "@nowhere"
    return f"@{origin.line}:{origin.column}" if origin.file == "t.yaml" else f"@{origin.file}"


def sheet(holder: Holder) -> Iterator[str]:
    """All fields of a holder, as lines."""
    attached = " (attached to)" if holder.only_attached_to else ""
    name = f" {holder.name}" if holder.name else ""
    yield f"{holder.kind} {holder.logical_id}{name}{attached} {place(holder.origin)} if {holder.condition}"
    yield f"  runs {holder.functions} trusts {holder.trusts} {place(holder.trust_origin)}"
    if holder.trust is not None:
        yield f"  {render(holder.trust)}"
    for policy in (*holder.limits, *holder.policies):
        version = policy.document.version if policy.document else "not whole"
        note = f": {policy.note}" if policy.note else ""
        yield f"  {policy.how} {policy.name}, {version}{note}"
        for grant in policy.grants:
            statement = grant.statement
            words = f"{statement.sid or ''} {statement.effect} {statement.actions.patterns[0]}".lstrip()
            because = f"{grant.because} {grant.reason.subjects}"
            yield f"    {words} {place(grant.origin)} {grant.version} {because}"
    yield from (f"  note: {note}" for note in holder.notes)


def test_everything_that_holds_policies_is_told_with_every_field() -> None:
    read = read_template(WHOLE.read_bytes(), "t.yaml")
    lines = [line for holder in read.holders for line in sheet(holder)]
    assert lines == WHOLE.with_suffix(".txt").read_text("utf-8").splitlines()


def test_the_content_of_a_template_besides_its_holders_is_told() -> None:
    read = read_template(WHOLE.read_bytes(), "t.yaml")
    shared = ("${Shared}", "${Shared.PolicyArn}")
    named = [
        f"arn:{partition}:iam::${{AWS::AccountId}}:policy/${{Team}}-shared"
        for partition in ("${AWS::Partition}", "aws")
    ]
    assert list(read.documents) == [*shared, *named]
    assert read.others == {"Joined": "arn:aws:iam::1:role/not-${Worker}"}
    assert read.held_policies == {"Own", "Limit", "Inline", "Shared"}
    assert read.made == {"Report", "ReportRole"}
    assert [(one.logical_id, one.attributes, place(one.origin)) for one in read.declared] == [
        ("Report", {"Condition": "IsProd"}, "@69:3")
    ]
    assert [
        (one.logical_id, one.type.rpartition(":")[2], one.attributes, place(one.origin)) for one in read.resources[-3:]
    ] == [
        ("Machine", "StateMachine", {}, "@68:12"),
        ("Report", "Function", {"Condition": "IsProd"}, "@69:3"),
        ("ReportRole", "Role", {"Condition": "IsProd"}, "@69:3"),
    ]

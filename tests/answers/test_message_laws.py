"""Each wording of AWS is read back as it was made, whole or cut, in whatever an SDK says around it.

Source: "Troubleshoot access denied error messages" (IAM User Guide).
"""

from __future__ import annotations

from typing import Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.answers.denial import parse

LAYERS: Final = {
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "resource": "a resource-based policy",
    "endpoint": "a VPC endpoint policy",
    "scp": "a service control policy",
    "rcp": "a resource control policy",
}
PRINCIPALS: Final = (
    "arn:aws:sts::111122223333:assumed-role/shop-web/shop-web", "arn:aws:iam::111122223333:user/ann",
    "arn:aws-cn:iam::111122223333:user/team/bob",
)  # fmt: skip
KINDS: Final = ("role", "user", "group", "policy", "instance profile")
RESOURCES: Final = ("arn:aws:s3:::files/a.txt", "arn:aws:sqs:eu-west-1:111122223333:jobs", "*")
ACTIONS: Final = ("s3:GetObject", "sqs:SendMessage", "iam:PassRole")
POLICY: Final = "arn:aws:iam::111122223333:policy/no"
AROUND: Final = (
    ("", "", None),
    ("An error occurred (AccessDenied) when calling the GetObject operation: ", "", "GetObject"),
    ('{"message": "', '"}', None),
    ("2026-01-31T12:00:00Z [ERROR] ", "\n", None),
)


@settings(max_examples=cases(30, deep=3_000))
@given(
    principal=st.sampled_from(PRINCIPALS),
    action=st.sampled_from(ACTIONS),
    kind=st.sampled_from(["", "", "cut", "path", *KINDS]),
    place=st.sampled_from(RESOURCES),
    layer=st.sampled_from([None, *LAYERS]),
    explicit=st.booleans(),
    is_named=st.booleans(),
    around=st.sampled_from(AROUND),
)
def test_a_message_is_read_as_it_was_made(
    principal: str,
    action: str,
    kind: str,
    place: str,
    layer: str | None,
    *,
    explicit: bool,
    is_named: bool,
    around: tuple[str, str, str | None],
) -> None:
    partition = principal.split(":")[1]
    resource, expected = {
        "": (place, place),
        "cut": ("arn:aws:s3:::fil…", None),
        "path": ("policy path /", "*"),
    }.get(kind, (f"{kind} worker", f"arn:{partition}:iam::111122223333:{kind.replace(' ', '-')}/worker"))
    why, policy = "", None
    if layer is not None and explicit:
        why = f" with an explicit deny in {LAYERS[layer]}"
        if is_named and layer in ("identity", "scp", "boundary"):
            policy = POLICY
            why += f": {policy}"
    elif layer is not None:
        why = f" because no {LAYERS[layer].split(' ', 1)[1]} allows the {action} action"
    before, after, operation = around
    text = f"{before}User: {principal} is not authorized to perform: {action} on resource: {resource}{why}{after}"
    denial = parse(text)
    event(f"kind: {kind}")
    assert denial is not None
    assert (denial.principal, denial.action, denial.resource) == (principal, action, expected)
    assert denial.layer == layer
    assert denial.explicit in ((explicit,) if layer is not None else (None, False))
    assert (denial.policy, denial.operation) == (policy, operation)

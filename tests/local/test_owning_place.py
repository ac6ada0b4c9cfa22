"""Whose resource a request is about, and the keys that encrypt what the emulator holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit.access.needed_access import NeededAccess
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.owning_place import as_owner_of, other_owner
from remit.local.authorization.resource_policies import resource_policy
from remit.local.emulator import as_request_of, emulated, place_of_request

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, OTHER = "555566667777", "444455556666"


@pytest.mark.parametrize(
    ("resource", "owner"),
    [
        (f"arn:aws:sqs:eu-west-1:{OTHER}:q:r", (OTHER, "eu-west-1")),
        (f"arn:aws:sqs:eu-west-1:{HERE}:q", None),
        (f"arn:aws:iam::{OTHER}:role/r", None),
        ("arn:aws:sqs:eu-west-1:aws:q", None),
        (f"arn:aws:sqs:eu-west-1:{OTHER}", None),
        ("*", None),
    ],
)
def test_another_account_owns_what_its_services_answer_for(resource: str, owner: tuple[str, str] | None) -> None:
    assert owner == other_owner(NeededAccess("sqs:SendMessage", resource, {}), HERE)


@pytest.mark.parametrize(
    ("arn", "place"),
    [
        (f"arn:aws:sqs:eu-west-1:{OTHER}:q:r", (OTHER, "eu-west-1")),
        ("arn:aws:sqs:eu-west-1:aws:q", (HERE, "us-east-1")),
        (f"arn:aws:sqs:eu-west-1:{OTHER}", (HERE, "us-east-1")),
        ("alias/orders", (HERE, "us-east-1")),
    ],
)
def test_the_emulator_works_as_the_owner_of_an_arn_and_else_as_before(arn: str, place: tuple[str, str]) -> None:
    with as_request_of(HERE, "us-east-1"), as_owner_of(arn):
        found = place_of_request()
    assert place == (found["Account"], found["Region"])


@pytest.fixture
def _here() -> Iterator[None]:
    with as_request_of(HERE, "eu-west-1"):
        yield


def stored(module: str, store: str, key: str, record: Any) -> None:
    getattr(emulated(f"services.{module}"), store)[key] = record


KEY = f"arn:aws:kms:eu-west-1:{HERE}:key/k1"
SEALED = {"Status": "ENABLED", "KMSMasterKeyArn": KEY}


@pytest.mark.parametrize(
    ("place", "record", "arn", "key"),
    [
        (("dynamodb", "_tables", "t"), {"SSEDescription": SEALED}, "dynamodb:{}:table/t/index/i", KEY),
        (
            ("dynamodb", "_tables", "t"),
            {"SSEDescription": {**SEALED, "Status": "DISABLED"}},
            "dynamodb:{}:table/t",
            None,
        ),
        (("dynamodb", "_tables", "t"), {}, "dynamodb:{}:table/t", None),
        (("kinesis", "_streams", "s"), {"EncryptionType": "KMS", "KeyId": KEY}, "kinesis:{}:stream/s", KEY),
        (("kinesis", "_streams", "s"), {"EncryptionType": "NONE", "KeyId": KEY}, "kinesis:{}:stream/s", None),
        (("ssm", "_parameters", "/a/b"), {"KeyId": KEY}, "ssm:{}:parameter/a/b", KEY),
        (("ssm", "_parameters", "a"), {"KeyId": KEY}, "ssm:{}:parameter/a", KEY),
        (("ssm", "_parameters", "a"), {}, "ssm:{}:parameter/b", None),
        (
            ("sns", "_topics", f"arn:aws:sns:eu-west-1:{HERE}:n"),
            {"attributes": {"KmsMasterKeyId": KEY}},
            "sns:{}:n",
            KEY,
        ),
        (("sns", "_topics", f"arn:aws:sns:eu-west-1:{HERE}:n"), {"attributes": {}}, "sns:{}:n", None),
        (("sns", "_topics", "x"), {"attributes": {}}, "lambda:{}:function:n", None),
    ],
)
@pytest.mark.usefixtures("_here")
def test_the_key_that_encrypts_a_resource_is_the_accounts_own_or_none(
    place: tuple[str, str, str], record: Any, arn: str, key: str | None
) -> None:
    module, store, name = place
    stored(module, store, name, record)
    assert key == EmulatedNames().encrypting_key(f"arn:aws:{arn.format(f'eu-west-1:{HERE}')}")
    del getattr(emulated(f"services.{module}"), store)[name]


@pytest.mark.usefixtures("_here")
def test_a_key_has_its_own_aliases_and_its_grants_are_statements() -> None:
    kms = emulated("services.kms")
    for name in ("k1", "k2"):
        arn = KEY.replace("k1", name)
        kms._keys[name] = {"KeyId": name, "Arn": arn, "Policy": '{"Statement": []}'}
        kms._aliases[f"alias/of-{name}"] = name
    assert ("alias/of-k1",) == EmulatedNames().key_aliases(KEY)
    assert None is EmulatedNames().key_aliases(KEY.replace("k1", "k3"))
    pairs = {"team": "shop"}
    for number, constraints in enumerate(
        ({"EncryptionContextEquals": pairs}, {"EncryptionContextSubset": pairs}, None)
    ):
        grant = {"KeyId": KEY, "GranteePrincipal": "arn:aws:iam::1:role/r", "Operations": ["Decrypt"]}
        kms._grants[f"g{number}"] = {**grant, "Constraints": constraints}
    kms._grants["other"] = {**grant, "KeyId": "other", "Operations": ["Encrypt"], "Constraints": None}
    policies = resource_policy("kms:Decrypt", KEY)
    assert policies is not None
    conditions = [sorted(condition.key for condition in statement.conditions) for statement in policies[0].statements]
    team = "kms:EncryptionContext:team"
    assert [[team, "kms:EncryptionContextKeys"], [team], []] == conditions
    for store, names in ((kms._grants, ("g0", "g1", "g2", "other")), (kms._keys, ("k1", "k2"))):
        for name in names:
            del store[name]
    for name in ("k1", "k2"):
        del kms._aliases[f"alias/of-{name}"]

"""The words for a denial: of the layer that said no, of the role that was asked, of what is unknown, and what to do."""

from __future__ import annotations

from itertools import chain, combinations, product
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.answers.advice import advice
from remit.answers.denial import LAYERS, Denial
from remit.answers.denied_request import Cause
from remit.answers.obstacles import Obstacle, obstacle, obstacle_in_message
from remit.answers.why import _role_words, _unknown_caller_words, _unread, why
from remit.iam.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

ACCOUNT: Final = "111122223333"
USER: Final = f"arn:aws:iam::{ACCOUNT}:user/x"
ORGANIZATION: Final = "no policy of the account can allow it: ask whoever owns the organization's policies"
LAYER_ADVICE: Final = {
    "identity": ("the policy of the role or user", None, "no Allow outweighs a Deny: take it away, or narrow it"),
    "boundary": (
        "the permissions boundary",
        "a boundary grants nothing and limits everything: whoever owns it must let the action through",
        "no Allow outweighs a Deny of the boundary: whoever owns it must except this",
    ),
    "session": (
        "the session policy",
        "whoever assumed the role passed a narrower policy along: widen it there",
        "no Allow outweighs a Deny of the session policy: whoever assumed the role must pass it without",
    ),
    "resource": (
        "the resource's own policy",
        "let the policy of the resource (key, bucket, queue, secret) allow the role, or the role's account",
        "no Allow outweighs a Deny of the resource's policy: except the role there, or meet its conditions",
    ),
    "trust": (
        "the trust policy of the role that was to be assumed",
        "let the trust policy of that role name the one who assumes it",
        "no Allow outweighs a Deny of the trust policy: except whoever assumes the role there",
    ),
    "endpoint": (
        "the policy of the VPC endpoint",
        "let the policy of the VPC endpoint allow the action, or call past it",
        "no Allow outweighs a Deny of the VPC endpoint's policy: except this there, or call past it",
    ),
    "scp": ("a service control policy of the organization", ORGANIZATION, ORGANIZATION),
    "rcp": ("a resource control policy of the organization", ORGANIZATION, ORGANIZATION),
    "other": (
        "a control that is not one of IAM's policies",
        None,
        "it is not IAM's policies that have to change",
    ),
}


@pytest.mark.parametrize("policy", [None, "arn:p"])
@pytest.mark.parametrize("explicit", [None, False, True])
@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_has_its_words_and_what_to_change_in_it(layer: Any, *, explicit: bool | None, policy: str) -> None:
    denial = Denial(USER, "s3:GetObject", "arn:aws:s3:::b/x", layer=layer, explicit=explicit, policy=policy)
    subject, lacks, denies = LAYER_ADVICE[layer]
    assert why(denial, None).conclusion == f"{subject} {'denies it' if explicit else 'does not allow it'}"
    change = denies if explicit else lacks
    if change is None:
        assert [*advice(denial)] == ([] if policy is None else ["the policy that decided is arn:p"])
    else:
        assert [*advice(denial)] == [change if policy is None else f"{change} (arn:p)"]


def test_advice_from_the_message_comes_in_one_order() -> None:
    denial = Denial(
        USER, "sts:AssumeRole", None, "trust", explicit=False, encoded="abc", authorization="id1", note="n",
        others=("a", "b"),
    )  # fmt: skip
    expected = [
        "n",
        "the text reports other denials, too. Ask about them one by one: a; b",
        (
            "decode it: aws sts decode-authorization-message --encoded-message abc "
            "--query DecodedMessage --output text | remit why"
        ),
        "AWS keeps the evaluation under authorization ID id1: open the link in the message",
        "let the trust policy of that role name the one who assumes it",
    ]
    assert [*advice(denial)] == expected
    anonymous = Denial(None, "sts:AssumeRole", layer="trust", explicit=False)
    just_made = "a role that was just made takes some seconds to be known everywhere: deploy again"
    assert [*advice(anonymous)] == [just_made, expected[-1]]
    federated = Denial(None, "sts:AssumeRoleWithSAML", layer="trust", explicit=True)
    provider = "let the trust policy of the role name the provider as Principal.Federated, and compare its conditions "
    assert [*advice(federated)] == [f"{provider}(sub, aud) with the token's"]


VERDICTS: Final = ("Allowed", "ImplicitlyDenied", "ExplicitlyDenied", "Unknown")


def some_of(values: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    known = tuple(values)
    return chain.from_iterable(combinations(known, number) for number in range(1, len(known) + 1))


@pytest.mark.parametrize("verdicts", [*some_of(VERDICTS)])
def test_what_a_role_says_is_told_by_its_worst_verdict(verdicts: tuple[Any, ...]) -> None:
    """A Deny of the role, one of another layer, no Allow, an Allow on a condition; else what is deployed differs."""
    answers: Any = [
        SimpleNamespace(resource=resource, decision=SimpleNamespace(unknown=keys))
        for resource, keys in (("arn:q", ("aws:SourceIp", "s3:prefix")), ("arn:r", ("s3:prefix", "aws:SourceVpc")))
    ]
    for explicit, resource, layer in product((None, False, True), (None, "arn:q"), (None, "identity", "boundary")):
        denial = Denial(explicit=explicit, resource=resource, layer=layer)
        unsaid = "" if resource else "; the message does not say on what it was asked for"
        if "ExplicitlyDenied" in verdicts:
            expected = "a Deny of R itself says no"
        elif explicit:
            expected = "a Deny says no, which R as built from this folder does not have"
        elif "ImplicitlyDenied" in verdicts:
            expected = f"R does not allow it{unsaid}"
        elif "Unknown" in verdicts:
            keys = "aws:SourceIp, s3:prefix, aws:SourceVpc"
            expected = f"R allows it on a condition that was not met, or is not known here: {keys}"
        elif not resource:
            expected = f"R as built from this folder allows it on arn:q{unsaid}"
        else:
            other = "" if layer == "identity" else ", or a layer that is not visible from here says no"
            expected = f"R as built from this folder allows it: the deployed one is older{other}"
        assert _role_words(denial, "R", set(verdicts), answers) == expected


def answer(asker: str, *, allowed: bool) -> Any:
    return SimpleNamespace(asker=asker, decision=SimpleNamespace(allowed=allowed))


SHOP: Final[Any] = SimpleNamespace(app=SimpleNamespace(namespace="shop"), roles=())
NOT_SAID: Final = "the message does not say who asked"


@pytest.mark.parametrize(
    ("denial", "project", "actions", "answers", "words"),
    [
        (Denial(encoded="abc"), None, (), (), "the message is encoded: decode it to see what was denied"),
        (Denial(encoded="abc", action="a:B"), None, ("a:B",), (), f"{NOT_SAID}, nor which layer said no"),
        (
            Denial(deploying=True), SHOP, ("a:B",), (),
            "whoever deploys may not do it: CloudFormation asks with their permissions",
        ),
        (Denial(USER, deploying=True), None, ("a:B",), (), "the message does not say which layer"),
        (Denial(USER), SHOP, ("a:B",), (), "whoever asked is not a role of shop"),
        (Denial(), None, ("a:B",), (), f"{NOT_SAID}, nor which layer said no"),
        (Denial(), SHOP, (), (), f"{NOT_SAID}, nor which layer said no"),
        (
            Denial(), SHOP, ("a:B",), (answer("x", allowed=True), answer("x", allowed=True)),
            f"{NOT_SAID}; of this app x may do it",
        ),
        (
            Denial(), SHOP, ("a:B",),
            (answer("x", allowed=True), answer("y", allowed=False), answer("z", allowed=True)),
            f"{NOT_SAID}; of this app x, z may do it and the others may not",
        ),
        (Denial(), SHOP, ("a:B",), (answer("x", allowed=False),), f"{NOT_SAID}; of this app no function may do it"),
    ],
)  # fmt: skip
def test_whoever_is_not_known_to_be_of_the_app_is_told_as_such(
    denial: Denial, project: Any, actions: tuple[str, ...], answers: tuple[Any, ...], words: str
) -> None:
    assert _unknown_caller_words(Cause(denial, actions, None, answers), project) == words


@pytest.mark.parametrize("layer", [None, *LAYERS])
def test_each_layer_is_unseen_but_the_one_that_is_named(layer: Any) -> None:
    unseen = {
        "scp": "service and resource control policies",
        "boundary": "the permissions boundary",
        "session": "a session policy",
        "resource": "the resource's own policy",
        "endpoint": "the policy of a VPC endpoint",
    }
    expected = tuple(words for name, words in unseen.items() if name == "scp" or name != layer)
    assert _unread(Cause(Denial(layer=layer), (), None), None) == expected


SERVICE, PARTNER = "sns.amazonaws.com", "arn:aws:kms:eu-west-1:444455556666:alias/aws/s3"
LINKED: Final = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/X"
OWN_KEY: Final = "use a key of your own, whose policy can allow it"
KEYS_PAGE: Final = "AWS KMS keys (AWS KMS Developer Guide)"
REAL: Final = "put the real one in its place, and ask again"
OBSTACLES: Final[tuple[tuple[str, str, str, Obstacle], ...]] = (
    (
        SERVICE, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q",
        Obstacle(
            "a service has no policies of its own",
            f"let the policy of the resource (queue, topic, key, function) allow Principal.Service {SERVICE}, on the "
            "condition aws:SourceArn",
        ),
    ),
    (
        f"arn:aws:iam::{ACCOUNT}:root", "s3:GetObject", "arn:aws:s3:::b/x",
        Obstacle(
            "a root user has no policies of its own",
            "look at the service and resource control policies of the organization, and at the resource's own policy",
        ),
    ),
    (
        LINKED, "s3:GetObject", "arn:aws:s3:::b/x",
        Obstacle(
            "the service of a service-linked role alone changes its policies",
            "let the resource's own policy allow the role, or turn the feature of its service off and on again",
            "Create a service-linked role (IAM User Guide)",
        ),
    ),
    (
        USER, "sts:AssumeRoleWithSAML", f"arn:aws:iam::{ACCOUNT}:role/r",
        Obstacle(
            "whoever asks it has no policies yet, so that the role's trust policy alone decides",
            "let the trust policy of the role name the provider as Principal.Federated, and compare its conditions "
            "(sub, aud) with the token's",
        ),
    ),
    (
        USER, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/x",
        Obstacle(
            "a role under aws-reserved trusts IAM Identity Center alone",
            "sign in by IAM Identity Center (aws sso login), or take on a role of your own",
        ),
    ),
    (
        USER, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x",
        Obstacle("a service-linked role can be taken on by its service alone", "take on a role of your own"),
    ),
    (
        USER, "sts:AssumeRole", f"arn:aws:sts::{ACCOUNT}:role/r",
        Obstacle(
            f"arn:aws:sts::{ACCOUNT}:role/r is no role, so nobody can assume it",
            "name the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME",
        ),
    ),
    (
        USER, "kms:Decrypt", PARTNER,
        Obstacle("no other account can use alias/aws/s3, a key that AWS manages", OWN_KEY, KEYS_PAGE),
    ),
    (
        USER, "sqs:SendMessage", "arn:aws:sqs:eu-west-1::q",
        Obstacle("the ARN leaves out the account of the resource", "name it in the ARN: arn:…:sqs:…:…:…"),
    ),
    (
        USER, "sqs:SendMessage", f"arn:aws:sqs::{ACCOUNT}:q",
        Obstacle("the ARN leaves out the region of the resource", "name it in the ARN: arn:…:sqs:…:…:…"),
    ),
    (
        USER, "s3:ListBucket", "arn:aws:s3:::b/x",
        Obstacle(
            "s3:ListBucket is not asked on such a resource, so that no statement on it matters",
            "name what it is asked on: arn:…:s3:::… or arn:…:s3:…:…:accesspoint/…",
        ),
    ),
    (
        USER, "s3:GetObject", "arn:aws:s3:::BUCKET/x",
        Obstacle("the name of the bucket is masked, or a placeholder", REAL),
    ),
    (
        USER, "dynamodb:GetItem", f"arn:aws:dynamodb:REGION:{ACCOUNT}:table/t",
        Obstacle("the region of the resource is masked, or a placeholder", REAL),
    ),
    (
        USER, "dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:1111222233334:table/t",
        Obstacle("the account of the resource is masked, or a placeholder", REAL),
    ),
    (
        USER, "s3:GetObject", "arn:aws:s3",
        Obstacle("the ARN of the resource is cut off", "ask again with the whole ARN"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("principal", "action", "resource", "expected"), OBSTACLES)
def test_why_no_statement_helps_is_told_with_what_to_do_instead(
    principal: str, action: str, resource: str, expected: Obstacle
) -> None:
    request = Request(action, resource, principal=principal)
    assert obstacle(request) == obstacle_in_message(request) == expected


def test_a_message_that_names_everything_is_told_so_and_a_question_about_everything_is_not() -> None:
    everything = Request("ssm:GetParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:*", principal=USER)
    assert obstacle_in_message(everything) == Obstacle(
        "Parameter Store names no parameter that does not exist",
        "check the parameter's name, path and region, and allow …:parameter/NAME",
    )
    assert obstacle(everything) is None


@pytest.mark.parametrize("region", ["*", "eu-*", "${AWS::Region}", "eu-west-1"])
@pytest.mark.parametrize("account", ["*", "${AWS::AccountId}", ACCOUNT])
def test_a_part_that_is_open_on_purpose_is_not_masked(region: str, account: str) -> None:
    request = Request("sqs:SendMessage", f"arn:aws:sqs:{region}:{account}:q", principal=USER)
    assert obstacle(request) is None


@pytest.mark.parametrize("account", ["*", "${AWS::AccountId}", ACCOUNT])
def test_the_key_of_a_service_is_of_another_account_only_where_its_number_says_so(account: str) -> None:
    request = Request("kms:Decrypt", f"arn:aws:kms:eu-west-1:{account}:alias/aws/s3", principal=USER)
    nobody = "nobody can change the policy of alias/aws/s3, a key that AWS manages and its service uses"
    assert obstacle(request) == Obstacle(nobody, OWN_KEY, KEYS_PAGE)

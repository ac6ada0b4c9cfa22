"""An inference profile of Bedrock runs a model elsewhere: every part of remit knows the ARN and the region it asks for.

The facts are those of "Global cross-Region inference" and "Supported Regions and models for inference profiles" (Amazon
Bedrock User Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import projects
from remit.catalogue.inference_profiles import geography_and_model
from remit.errors import RemitError
from remit.grants import bedrock
from remit.iam.policy import parse, render_statement
from remit.iam.prove.compare import compare

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "amazon.nova-lite-v1:0",
    "meta.llama3-1-70b-instruct-v1:0",
    "ai21.jamba-1-5-large-v1:0",
    "deepseek.v3.2",
    "zai.glm-4.6",
    "qwen.qwen3-coder-30b-a3b-v1:0",
    "moonshotai.kimi-k2.5",
)
GEOGRAPHIES = ("us", "eu", "apac", "global", "au", "jp", "ca", "us-gov")
ANYWHERE = "arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0"
SOMEWHERE = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-2-lite-v1:0"
PROFILE = "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/global.amazon.nova-2-lite-v1:0"
UNSPECIFIED = {"StringEquals": {"aws:RequestedRegion": "unspecified"}}


def statement(effect: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "bedrock:InvokeModel", "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize("model", MODELS)
def test_the_id_of_a_profile_names_its_geography_and_its_model(model: str) -> None:
    assert geography_and_model(model) is None
    for geography in GEOGRAPHIES:
        assert geography_and_model(f"{geography}.{model}") == (geography, model)


@pytest.mark.parametrize("geography", GEOGRAPHIES)
@pytest.mark.parametrize("prefix", ["", "arn:aws:bedrock:us-east-1:111122223333:inference-profile/"])
def test_a_profile_that_is_given_for_a_model_is_refused_with_the_verb_to_write(geography: str, prefix: str) -> None:
    with pytest.raises(RemitError) as raised:
        bedrock.invoke(f"{prefix}{geography}.amazon.nova-lite-v1:0")

    assert raised.value.message == (
        f"{geography}.amazon.nova-lite-v1:0 is an inference profile, and bedrock.invoke takes a model"
    )
    assert f'bedrock.invoke_profile("{geography}.amazon.nova-lite-v1:0")' in str(raised.value.hint)


def test_a_profile_of_ones_own_is_refused_too_and_needs_its_model() -> None:
    """The id of an application inference profile says nothing about the model."""
    own = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3"
    with pytest.raises(RemitError, match="a1b2c3 is an inference profile"):
        bedrock.invoke(own)
    with pytest.raises(RemitError, match="needs the model behind a1b2c3"):
        bedrock.invoke_profile(own)

    _, of_model = bedrock.invoke_profile(own, "amazon.nova-lite-v1:0")

    assert of_model.statement.conditions[0].values == (own,)


def test_the_grant_of_a_profile_reaches_its_model_with_and_without_a_region() -> None:
    given = document(*(render_statement(grant.statement) for grant in bedrock.invoke_profile(PROFILE)))
    by_profile = {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}
    needed = document(
        statement("Allow", PROFILE),
        statement("Allow", SOMEWHERE.replace("arn:aws:", "arn:${AWS::Partition}:"), Condition=by_profile),
        statement("Allow", ANYWHERE.replace("arn:aws:", "arn:${AWS::Partition}:"), Condition=by_profile),
    )

    comparison = compare([parse(given)], [parse(needed)])

    assert (comparison.gained, comparison.undecided) == ((), ())


@pytest.mark.parametrize(
    "policy",
    [
        document(statement("Allow", ANYWHERE, Condition=UNSPECIFIED)),
        document(statement("Allow", SOMEWHERE), statement("Deny", "*", Condition=UNSPECIFIED)),
    ],
    ids=["an Allow", "a Deny"],
)
def test_lint_finds_no_mistake_in_the_region_of_a_global_profile(tmp_path: Path, policy: dict[str, Any]) -> None:
    (tmp_path / "policy.json").write_text(json.dumps(policy))

    ran = projects.remit("lint", str(tmp_path / "policy.json"))

    assert (ran.status, ran.out.strip().partition(";")[0], ran.err) == (0, "nothing found", "")


def test_a_model_without_a_region_is_access_of_today(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps(document(statement("Allow", SOMEWHERE))))
    both = document(statement("Allow", SOMEWHERE), statement("Allow", ANYWHERE, Condition=UNSPECIFIED))
    (tmp_path / "new.json").write_text(json.dumps(both))

    ran = projects.remit("diff", str(tmp_path / "old.json"), str(tmp_path / "new.json"), "--json")

    gained = json.loads(ran.out)["gained"]
    assert [(item["action"], item["resource"], item["tier"]) for item in gained] == [
        ("bedrock:InvokeModel", ANYWHERE, "now")
    ]
    assert gained[0]["context"]["aws:RequestedRegion"] == "unspecified"


@pytest.mark.parametrize(("region", "verdict"), [("unspecified", "Allowed"), ("eu-west-1", "ImplicitlyDenied")])
def test_evaluate_and_explain_decide_on_the_model_without_a_region(tmp_path: Path, region: str, verdict: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(document(statement("Allow", ANYWHERE, Condition=UNSPECIFIED))))
    asked = ("--action", "bedrock:InvokeModel", "--resource", ANYWHERE, "--context", f"aws:RequestedRegion={region}")

    assert projects.remit("evaluate", "--policy", str(path), *asked).out.startswith(f"{verdict}:")
    assert "leaves out the region" not in projects.remit("explain", str(path), "bedrock:InvokeModel", ANYWHERE).out


def test_why_names_the_model_behind_a_profile() -> None:
    denial = (
        "User: arn:aws:sts::111122223333:assumed-role/Chat/i-1 is not authorized to perform: bedrock:InvokeModel on "
        f"resource: {PROFILE} because no identity-based policy allows the bedrock:InvokeModel action"
    )

    ran = projects.remit("why", denial, "--json")

    (advice,) = [line for line in json.loads(ran.out)["advice"] if "the profile runs" in line]
    assert "amazon.nova-2-lite-v1:0" in advice
    allowed = json.loads(advice[advice.index("{") :])
    assert allowed["Resource"] == "arn:aws:bedrock:*::foundation-model/amazon.nova-2-lite-v1:0"
    assert allowed["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}

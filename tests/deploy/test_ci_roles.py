"""The roles of jobs: each has the policies that are its own, as many as there are, and the tokens that are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.deploy.ci_roles import ci_roles, subject
from remit.errors import RemitError

ROLES = ("DeployRole", "ServiceRole")
SERVICES = st.sampled_from(("github", "gitlab"))


@settings(max_examples=cases(10, deep=100))
@given(SERVICES, st.fixed_dictionaries(dict.fromkeys(ROLES, st.integers(1, 4))))
def test_each_role_has_all_documents_of_its_own_and_no_other(service: str, counts: dict[str, int]) -> None:
    policies = {role: [{"Statement": [f"{role}-{number}"]} for number in range(counts[role])] for role in ROLES}
    resources = ci_roles(service, ("repo:acme/shop",), policies)["Resources"]
    for role in ROLES:
        attached = [arn["Ref"] for arn in resources[role]["Properties"]["ManagedPolicyArns"] if isinstance(arn, dict)]
        assert [resources[name]["Properties"]["PolicyDocument"] for name in attached] == policies[role]
    made = [name for name, resource in resources.items() if resource["Type"] == "AWS::IAM::ManagedPolicy"]
    # Under another logical id, CloudFormation would replace the policy of a role that is there.
    assert made == [f"{role}Policy{number}" for role in ROLES for number in range(1, counts[role] + 1)]


@settings(max_examples=cases(10, deep=100))
@given(SERVICES, st.lists(st.sampled_from(("acme/shop", "acme/bill", "acme@12/shop@34")), min_size=1, unique=True))
def test_the_jobs_of_each_repository_may_take_the_role(service: str, repositories: list[str]) -> None:
    subjects = [subject(service, repository, "prod", "main") for repository in repositories]
    template = ci_roles(service, subjects, {"DeployRole": [{}]})
    trust = template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]
    assert subjects in list(_lists_in(trust))
    assert all(repository in text for repository, text in zip(repositories, subjects, strict=True))


def _lists_in(value: Any) -> Any:
    """All lists in a document."""
    if isinstance(value, list):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _lists_in(part)


@pytest.mark.parametrize("name", ["shop", "acme/", "acme/shop:*", 'acme/"', "acme/shop@x"])
def test_what_is_no_repository_is_refused(name: str) -> None:
    with pytest.raises(RemitError, match="no repository is called") as told:
        subject("github", name, "prod", "main")
    assert told.value.hint == "acme/shop, or acme@12/shop@34 with ids"

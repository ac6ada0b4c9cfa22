"""Actions that two pages describe under one prefix have the resource types and the services' names of both."""

from __future__ import annotations

import pytest

from remit.catalogue.actions import action, resource_types, target_names
from remit.catalogue.meant_names import nearest_services
from remit.catalogue.operations import owners, prefixes
from remit.catalogue.shared_prefixes import PAGES, TARGETS


@pytest.mark.parametrize(("name", "kinds"), TARGETS.items())
def test_every_row_names_an_action_and_types_that_are_known(name: str, kinds: tuple[str, ...]) -> None:
    found = action(name)
    assert found is not None
    assert set(kinds) <= {kind.name for kind in resource_types(found.service)}
    targets = [target.type.name for target in found.targets]
    assert set(kinds) <= target_names(name) == set(targets)
    assert len(targets) == len(set(targets))


def test_an_http_endpoint_is_called_by_a_state_machine_on_conditions_of_its_own() -> None:
    """Call HTTPS APIs in Step Functions workflows (AWS Step Functions Developer Guide)."""
    found = action("states:InvokeHTTPEndpoint")
    assert found is not None
    assert [key.name for key in found.keys] == ["states:HTTPEndpoint", "states:HTTPMethod"]
    assert [(target.type.full_name, target.required) for target in found.targets] == [("states:statemachine", False)]


def test_what_one_page_requires_the_other_does_not() -> None:
    found = action("elasticloadbalancing:AddTags")
    assert found is not None
    assert {target.required for target in found.targets} == {False}
    assert {"loadbalancer", "listener/app", "targetgroup"} <= {target.type.name for target in found.targets}


OWNERS = {
    "elasticloadbalancing:ConfigureHealthCheck": ("AWS Elastic Load Balancing",),
    "elasticloadbalancing:SetSecurityGroups": ("AWS Elastic Load Balancing V2",),
    "elasticloadbalancing:CreateLoadBalancer": ("AWS Elastic Load Balancing", "AWS Elastic Load Balancing V2"),
    "apigateway:GET": ("Amazon API Gateway Management", "Amazon API Gateway Management V2"),
    "apigateway:SetWebACL": ("Amazon API Gateway Management", "Amazon API Gateway Management V2"),
    "lex:PutBot": ("Amazon Lex",),
    "ses:CreateArchive": ("Amazon Simple Email Service - Mail Manager",),
    "aws-marketplace:Subscribe": ("AWS Marketplace",),
    "cassandra:Select": ("Amazon Keyspaces (for Apache Cassandra)",),
    "s3:GetObject": ("Amazon S3",),
}


@pytest.mark.parametrize(("name", "services"), OWNERS.items(), ids=OWNERS)
def test_an_action_is_of_the_services_on_whose_pages_it_stands(name: str, services: tuple[str, ...]) -> None:
    known = action(name)
    assert known is not None
    assert owners(known) == services


@pytest.mark.parametrize("prefix", PAGES)
def test_every_page_is_named_after_its_prefix_and_clients_that_have_its_actions(prefix: str) -> None:
    for name, those in PAGES[prefix].items():
        assert nearest_services(name)[:1] == (prefix,)
        assert all(prefix in prefixes(client) for client in those)

"""The table of resources that hold data, against cfn-lint's list and CloudFormation's types."""

from __future__ import annotations

import json
from importlib.resources import files

from remit.catalogue.data_types import KINDS
from remit.catalogue.types import resource_type


def test_every_type_that_cfn_lint_calls_stateful_is_in_the_table() -> None:
    stated = files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text()
    assert set(json.loads(stated)["ResourceTypes"]) - set(KINDS) == set()


def test_every_type_in_the_table_is_one_of_cloudformation_s_or_was() -> None:
    gone = {"AWS::QLDB::Ledger"}
    assert {name for name in KINDS if resource_type(name) is None} - gone == set()

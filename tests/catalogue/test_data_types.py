"""The types of resources that hold data, against cfn-lint's list, and what people call them."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from remit.catalogue.types import holds_data, resource_type


def test_every_type_that_cfn_lint_calls_stateful_holds_data() -> None:
    stated = files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text()
    gone = {"AWS::QLDB::Ledger"}
    assert {name for name in json.loads(stated)["ResourceTypes"] if not holds_data(name)} - gone == set()


def test_what_a_template_gives_itself_is_no_data_that_is_lost() -> None:
    names = ("AWS::SSM::Parameter", "AWS::Glue::Table", "AWS::Lambda::Function", "AWS::No::Such")
    assert [holds_data(name) for name in names] == [False] * 4


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("AWS::Logs::LogGroup", "log group"),
        ("AWS::RDS::DBCluster", "DB cluster"),
        ("AWS::S3Tables::TableBucket", "table bucket"),
        ("AWS::SQS::Queue", "queue"),
    ],
)
def test_a_type_is_called_by_the_words_of_its_name(name: str, called: str) -> None:
    kind = resource_type(name)
    assert kind is not None
    assert kind.called == called

"""Every verb of `remit.grants`: what it gives, held against AWS's own reference, remit's rules and cfn-lint."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cfn_lint
from random_cases import cases_of
from remit import grants
from remit.answers.remedy import grants_module
from remit.catalogue.actions import action
from remit.catalogue.arns import parse
from remit.errors import RemitError
from remit.iam.pattern import overlaps
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Make
    from projects import Project
    from remit.app import Grant
    from remit.catalogue.actions import Action

GOLDENS = Path(__file__).parent / "goldens"
SERVICES = [name for name in grants.__all__ if name != "allow"]
"""Modules of `remit.grants`."""
RECORDED: dict[str, dict[str, Any]] = {
    service: json.loads((GOLDENS / f"{service}.json").read_text("utf-8")) for service in SERVICES
}
"""By module, calls as people write them, and what each gives. `REMIT_RECORD=1` fills in what new calls give."""
CONNECTED = 'from remit import grants, on\n@app.function(on.websocket("$connect"))\ndef door(event, context): ...\n'
"""Grants on connections are about the app's own API, so that there must be one."""
CALLS = [call for calls in RECORDED.values() for call in calls]


def called(call: str) -> tuple[Grant, ...]:
    """What a call gives."""
    namespace = {name: getattr(grants, name) for name in SERVICES}
    given: tuple[Grant, ...] = eval(call, namespace)  # noqa: S307 - the calls stand in this folder
    return given


def verbs(service: str) -> dict[str, Callable[..., Any]]:
    """The verbs of a module, by their names."""
    module = importlib.import_module(f"remit.grants.{service}")
    return {
        name: verb
        for name, verb in vars(module).items()
        if inspect.isfunction(verb) and verb.__module__ == module.__name__ and not name.startswith("_")
    }


def catalogued(name: str) -> Action:
    row = action(name)
    assert row is not None, f"AWS has no action {name}"
    assert name == row.full_name
    return row


@pytest.mark.parametrize("service", SERVICES)
def test_each_verb_gives_what_is_written_down(service: str) -> None:
    given = {
        call: {
            "because": [grant.because for grant in called(call)],
            "statements": [render_statement(grant.statement) for grant in called(call)],
        }
        for call in RECORDED[service]
    }
    if "REMIT_RECORD" in os.environ:
        (GOLDENS / f"{service}.json").write_text(json.dumps(given, indent=1) + "\n", "utf-8")
    assert RECORDED[service] == given


@pytest.mark.parametrize("service", SERVICES)
def test_every_verb_is_called(service: str) -> None:
    spelled = {call.partition("(")[0].partition(".")[2] for call in RECORDED[service]}
    assert set(verbs(service)) == spelled


@pytest.mark.parametrize("service", SERVICES)
def test_each_verb_refuses_nothing_in_place_of_a_name_by_its_own_name(service: str) -> None:
    """But for what may be left out: `detect` and `read` work without a bucket."""
    for name, verb in verbs(service).items():
        parameters = inspect.signature(verb).parameters.values()
        positional = [None for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
        keywords = {
            parameter.name: None
            for parameter in parameters
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        }
        is_optional = any(parameter.name == "bucket" and parameter.default is None for parameter in parameters)
        if (positional or keywords) and not is_optional:
            with pytest.raises(RemitError, match=rf"^error: {service}\.{name}:? "):
                verb(*positional, **keywords)


@pytest.mark.parametrize("call", CALLS)
def test_every_action_exists_and_takes_each_resource_that_its_statement_names(call: str) -> None:
    """By AWS's service reference. Actions that take none stand on `*` alone; others never do."""
    for grant in called(call):
        assert grant.statement.resources is not None
        patterns = grant.statement.resources.patterns
        for name in grant.statement.actions.patterns:
            targets = catalogued(name).targets
            formats = [arn for target in targets for arn in target.type.arns]
            if patterns == ("*",):
                assert not any(target.required for target in targets), f"{name} needs a resource"
                continue
            assert formats, f"{name} takes no resource"
            for pattern in patterns:
                assert any(fits(pattern, arn) for arn in formats) or takes_another(name, grant), f"{name} on {pattern}"


def fits(pattern: str, form: str) -> bool:
    """Whether some ARN of a format is meant by a pattern; their services, at least, are the same."""
    written, possible = parse(re.sub(r"\$\{[^}]*\}", "*", pattern)), parse(re.sub(r"\$\{[^}]*\}", "*", form))
    assert written is not None
    assert possible is not None
    return written.service == possible.service and overlaps(written.resource, possible.resource)


def takes_another(name: str, grant: Grant) -> bool:
    """Mail names a template or a configuration set beside the identity: not each action takes all of them."""
    return name in ("ses:SendRawEmail", "glue:GetDatabase") and len(grant.statement.actions.patterns) > 1


@pytest.mark.parametrize("call", CALLS)
def test_every_action_stands_in_the_docstring_of_its_verb_with_the_page_of_aws(call: str) -> None:
    service, _, verb = call.partition("(")[0].partition(".")
    text = f"{inspect.getdoc(verbs(service)[verb])}"
    page = " ".join(f"{inspect.getdoc(importlib.import_module(f'remit.grants.{service}'))}".split())
    assert "(Service Authorization Reference)" in page
    borrowed = {"s3:GetObject", "s3:PutObject"}  # of what the caller must reach besides
    for grant in called(call):
        for name in grant.statement.actions.patterns:
            assert name in text or (name in borrowed and "s3:" in text)


@pytest.mark.parametrize("call", [call for call in CALLS if "key=" in call])
def test_a_key_is_used_through_one_service_alone(call: str) -> None:
    uses = [grant.statement for grant in called(call) if grant.statement.actions.patterns[0].startswith("kms:")]
    assert uses
    for statement in uses:
        values = {condition.key: condition.values for condition in statement.conditions}
        service = re.fullmatch(r"([a-z0-9]+)\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}", values["kms:ViaService"][0])
        assert service is not None
        assert {"kms"} == {name.partition(":")[0] for name in statement.actions.patterns}


def test_lint_and_build_have_nothing_to_say_about_any(make: Make) -> None:
    body = CONNECTED
    for number, call in enumerate(CALLS):
        body += f"@app.function(policy=[grants.{call}])\ndef f{number}(event, context): ...\n"
    assert [] == findings(make(app=body))


def findings(project: Project, stage: str = "prod") -> list[tuple[str, str]]:
    """What lint says of what the app declares: errors and warnings; notes say what a grant cannot narrow."""
    said = json.loads(project.remit("lint", "--stage", stage, "--json").out)
    return [(item["rule"], item["message"]) for item in said if item["severity"] != "note"]


OPTIONS = {
    "key": ['"alias/shop"', '"1a2b3c4d-0000-0000-0000-000000000000"', "Data.key", "Data.key.ref", "Data.alias"],
    "leading_keys": ['"EU#*"', '["a", "b*"]', '"${aws:PrincipalTag/customer}"'],
    "index": ['"by-day"', '"*"'],
    "qualifier": ['"live"', '"prod"', '"3"', '"$LATEST"', '"*"'],
    "source": ['"shop.orders"', '"shop.*"'],
    "detail_type": ['"Paid"', '"Order *"'],
    "sender": ['"a@shop.example"', '"*@shop.example"'],
    "configuration_set": ['"receipts"'],
    "template": ['"paid"'],
    "group": ['"shop"', '"shop-*"'],
    "tables": ['["orders"]', '["orders_*"]'],
    "prefix": ['"orders/"'],
    "model": ['"amazon.nova-lite-v1:0"'],
    "results": ['"texts"'],
    "secret": ['"/shop/db"', "Data.secret"],
    "keys": ['"in/*"', '"a", "b/?.jpg"'],
    "prefixes": ['"in/*"', '"a", "b"'],
    "namespaces": ['"Shop/*"', '"Shop", "Shop/*"'],
    "indexes": ['"products-*"'],
    "paths": ['"/products/*"'],
    "name": ['"reminder-*"'],
    "job": ['"calls-*"'],
    "bus": ['"orders"', "Data.bus"],
    "workgroup": ['"reports"'],
}
"""Values for each option of the verbs, wildcards and resources of the app among them."""
REQUIRED = {
    "role": '"scheduler-runs"',
    "database": '"shop"',
    "data": '"lake"',
    "results": '"answers"',
    "recordings": '"calls"',
    "template": '"paid"',
    "secret": '"/shop/db"',
}
FIRST = {"bucket": '"uploads"', "collection": '"staff"'}
SHARED = """
from remit import Shared, resource
class Data(Shared):
    key = resource("AWS::KMS::Key")
    alias = resource("AWS::KMS::Alias", alias_name="alias/own", target_key_id=key)
    secret = resource("AWS::SecretsManager::Secret", kms_key_id=key)
    bus = resource("AWS::Events::EventBus", name="shop")
"""


def arguments(verb: Callable[..., Any]) -> tuple[list[str], list[str], dict[str, inspect.Parameter]]:
    """What a call of a verb must have, as it is written, by position and by keyword; and what it may have."""
    positional, keywords, optional = [], [], {}
    for parameter in inspect.signature(verb).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL or parameter.default is not parameter.empty:
            optional[parameter.name] = parameter
        elif parameter.kind is parameter.KEYWORD_ONLY:
            keywords.append(f"{parameter.name}={REQUIRED[parameter.name]}")
        else:
            positional.append(FIRST.get(parameter.name, '"shop-report"'))
    return positional, keywords, optional


def calls_with(service: str, name: str, verb: Callable[..., Any]) -> list[str]:
    """Calls of a verb, with each of its options by itself, and each of its values."""
    required, keywords, optional = arguments(verb)
    calls = []
    for option, parameter in optional.items():
        if option == "bucket":  # which other calls of the verb have
            continue
        for value in OPTIONS[option]:
            written = value if parameter.kind is parameter.VAR_POSITIONAL else f"{option}={value}"
            positional = [*required]
            if "bucket" in optional and (parameter.kind is parameter.VAR_POSITIONAL or option == "key"):
                positional.append(FIRST["bucket"])
            calls.append(f"{service}.{name}({', '.join((*positional, written, *keywords))})")
    return calls


@pytest.mark.parametrize("service", SERVICES)
def test_each_verb_refuses_a_number_as_any_of_its_options_by_its_own_name(service: str) -> None:
    for name, verb in verbs(service).items():
        positional, keywords, optional = arguments(verb)
        for option, parameter in optional.items():
            written = "3" if parameter.kind is parameter.VAR_POSITIONAL else f"{option}=3"
            if parameter.kind is parameter.VAR_POSITIONAL and "bucket" in optional:
                written = f"{FIRST['bucket']}, 3"
            wanted = "a string" if parameter.annotation.startswith("str") else "a name, an ARN or a resource"
            message = rf"^error: {service}\.{name}: {option}(\[0\])? must be {wanted}( or a list.*)?, got int '3'"
            with pytest.raises(RemitError, match=message):
                called(f"{service}.{name}({', '.join((*positional, written, *keywords))})")


def test_lint_has_nothing_to_say_about_any_option_of_any_verb(make: Make) -> None:
    calls = [
        call
        for service in SERVICES
        for name, verb in verbs(service).items()
        for call in calls_with(service, name, verb)
    ]
    body = f"from shared.resources.data import Data\n{CONNECTED}"
    for number, call in enumerate(cases_of(calls, len(calls) // 3)):
        body += f"@app.function(policy=[grants.{call}])\ndef f{number}(event, context): ...\n"
    assert [] == findings(make(app=body, **{"shared/resources/data.py": SHARED}), "dev")


def test_cfn_lint_accepts_a_role_of_each_service(make: Make, tmp_path: Path) -> None:
    body = CONNECTED
    for service, calls in cases_of(tuple(RECORDED.items()), 5):
        policy = ", ".join(f"grants.{call}" for call in calls)
        body += f"@app.function(policy=[{policy}])\ndef f_{service}(event, context): ...\n"
    template = tmp_path / "template.json"
    template.write_text(make(app=body).built().body)
    assert [] == cfn_lint.findings(template)


@pytest.mark.parametrize("service", SERVICES)
def test_a_denial_finds_the_module_by_the_prefix_of_its_actions(service: str) -> None:
    prefix = called(next(iter(RECORDED[service])))[0].statement.actions.patterns[0].partition(":")[0]
    module = grants_module(prefix)
    assert module is not None
    assert f"remit.grants.{service}" == module.__name__

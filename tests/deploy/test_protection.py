"""The stack of a production stage is not deleted, and keeps what holds data, until somebody says otherwise."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

import scripted_proxy
from projects import HELLO, write
from random_cases import in_all_cases
from remit.cli import main
from remit.deploy.session import connect
from remit.deploy.stack import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.session import Account
    from scripted_proxy import Answer, ScriptedProxy

    Run = Callable[..., tuple[int, str]]

NUMBERS = itertools.count(999_900_000_000)
STACK = "orders-prod"
QUEUE = """from remit import Shared, resource

class Data(Shared):
    orders = resource("AWS::SQS::Queue")
"""
CONFIG = 'from remit import configure\n\nwith configure() as config:\n    config.stages.production = ["prod"]\n'
WRITES = {"UpdateTerminationProtection", "SetStackPolicy"}


@pytest.fixture
def proxy(endpoint: str) -> Iterator[ScriptedProxy]:
    with scripted_proxy.in_front_of(endpoint) as proxy:
        yield proxy


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, proxy: ScriptedProxy, tmp_path: Path) -> Iterator[Account]:
    """An account with nothing in it, behind the proxy; its credentials are in the environment."""
    for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE", "REMIT_ACCOUNT", "REMIT_STAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_ACCESS_KEY_ID": str(next(NUMBERS)),
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    account = connect()
    yield account
    for client in account._clients.values():
        client.close()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], account: Account, tmp_path: Path) -> Run:
    """Run a command in a project with a queue: its exit code, and what it says."""
    assert account.account
    project = tmp_path / "orders"
    write(project, {"app.py": HELLO, "config/deploy.py": CONFIG, "shared/resources/data.py": QUEUE})

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "-C", str(project)])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    run("bootstrap")
    return run


def deployed(run: Run, *options: str, stage: str = "prod") -> str:
    code, text = run("deploy", "--stage", stage, "--yes", *options)
    assert code == 0, text
    return text


def protection(account: Account) -> tuple[bool, list[str]]:
    """Whether the stack is protected, and the resources that its policy keeps."""
    stack = describe(account, STACK)
    assert stack is not None
    body = account.client("cloudformation").get_stack_policy(StackName=STACK).get("StackPolicyBody", "{}")
    denying = [each for each in json.loads(body).get("Statement", ()) if each["Effect"] == "Deny"]
    return stack.protected, sorted(resource for statement in denying for resource in statement["Resource"])


def unprotect(account: Account, policy: dict[str, Any]) -> None:
    formation = account.client("cloudformation")
    formation.update_termination_protection(StackName=STACK, EnableTerminationProtection=False)
    formation.set_stack_policy(StackName=STACK, StackPolicyBody=json.dumps(policy))


ALL = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
KEPT = (True, ["LogicalResourceId/DataOrders"])


def test_the_first_deploy_of_a_production_stage_protects_it_and_the_next_writes_nothing(
    run: Run, account: Account, proxy: ScriptedProxy
) -> None:
    deployed(run)
    assert protection(account) == KEPT
    proxy.asked.clear()
    assert "no changes" in deployed(run)
    assert set() == WRITES & set(proxy.asked)
    code, text = run("delete", "--stage", "prod", "--yes-delete", "all")
    assert (code, "`aws cloudformation update-termination-protection --no-enable-termination-protection" in text) == (
        2,
        True,
    )
    deployed(run, stage="test")
    assert run("delete", "--stage", "test", "--yes-delete", "all")[0] == 0


@in_all_cases
def test_a_deploy_after_one_that_was_killed_puts_the_protection_on(run: Run, account: Account) -> None:
    deployed(run)
    unprotect(account, ALL)
    assert protection(account) == (False, [])
    assert "no changes" in deployed(run)
    assert protection(account) == KEPT


def test_what_holds_data_may_go_while_a_deploy_lasts_that_names_it(
    run: Run, account: Account, proxy: ScriptedProxy, tmp_path: Path
) -> None:
    """The AWS on this machine keeps a stack policy, and does not apply it: what is asked for is all that is seen."""
    both = f'{QUEUE}    bills = resource("AWS::SQS::Queue")\n'
    write(tmp_path / "orders", {"shared/resources/data.py": both})
    deployed(run)
    kept = ["LogicalResourceId/DataBills", "LogicalResourceId/DataOrders"]
    assert protection(account) == (True, kept)
    write(tmp_path / "orders", {"shared/resources/data.py": both.replace("    orders", "    # orders")})
    assert run("deploy", "--stage", "prod", "--yes")[0] == 1
    assert protection(account) == (True, kept)
    meanwhile: list[tuple[bool, list[str]]] = []

    def look(_parameters: object, pass_on: Callable[[], Answer]) -> Answer:
        meanwhile.append(protection(account))
        return pass_on()

    proxy.scripts["ExecuteChangeSet"] = look
    deployed(run, "--yes-delete", "DataOrders")
    assert [(True, kept[:1])] == meanwhile
    assert protection(account) == (True, kept[:1])
    write(tmp_path / "orders", {"shared/resources/data.py": both})
    deployed(run)
    assert [(True, kept[:1])] * 2 == meanwhile
    assert protection(account) == (True, kept)


@in_all_cases
def test_a_stack_policy_of_somebody_elses_stays(run: Run, account: Account) -> None:
    deployed(run)
    own = {
        "Statement": [*ALL["Statement"], {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]
    }
    unprotect(account, own)
    assert f"{STACK} has a stack policy that remit did not write: it stays as it is" in deployed(run)
    assert protection(account) == (True, ["*"])


def test_whoever_may_not_protect_deploys_and_is_told(run: Run, proxy: ScriptedProxy, account: Account) -> None:
    words = "User: arn:aws:iam::1:user/ci is not authorized to perform: cloudformation:UpdateTerminationProtection"
    proxy.scripts["UpdateTerminationProtection"] = scripted_proxy.error("AccessDenied", words, 403)
    assert "note: the stack is not protected: " in deployed(run)
    assert protection(account)[0] is False


@pytest.mark.parametrize(("stage", "expected"), [("prod", WRITES | {"GetStackPolicy"}), ("dev", set())])
def test_the_policy_of_whoever_deploys_has_it_for_production_stages_alone(
    run: Run, stage: str, expected: set[str]
) -> None:
    code, text = run("policy", "deployer", "--stage", stage)
    assert code == 0
    assert {f"cloudformation:{name}" for name in expected} == {
        f"cloudformation:{name}" for name in WRITES | {"GetStackPolicy"} if f'"cloudformation:{name}"' in text
    }
    assert not any(name in run("policy", "deployer", "--for", "plan", "--stage", stage)[1] for name in WRITES)

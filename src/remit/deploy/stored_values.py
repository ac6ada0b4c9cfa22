"""Look up the secrets and parameters that functions read, before anything is deployed; no value is fetched.

On the AWS of this machine, those that `.env.local` has are made with the values that it gives.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from remit.deploy.aws_errors import Denied, if_there, remit_errors
from remit.deployer.needed_actions import DeployCall
from remit.errors import Mistakes
from remit.grants import secretsmanager
from remit.project.local_values import FILE, local_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.app import App, StoredValue
    from remit.deploy.session import Account

_MAKES: Final = {
    "secretsmanager": "aws secretsmanager create-secret --name {} --secret-string file://…",
    "ssm": "aws ssm put-parameter --type SecureString --name {} --value file://…",
}
_PURPOSE: Final = "to see before a deploy whether the secrets and parameters exist that functions read"


def required_values(app: App) -> tuple[StoredValue, ...]:
    """The secrets and parameters that functions name and the app does not declare, each once."""
    by_name: dict[tuple[str, str], StoredValue] = {}
    for function in app.functions:
        for value in function.stored_values:
            if not value.own:
                by_name.setdefault((value.store, value.name), value)
    return tuple(by_name.values())


def calls_for_stored(app: App) -> Iterator[DeployCall]:
    """Yield the calls that look the `required_values` up, which whoever deploys must be allowed."""
    for value in required_values(app):
        if value.store == "secretsmanager":
            (grant,) = secretsmanager.describe(value.subject)
            patterns = () if grant.statement.resources is None else grant.statement.resources.patterns
            for arn in patterns:
                yield DeployCall("secretsmanager.DescribeSecret", ("secretsmanager:DescribeSecret",), arn, _PURPOSE)
        else:
            yield DeployCall("ssm.DescribeParameters", ("ssm:DescribeParameters",), "*", _PURPOSE)


def look_up_stored(
    app: App, account: Account, folder: Path, note: Callable[[str], None], *, only_looks: bool = False
) -> None:
    """See that each secret and parameter exists. RemitError (2) has all that do not, each at the line that names it.

    On the AWS of this machine those that `.env.local` has are made, over what is there; with `only_looks` they count as
    there. Where the caller may not look, `note` hears of it, and the deploy goes on. RemitError: AWS refuses.
    """
    values = required_values(app)
    local = local_values(folder) if account.local and values else {}
    mistakes = Mistakes()
    for value in values:
        try:
            with remit_errors():
                exists = _exists(account, value)
        except Denied:
            note(f"note: whether {value.called} exists is not known: the caller may not look it up")
            continue
        local_text = local.get(value.name, local.get(value.variable))
        if local_text is not None:
            if not only_looks:
                _put(account.preparing, value, local_text)
        elif not exists:
            message = f"{value.called}, which {value.variable} names, does not exist"
            hint = f"make it first: {_MAKES[value.store].format(value.name)}"
            if account.local:
                hint = f"write its value for this machine into {FILE}: {value.name}=…"
            mistakes.add(f"{message} in {account.account}, {account.region}", hint=hint, origin=value.origin)
    mistakes.refuse()


def _exists(account: Account, value: StoredValue) -> bool:
    """Return whether a secret or parameter is there to be read; a parameter of another account counts as there.

    What AWS refuses is raised as the SDK has it.
    """
    if value.store == "ssm":
        if value.name.startswith("arn:"):  # of another account, whose parameters nobody can list
            return True
        # By its description, which has no value.
        name_is = {"Key": "Name", "Option": "Equals", "Values": [value.name]}
        return bool(account.client("ssm").describe_parameters(ParameterFilters=[name_is])["Parameters"])
    client = account.client("secretsmanager")
    answer = if_there(partial(client.describe_secret, SecretId=value.name))
    # A secret that waits for its deletion can be described, and not be read.
    return answer is not None and "DeletedDate" not in answer


def _put(account: Account, value: StoredValue, text: str) -> None:
    """Write a value into its store, over what is there.

    In Parameter Store it is a SecureString; a secret that does not exist is made. RemitError: AWS refuses.
    """
    with remit_errors():
        if value.store == "ssm":
            account.client("ssm").put_parameter(Name=value.name, Value=text, Type="SecureString", Overwrite=True)
        elif _exists(account, value):
            account.client("secretsmanager").put_secret_value(SecretId=value.name, SecretString=text)
        else:
            account.client("secretsmanager").create_secret(Name=value.name, SecretString=text)

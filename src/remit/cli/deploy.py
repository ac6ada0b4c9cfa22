"""`remit deploy`: build, show what changes, ask, and carry it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.build import Built
    from remit.cli.stack_commands import Terminal
    from remit.deploy.deployment import Deployment
    from remit.deploy.session import Account

F = TypeVar("F", bound=Callable[..., Any])


def deploying(command: F) -> F:
    """Add the options of what deploys: a build, or a release again. `carry_out` takes their values."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    options.project_option,
    options.stage_option,
    options.local_option,
    options.acting_as_option,
    options.account_options,
    options.yes_option,
    options.artefact_bucket_option,
    options.service_role_option,
    click.option(
        "--require-approval",
        "approval",
        type=click.Choice(("broadening", "any", "never")),
        help="Which changes of access need approval: those that add access (default), any, or none (never).",
    ),
    click.option("--accept-drift", is_flag=True, help="Deploy, and keep changes that were made by hand."),
    click.option("--revert-drift", is_flag=True, help="Undo changes that were made by hand, then deploy."),
    click.option("--wait", is_flag=True, help="Wait if somebody else is deploying, instead of exiting with 75."),
    click.option(
        "--force",
        is_flag=True,
        help="Deploy even if a newer remit deployed this stack, or your policies seem to lack what the deploy needs.",
    ),
    click.option("--skip", multiple=True, metavar="ID", help="Skip resource ID in a rollback that failed on it."),
    click.option("--plan", "only_plans", is_flag=True, help="Show what a deploy would do, and change nothing."),
    click.option("--markdown", is_flag=True, help="With --plan: print Markdown, for a comment on a pull request."),
    click.option(
        "--write", metavar="FILE", type=click.Path(path_type=Path), help="With --plan: write JSON or Markdown there."
    ),
    options.json_option,
)


_READ_FILES: Final = (".env.local", "config/accepted.json", "config/local/*", ".remit/deployed/*")
"""What a deploy to the AWS on this machine reads of the project, beside what a build does."""


@click.command("deploy", short_help="Deploy to AWS, or to the AWS on this machine.")
@options.python_option
@options.delays_option
@options.strict_option
@click.option(
    "--yes-delete",
    multiple=True,
    metavar="ID",
    help="Agree that resource ID, which holds data, is removed or replaced. --yes does not.",
)
@click.option("--first", is_flag=True, help="Agree to all access of a stage that is deployed for the first time.")
@click.option("--take-over", is_flag=True, help="Deploy over a stack that another tool made: it is this app's then.")
@click.option(
    "--adopt",
    is_flag=True,
    help="Import what exists already under a name that the app gives, instead of failing. Log groups always are.",
)
@click.option("--resume", is_flag=True, help="Follow a deploy that is running, or show how the last one ended.")
@options.accept_option
@deploying
@options.in_scope
def command(
    scope: options.Scope, seed: str | None, accept: str | None, *, strict: bool, resume: bool, **wished: Any
) -> int:
    """Build the app and deploy it with CloudFormation.

    Before it deploys, it shows which resources change and which access roles gain or lose, and asks.

    Without a terminal, as in CI, it cannot ask. It deploys if no access is gained beyond what `remit diff --accept` has
    accepted, and nothing is removed or replaced. Otherwise it deploys nothing and exits with 1. --require-approval sets
    which changes of access stop it. --yes answers yes to the question. With --require-approval, --yes does not approve
    changes of access. --first approves them where a stage is deployed for the first time.

    --yes never takes data away. A table, bucket, queue, user pool, database, file system, key or stream that would be
    removed or replaced (also perhaps, or kept by its deletion policy) needs --yes-delete with the ID that the plan
    shows. Repeat it for each.

    It also compares the stack's resources with the last deploy. It shows what was changed by hand (policies of roles
    and resources, permissions, settings, code, routes, what was deleted) with the access that it adds or removes, and
    asks whether to deploy anyway. Without a terminal it exits with 1, unless --accept-drift or --revert-drift is given.
    --yes does not answer this question.

    A stack that SAM, the Serverless Framework or CloudFormation made is deployed over with --take-over, once. Resources
    with the same logical id and type stay, with all that is in them. The plan lists what goes.

    --plan shows all this and stops there: nothing is left behind, in the account or on this machine. The exit code is 1
    if a deploy without --yes would stop, and the reasons are named. With --write, --json or --markdown is for the file,
    and standard output has the lines for people.

    Where you may read your own policies, it stops before it changes anything if they lack what the deploy needs, and
    prints the statements to add (`remit check deployer` tells more).

    Needs credentials, or --local. Needs the bucket that `remit bootstrap` creates, or one of your own.

    \b
    Examples:
      remit deploy --local
      remit deploy --local --as deployer.json --strict
      remit deploy --stage prod --region eu-central-1
      remit deploy --yes --json | jq .outputs
      remit deploy --yes --require-approval broadening
      remit deploy --stage prod --first
      remit deploy --yes --yes-delete DataOrders
      remit deploy --take-over
      remit deploy --adopt
      remit deploy --artefact-bucket our-artefacts
      remit deploy --service-role arn:aws:iam::111122223333:role/deploys
      remit deploy --resume
      remit deploy --plan --stage prod
      remit deploy --plan --markdown --write /tmp/plan.md
    """
    from remit.cli import stack_commands

    check_options(click.get_current_context().params)
    with stack_commands.stoppable():
        name = scope.namespace()  # a stage that cannot be is told before anything is asked for
        terminal = operator(wished)
        if resume:
            account = scope.account()
            deployment = _workflow().resume(account, scope.folder, name, scope.stage, terminal)
            _tell(account, deployment, None)
            code = 0
        else:
            from remit.build import build

            # Missing credentials are told before minutes go into packages. A local AWS starts for a sound project, or
            # for one that names what this AWS may lack.
            early = None if scope.local else scope.account()
            built = build(
                scope.folder,
                scope.stage,
                progress=terminal.note,
                accept=accept,
                for_this_machine=scope.local,
                place=None if early is None else _place(early),
                bucket=wished["artefact_bucket"],
                lacking=lambda app: _workflow().lacking(app, scope.folder, lambda: early or scope.account()),
            )
            for note in built.notes:
                terminal.note(note)
            code = 0
            is_plain = scope.local and not (
                seed or strict or options.wants_json() or scope.acting_as or wished["only_plans"]
            )
            if not (is_plain and _tell_unchanged(built, scope, wished)):
                account = early or scope.account()
                deploys = partial(_deploy, built, account, terminal, scope, wished if is_plain else {})
                with options.delays(scope.folder, seed), options.strictness(strict=strict):
                    code = carry_out(deploys, account, terminal, wished, built)
        if scope.local and not wished["only_plans"]:
            options.require_kept(scope.folder)
    return code


def _workflow() -> Any:
    from remit.deploy import workflow  # half a second of imports, which a deploy that changes nothing need not have

    return workflow


def _hash_of_input(built: Built, scope: options.Scope, wished: Mapping[str, Any]) -> str:
    """The hash of all that a deploy to the AWS on this machine reads: the build, options, a few files, and that AWS.

    The build's notes are told by each build, and change when Python writes its caches into the project. That AWS is
    started if need be.
    """
    from hashlib import sha256

    from remit import __version__

    aws = scope.local_aws()
    paths = [path for name in _READ_FILES for path in sorted(built.folder.glob(name))]
    files = [(str(path), path.is_file() and path.read_bytes()) for path in paths]
    what = (__version__, aws.region, aws.state, wished, replace(built, notes=()), files)
    return sha256(repr(what).encode()).hexdigest()


def _tell_unchanged(built: Built, scope: options.Scope, wished: Mapping[str, Any]) -> bool:
    """Print the end of the last deploy to the AWS on this machine, if that changed nothing and has read the same.

    Returns whether it did: then there is nothing to deploy.
    """
    from remit.local.state_files import StateFiles

    lines = StateFiles.of(built.folder).read_answer(_hash_of_input(built, scope, wished))
    _say(lines or ())
    return lines is not None


def _deploy(
    built: Built,
    account: Account,
    terminal: Terminal,
    scope: options.Scope,
    plain: Mapping[str, Any],
    **arguments: Any,
) -> Any:
    """Deploy; of one with `plain` options, keep the end for `_tell_unchanged` if it changes nothing.

    Nothing is kept of a stack with a state machine, which may change something later by itself, or with parameters, of
    which there may be more to say.
    """
    from remit.deploy.deployment import DeployJob

    before = plain and _hash_of_input(built, scope, plain)
    deployment = _workflow().deploy(DeployJob(built, account, terminal, **arguments))
    is_same = deployment.ok and deployment.outcome is None and not deployment.manual_changes.found
    is_plain = plain and not (built.template.parameters or "AWS::StepFunctions::StateMachine" in built.body)
    if is_plain and is_same and before == _hash_of_input(built, scope, plain):
        from remit.local.state_files import StateFiles

        StateFiles.of(built.folder).write_answer(before, list(_last_lines(account, deployment, built)))
    return deployment


def operator(wished: Mapping[str, Any]) -> Terminal:
    """The terminal of a deploy with these options.

    For --plan it asks nothing, and prints the changes on standard output, unless that has the JSON or the Markdown.
    """
    from remit.cli.stack_commands import Terminal

    is_text = wished["write"] is not None or not (options.wants_json() or wished["markdown"])
    return Terminal(asks=not wished["only_plans"], is_answer=wished["only_plans"] and is_text)


def carry_out(
    deploys: Callable[..., Deployment],
    account: Account,
    terminal: Terminal,
    wished: Mapping[str, Any],
    built: Built | None = None,
) -> int:
    """Call `deploys` with the answers that the options give, tell how it ended, and return the exit code.

    It is 1 where a plan has questions that nobody answered, else 0. RemitError: the deploy fails, or (NotApproved)
    nobody agrees; with --json its plan is printed before.
    """
    from remit.deploy.deployment import DeployJob, NotApproved

    answers = {field.name: wished[field.name] for field in fields(DeployJob) if field.name in wished}
    drift = "accept" if wished["accept_drift"] else "revert" if wished["revert_drift"] else "ask"
    try:
        deployment = deploys(drift=drift, bucket=wished["artefact_bucket"], **answers)
    except NotApproved as refusal:
        if options.wants_json():  # programs get the plan that nobody agreed to, too
            options.print_report({**_document(account, refusal.deployment), "ok": False})
        raise
    if wished["only_plans"]:
        _tell_plan(account, deployment, terminal, wished)
        return 1 if deployment.unanswered else 0
    _tell(account, deployment, built)
    return 0


def check_options(wished: Mapping[str, Any]) -> None:
    """Refuse what does not go together, or a file in no folder: a usage error (2), the first that is found."""
    plan, write, is_document = wished["only_plans"], wished["write"], options.wants_json() or wished["markdown"]
    names = ("yes", "resume", "revert_drift", "skip")
    beyond = [f"--{name.replace('_', '-')}" for name in names if wished.get(name)]
    refusals = {
        "choose one of --accept-drift and --revert-drift": wished["accept_drift"] and wished["revert_drift"],
        "--simulate-delays is for the AWS on this machine: add --local": wished.get("seed") and not wished["local"],
        "--strict is for the AWS on this machine: add --local": wished.get("strict") and not wished["local"],
        "choose one of --json and --markdown": options.wants_json() and wished["markdown"],
        "--markdown and --write go with --plan": (wished["markdown"] or write) and not plan,
        "--write is for the answer of --json or --markdown: add one": write and not is_document,
        f"--plan changes nothing: leave out {' and '.join(beyond)}, or --plan": plan and beyond,
        f"--write {write}: name a file in a folder that is there": write
        and (write.is_dir() or not write.parent.is_dir()),
    }
    options.refuse(refusals)


def _tell_plan(account: Account, planned: Deployment, terminal: Terminal, wished: Mapping[str, Any]) -> None:
    """Tell the end of a plan, after what the terminal has shown, and print or write the document that is asked for."""
    import io

    from remit.report.operators import stop_lines
    from remit.report.plan_comment import plan_comment
    from remit.report.stacks import place

    if planned.plan is None:
        terminal.show([f"{planned.namespace} in {place(account)}: no changes"])
    terminal.show(stop_lines(terminal, planned.unanswered))
    write: Path | None = wished["write"]
    file = io.StringIO() if write else None
    if wished["markdown"]:
        click.echo(plan_comment(planned, place(account)), file=file, nl=False)
    elif options.wants_json():
        options.print_report(_document(account, planned), file)
    if write is not None and file is not None:
        options.write_answer(write, file.getvalue())


def _place(account: Account) -> dict[str, str]:
    """The partition, region and account of the deploy, by the late-bound text that guardrails have for each."""
    parts = {"Partition": account.partition, "Region": account.region, "AccountId": account.account}
    return {f"${{AWS::{name}}}": value for name, value in parts.items()}


def _tell(account: Account, deployment: Deployment, built: Built | None) -> None:
    """Tell the end of a deploy that was made, now or before: its outputs, and the roles if it was built here (`built`).

    With --json the whole document comes first. RemitError: it failed, with the first cause; or (1) functions run other
    code than was built.
    """
    if options.wants_json():
        options.print_report(_document(account, deployment))
    outcome, functions = deployment.outcome, deployment.other_code
    if outcome is not None and not outcome.ok:
        from remit.deploy.execute import failure
        from remit.deploy.refusals import at_lines

        error = failure(outcome, outcome.hint)
        raise error if built is None else at_lines(error, built)
    if not options.wants_json():
        _say(_last_lines(account, deployment, built))
    if functions:
        from remit.report.deployed_code import other_code_hint, other_code_text

        raise RemitError(other_code_text(functions), hint=other_code_hint(functions, account.region), exit_code=1)


def _say(lines: Iterable[tuple[str, bool]]) -> None:
    """Print lines; those that are marked as messages on standard error."""
    for line, is_message in lines:
        click.echo(line, err=is_message)


def _last_lines(account: Account, deployment: Deployment, built: Built | None) -> Iterator[tuple[str, bool]]:
    """Yield the end of a deploy that succeeded: each line, and whether it is a message and no part of the answer."""
    from remit.deploy.execute import left_line
    from remit.report.stacks import output_lines, place, role_summary

    outcome = deployment.outcome
    for event in () if outcome is None else outcome.left:
        yield f"note: {left_line(event)}; the stack no longer has it: delete it by hand", True
    result = "no changes" if outcome is None else f"{outcome.status} in {outcome.seconds:.2f} s"
    yield f"{deployment.namespace} in {place(account)}: {result}", True
    for line in (*output_lines(deployment.outputs), *role_summary(() if built is None else built.roles)):
        yield line, False
    if built is not None and outcome is not None and built.app.functions:
        name = built.app.functions[0].name
        yield f"next: remit invoke{options.same_place()} {name}, remit policy function {name} --explain", True


def _document(account: Account, deployment: Deployment) -> dict[str, Any]:
    """A deploy for programs, of success or not; what it did not come to is null, or empty."""
    from remit.report.deployed_code import other_code_document
    from remit.report.events import cause_document, event_document, refusal_document
    from remit.report.manual_changes import by_hand_document
    from remit.report.operators import reasons
    from remit.report.plan import plan_document
    from remit.report.stacks import outputs_document, place_document

    plan, access, outcome, changes = deployment.plan, deployment.access, deployment.outcome, deployment.manual_changes
    return {
        "namespace": deployment.namespace,
        **place_document(account),
        "changed": outcome is not None,
        "ok": deployment.ok and not deployment.unanswered,
        "reasons": [text for question in deployment.unanswered for text in reasons(question)],
        "status": None if outcome is None else outcome.status,
        "plan": None if plan is None or access is None else plan_document(plan, access),
        "outputs": outputs_document(deployment.outputs),
        "left": [] if outcome is None else [event_document(event) for event in outcome.left],
        "refused": [] if outcome is None else [refusal_document(refusal) for refusal in outcome.refusals],
        "cause": None if outcome is None else cause_document(outcome.cause),
        "changed_by_hand": None if changes is None else by_hand_document(changes),
        "other_code": other_code_document(deployment.other_code),
    }

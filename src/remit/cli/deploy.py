"""`remit deploy`: build, show what changes, ask, and carry it out."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from remit.cli import approval, manual_changes, options, watch
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.build import Built
    from remit.cli.approval import Shown
    from remit.cli.manual_changes import Way
    from remit.deploy.access import Approval
    from remit.deploy.bucket import Bucket
    from remit.deploy.deployed_code import OtherCode
    from remit.deploy.execute import Outcome
    from remit.deploy.manual_changes import ByHand
    from remit.deploy.plan import Plan
    from remit.deploy.session import Account
    from remit.deploy.stack import Output

_BIG = 8 * 1024 * 1024  # bytes; a bigger upload shows its progress


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What was asked for on the command line."""

    folder: Path
    yes: bool
    wait: bool
    force: bool
    as_json: bool
    skip: tuple[str, ...] = field(default=())
    approval: Approval | None = None
    """As given on the command line; None when it was not."""
    artefact_bucket: str | None = None
    """One of the person's own; None is remit's."""
    drift: Way = "ask"
    """What to do about roles that were changed by hand."""

    def bucket(self, account: Account) -> Bucket:
        """Where artefacts go."""
        from remit.deploy.bucket import artefact_bucket

        return artefact_bucket(account, self.artefact_bucket)


@click.command("deploy", short_help="Deploy to AWS, or to the AWS on this machine.")
@options.project_option
@options.stage_option
@options.local_option
@options.account_options
@options.yes_option
@options.artefact_bucket_option
@click.option(
    "--require-approval",
    "approval",
    type=click.Choice(("broadening", "any", "never")),
    help="Which changes of access need approval: those that add access (default), any, or none (never).",
)
@click.option("--accept-drift", is_flag=True, help="Deploy, and keep changes of roles that were made by hand.")
@click.option("--revert-drift", is_flag=True, help="Undo changes of roles that were made by hand, then deploy.")
@click.option("--wait", is_flag=True, help="Wait if somebody else is deploying, instead of exiting with 75.")
@click.option("--resume", is_flag=True, help="Follow a deploy that is running, or show how the last one ended.")
@options.accept_option
@click.option("--force", is_flag=True, help="Deploy even if a newer remit deployed this stack.")
@click.option("--skip", multiple=True, metavar="ID", help="Skip resource ID in a rollback that failed on it.")
@options.json_option
def command(
    folder: Path,
    stage: str | None,
    region: str | None,
    profile: str | None,
    skip: tuple[str, ...],
    accept: str | None,
    approval: Approval | None,
    artefact_bucket: str | None,
    *,
    local: bool,
    yes: bool,
    accept_drift: bool,
    revert_drift: bool,
    wait: bool,
    resume: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Build the app and deploy it with CloudFormation.

    Before it deploys, it shows which resources change and which access roles gain or lose, and asks.

    Without a terminal, as in CI, it cannot ask. It deploys if no access is gained beyond what `remit diff --accept` has
    accepted, and nothing is removed or replaced. Otherwise it deploys nothing and exits with 1. --require-approval sets
    which changes of access stop it. --yes answers yes to the question. With --require-approval, --yes does not approve
    changes of access.

    It also compares the stack's roles with the last deploy. Changes that were made by hand (a policy, a boundary, a
    trust policy, a deleted role) are shown with the access that they add or remove, and it asks what to do. Without a
    terminal it exits with 1, unless --accept-drift or --revert-drift is given. --yes does not answer this question.

    Needs credentials, or --local. Needs the bucket that `remit bootstrap` creates, or one of your own.

    \b
    Examples:
      remit deploy --local
      remit deploy --stage prod --region eu-central-1
      remit deploy --yes --json | jq .outputs
      remit deploy --yes --require-approval broadening
      remit deploy --artefact-bucket our-artefacts
      remit deploy --resume
    """
    drift = manual_changes.way(accept=accept_drift, revert=revert_drift)
    wishes = _Wishes(folder, yes, wait, force, as_json, skip, approval, artefact_bucket, drift)
    with watch.stoppable():
        name = watch.namespace(folder, stage)  # a stage that cannot be is told before anything is asked for
        if resume:
            account = options.account(folder, local=local, region=region, profile=profile)
            _resume(account, name, stage, wishes)
            if local:
                options.require_kept(folder)
            return
        from remit.build import build

        # Missing credentials are told before minutes go into packages; a local AWS starts for a sound project only.
        early = None if local else options.account(folder, local=False, region=region, profile=profile)
        place = _place(early)
        built = build(
            folder,
            stage,
            progress=watch.say,
            accept=accept,
            for_this_machine=local,
            place=place,
            bucket=artefact_bucket,
        )
        for note in built.notes:
            watch.say(note)
        account = early or options.account(folder, local=True, region=region, profile=profile)
        _deploy(account, built, wishes)
        if local:
            options.require_kept(folder)


def _place(account: Account | None) -> dict[str, str] | None:
    """Where it is going to be deployed, as guardrails read it."""
    if account is None:
        return None
    parts = {"Partition": account.partition, "Region": account.region, "AccountId": account.account}
    return {f"${{AWS::{name}}}": value for name, value in parts.items()}


def _deploy(account: Account, built: Built, wishes: _Wishes) -> None:
    from remit.deploy.execute import Superseded
    from remit.review.accepted import read_accepted

    accepted = read_accepted(wishes.folder)
    shown = outcome = None
    for again in (True, False):
        planned, changes = _plan(account, built, wishes)
        shown = None
        if planned is None:
            _put_boundaries(account, built)
            break
        with _thrown_away(account, planned):
            shown = approval.show(account, built, planned, accepted)
            _agree(account, shown, changes, wishes)
            _upload(account, built, wishes.bucket(account).name)
        try:
            with watch.events(planned.namespace) as on_event:
                from remit.deploy.execute import execute

                outcome = execute(account, planned, on_event)
            break
        except Superseded:
            if not again:
                raise
            watch.say(f"{planned.namespace} was changed by somebody else meanwhile; planning again")
    if outcome is None or outcome.ok:
        from remit.deploy.deployment_record import remember

        with _no_matter("what was deployed is not recorded for `remit diff`"):
            remember(account, wishes.folder, built)
    if shown is not None and outcome is not None and outcome.ok:
        _prune(account, shown.plan, wishes.bucket(account).name)
    from remit.deploy.deployed_code import other_code

    functions = other_code(account, built.namespace, json.loads(built.body)) if outcome is None or outcome.ok else ()
    _tell(account, built.namespace, shown, outcome, wishes, built, changes, functions)


def _prune(account: Account, done: Plan, bucket: str) -> None:
    """Remove the zips that neither what runs nor what ran before needs; those in another bucket are named."""
    from remit.deploy.artefacts import buckets_of, prune_artefacts

    with _no_matter("old uploads are not removed"):
        prune_artefacts(account, done.namespace, bucket, done.running, done.template)
    for earlier in sorted(buckets_of(account, done.running) - {bucket}):
        watch.say(f"note: the zips of earlier deploys stay in bucket {earlier}, under {done.namespace}/")


def _put_boundaries(account: Account, built: Built) -> None:
    """What a deploy to the AWS on this machine that was killed at its end did not come to."""
    from remit.deploy.local_boundaries import put_boundaries

    template = json.loads(built.body)
    put_boundaries(account, built.namespace, template, before=template)


def _agree(account: Account, shown: Shown, changes: ByHand, wishes: _Wishes) -> None:
    """As `agree`; programs get the plan that nobody agreed to, too."""
    try:
        approval.agree(account, shown, wishes.approval, yes=wishes.yes)
    except RemitError:
        if wishes.as_json:
            options.print_report({**_document(account, shown.plan.namespace, shown, None, (), changes), "ok": False})
        raise


@contextlib.contextmanager
def _no_matter(what: str) -> Iterator[None]:
    """What comes after a deploy that succeeded does not fail it: it is told."""
    try:
        yield
    except RemitError as error:
        watch.say(f"note: {what}: {error.message}")


def _plan(account: Account, built: Built, wishes: _Wishes) -> tuple[Plan | None, ByHand]:
    """The plan, and what was changed by hand before; a stuck stack is cleared first, if a person agrees."""
    from remit.deploy.changeset import Stuck, plan

    def refused(changes: ByHand) -> None:
        if wishes.as_json:
            options.print_report({**_document(account, built.namespace, None, None, (), changes), "ok": False})

    def attempt() -> tuple[Plan | None, ByHand]:
        name, wait = built.namespace, wishes.wait
        with _nothing_deployed():
            changes = manual_changes.settle(account, built, wishes.drift, yes=wishes.yes, wait=wait, on_refusal=refused)
        planned = plan(
            account,
            name,
            built.body,
            bucket=wishes.bucket(account),
            force=wishes.force,
            wait=wait,
            on_wait=watch.say_waiting,
        )
        return planned, changes

    try:
        return attempt()
    except Stuck as stuck:
        watch.say(stuck.message)
        _clear(account, stuck, wishes)
        return attempt()


def _clear(account: Account, stuck: Any, wishes: _Wishes) -> None:
    from remit.deploy.delete import delete
    from remit.deploy.execute import continue_rollback
    from remit.report.events import failure_text

    name = stuck.stack.name
    going_back = stuck.stack.status == "UPDATE_ROLLBACK_FAILED"
    skipped = f", leaving {', '.join(wishes.skip)} as it is" if wishes.skip else ""
    watch.ask(f"Go on going back{skipped}?" if going_back else "Delete what is left of it?", yes=wishes.yes)
    with watch.events(name) as on_event:
        if going_back:
            ended: Outcome | None = continue_rollback(account, stuck.stack, on_event, wishes.skip)
        else:
            ended = delete(account, name, on_event, bucket=wishes.bucket(account))
    if ended is not None and not ended.ok:
        hint = "repair it and deploy again; `--skip ID` leaves that resource as it is" if going_back else None
        raise RemitError(failure_text(ended), hint=hint, exit_code=1)


@contextlib.contextmanager
def _thrown_away(account: Account, planned: Plan) -> Iterator[None]:
    """Until a plan is executed, whatever stops it throws it away."""
    from remit.deploy.changeset import discard

    try:
        with _nothing_deployed():
            yield
    except BaseException:
        discard(account, planned)
        raise


@contextlib.contextmanager
def _nothing_deployed() -> Iterator[None]:
    """What stops a deploy before it begins, a signal or an answer, is told as such."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort) as stop:
        if isinstance(stop, KeyboardInterrupt):
            code = watch.exit_code(stop)
            raise RemitError("stopped: nothing was deployed", exit_code=code) from stop
        raise RemitError("nothing was deployed", exit_code=1) from stop


def _upload(account: Account, built: Built, bucket: str) -> None:
    from remit.deploy.artefacts import upload

    for key, path in built.artefacts.items():
        with _progress(path) as progress:
            became = upload(account, bucket, path, key, progress)
        if became == "replaced":
            watch.say(f"note: {key} in bucket {bucket} was not the zip of this name, or S3 could not say: it is now")


@contextlib.contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None] | None]:
    size = path.stat().st_size
    if size <= _BIG:
        yield None
        return
    with click.progressbar(length=size, label=f"uploading {size / 1e6:.1f} MB", file=sys.stderr) as bar:
        yield bar.update


def _resume(account: Account, name: str, stage: str | None, wishes: _Wishes) -> None:
    from remit.deploy.deployment_record import remember_running
    from remit.deploy.execute import resume
    from remit.project.current_load import checked_stage

    with watch.events(name) as on_event:
        outcome = resume(account, name, on_event)
    if outcome.ok:
        with _no_matter("what was deployed is not recorded for `remit diff`"):
            remember_running(account, wishes.folder, name, checked_stage(stage))
    from remit.deploy.deployed_code import other_code_running

    functions = other_code_running(account, name) if outcome.ok and outcome.kind != "DELETE" else ()
    _tell(account, name, None, outcome, wishes, None, None, functions)


def _tell(
    account: Account,
    name: str,
    shown: Shown | None,
    outcome: Outcome | None,
    wishes: _Wishes,
    built: Built | None,
    changes: ByHand | None,
    functions: tuple[OtherCode, ...],
) -> None:
    """The end: outputs and roles, the first cause, or the functions that run other code than was built."""
    outputs = _outputs(account, name) if outcome is None else outcome.outputs
    if wishes.as_json:
        options.print_report(_document(account, name, shown, outcome, outputs, changes, functions))
    if outcome is not None and not outcome.ok:
        from remit.report.events import failure_text

        hint = outcome.cause.hint if outcome.cause is not None else None
        raise RemitError(failure_text(outcome), hint=hint, exit_code=1)
    if not wishes.as_json:
        _say_success(account, name, outcome, outputs, built)
    if functions:
        from remit.report.deployed_code import other_code_hint, other_code_text

        raise RemitError(other_code_text(functions), hint=other_code_hint(functions, account.region), exit_code=1)


def _say_success(
    account: Account, name: str, outcome: Outcome | None, outputs: tuple[Output, ...], built: Built | None
) -> None:
    from remit.report.stacks import output_lines, place, role_summary

    took = "no changes" if outcome is None else f"{outcome.status} in {outcome.seconds:.2f} s"
    watch.say(f"{name} in {place(account)}: {took}")
    for line in output_lines(outputs):
        click.echo(line)
    if built is None:
        return
    for line in role_summary(built.roles):
        click.echo(line)
    functions = [function.name for function in built.app.functions]
    if outcome is not None and functions:
        flag = " --local" if account.local else ""
        watch.say(f"next: remit invoke{flag} {functions[0]}, remit policy function {functions[0]} --explain")


def _outputs(account: Account, name: str) -> tuple[Output, ...]:
    from remit.deploy.aws_errors import told
    from remit.deploy.stack import describe

    with told():
        stack = describe(account, name)
    return () if stack is None else stack.outputs


def _document(
    account: Account,
    name: str,
    shown: Shown | None,
    outcome: Outcome | None,
    outputs: tuple[Output, ...],
    changes: ByHand | None,
    functions: tuple[OtherCode, ...] = (),
) -> dict[str, Any]:
    from remit.report.deployed_code import other_code_document
    from remit.report.events import cause_document
    from remit.report.manual_changes import by_hand_document
    from remit.report.plan import plan_document
    from remit.report.stacks import outputs_document, place_document

    return {
        "namespace": name,
        **place_document(account),
        "changed": outcome is not None,
        "ok": (outcome is None or outcome.ok) and not functions,
        "status": None if outcome is None else outcome.status,
        "plan": None if shown is None else plan_document(shown.plan, shown.access),
        "outputs": outputs_document(outputs),
        "cause": None if outcome is None else cause_document(outcome.cause),
        "changed_by_hand": None if changes is None else by_hand_document(changes),
        "other_code": other_code_document(functions),
    }

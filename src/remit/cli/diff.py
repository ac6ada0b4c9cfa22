"""`remit diff`: what access a change adds or removes, proven, each with a request that shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli import options
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.deploy.drift import Drift
    from remit.deploy.session import Account
    from remit.iam.prove.compare import Comparison
    from remit.review.accepted_file import AcceptedGain
    from remit.review.access_change import Review, Version
    from remit.template.policy_files import ComparisonSide

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_COLOURS = {"  +": "red", "  -": "green", "  ?": "yellow", "  !": "yellow", "  ~": "cyan"}
_NO_RECORD = (
    "no deploy from here is recorded, so everything is shown as new: "
    "`remit diff --deployed` compares with CloudFormation, `--base REF` with a commit"
)
_NOT_DEPLOYED = "nothing is deployed, so everything is shown as new"


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What was asked for on the command line."""

    folder: Path
    stages: tuple[str, ...]
    base: str | None
    deployed: bool
    live: bool
    local: bool
    region: str | None
    profile: str | None
    accept: str | None
    as_json: bool
    markdown: bool
    strict: bool

    @property
    def stage(self) -> str | None:
        """The one stage, or the new one of two."""
        return self.stages[-1] if self.stages else None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two versions, what is to be said beside them, and what was changed by hand in the account."""

    old: Version
    new: Version
    notes: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()


@click.command("diff", short_help="Show what access a change adds or removes.")
@click.argument("files", nargs=-1, type=_FILE, metavar="[OLD NEW | PLAN]")
@options.project_option
@click.option("--stage", "stages", multiple=True, help="The stage (default: dev). Give it twice to compare two stages.")
@click.option("--base", metavar="REF", help="Compare with a commit. `main...` is where this branch left main.")
@click.option("--deployed", is_flag=True, help="Compare with the template that CloudFormation runs.")
@click.option("--live", is_flag=True, help="Compare with the roles as they are in the account now.")
@options.local_option
@options.account_options
@click.option("--accept", metavar="REASON", help="Accept what is gained, and write it to config/accepted.json.")
@options.json_option
@click.option("--strict", is_flag=True, help="What is not compared counts as undecided, but for the network.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
def command(
    files: tuple[Path, ...],
    folder: Path,
    stages: tuple[str, ...],
    base: str | None,
    region: str | None,
    profile: str | None,
    accept: str | None,
    *,
    deployed: bool,
    live: bool,
    local: bool,
    as_json: bool,
    markdown: bool,
    strict: bool,
) -> int:
    """Compare the access of the working tree with that of the last deploy.

    The exit code is 1 if access is gained or undecided. Every gain and loss is shown with its reason, its line, and a
    request that one side allows and the other does not. What no request of today can use is shown as such: actions
    that AWS may add later, or an action on a resource that it does not take ("tier" is "future" in the JSON, else
    "now"). Gains that config/accepted.json accepts are shown and do not count.

    OLD and NEW are two templates (CloudFormation or SAM, JSON or YAML) or two policies. One of them may be - for
    standard input. A policy is a document, a list of documents that are attached together, or layers: {"identity":
    [...], "boundary": {...}, "session": {...}, "endpoint": {...}, "endpoint_type": "Interface",
    "scp": [[...]], "rcp": [[...]]}, of which "endpoint" is the policy of a VPC endpoint that the requests pass. PLAN is
    the output of `terraform show -json`.

    \b
    Examples:
      remit diff
      remit diff --base main... --markdown
      remit diff --live --stage prod
      remit diff --stage dev --stage prod
      remit diff old.yaml new.yaml
      git show main:role.json | remit diff - role.json --json
    """
    wishes = _Wishes(
        folder,
        stages,
        base,
        deployed,
        live,
        local,
        region,
        profile,
        accept,
        as_json=as_json,
        markdown=markdown,
        strict=strict,
    )
    _check(files, wishes)
    if not files:
        return _project(wishes)
    return _files([options.content(path) for path in files], wishes)


def _check(files: tuple[Path, ...], wishes: _Wishes) -> None:
    """Refuse what does not go together: the first of these that is so."""
    two_stages = len(wishes.stages) > 1
    old_sides = {
        "files": bool(files),
        "--base": wishes.base is not None,
        "two stages": two_stages,
        "--deployed": wishes.deployed,
        "--live": wishes.live,
    }
    chosen = [name for name, is_chosen in old_sides.items() if is_chosen]
    of_a_project = bool(wishes.stages) or wishes.local or wishes.accept is not None
    of_an_account = bool(wishes.region or wishes.profile)
    refusals = {
        f"choose one to compare with: {' or '.join(chosen)}": len(chosen) > 1,
        "files are compared by themselves: --stage, --local and --accept are for a project": files and of_a_project,
        "two are compared, an old and a new": max(len(files), len(wishes.stages)) > 2,  # noqa: PLR2004 - as it says
        "--local goes with the last deploy, --deployed or --live": (
            wishes.local and (wishes.base is not None or two_stages)
        ),
        "--region and --profile go with --deployed or --live": (of_an_account and not (wishes.deployed or wishes.live)),
        "--accept wants a reason": wishes.accept is not None and not wishes.accept.strip(),
        "choose one of --json and --markdown": wishes.as_json and wishes.markdown,
    }
    for message, is_so in refusals.items():
        if is_so:
            raise click.UsageError(message)


def _project(wishes: _Wishes) -> int:
    from remit.review.accepted import accept, read_accepted
    from remit.review.changes import review

    pair = _versions(wishes)
    entries = read_accepted(wishes.folder)
    reviewed, stale = accept(review(pair.old, pair.new), entries)
    if wishes.accept is not None:
        reviewed = _accept(reviewed, entries, wishes)
    result = replace(reviewed, notes=tuple(dict.fromkeys((*pair.notes, *reviewed.notes, *_unused(stale)))))
    _tell(result, pair.drift, pair.new.namespace, wishes)
    return 1 if _is_no(result, wishes) or pair.drift else 0


def _unused(stale: tuple[AcceptedGain, ...]) -> Iterator[str]:
    """A note on the accepted gains that are there already, or no more."""
    places = [entry.origin for entry in stale if entry.origin is not None]
    if places:
        lines = ", ".join(str(place.line) for place in places)
        yield f"{places[0].file}: nothing needs the {'entry' if len(places) == 1 else 'entries'} of line {lines} now"


def _accept(reviewed: Review, entries: tuple[AcceptedGain, ...], wishes: _Wishes) -> Review:
    """Add what is left to the accepted gains, and judge again."""
    from remit.review.accepted import accept, acceptance
    from remit.review.accepted_file import FILE, write_accepted

    entries_to_add = acceptance(reviewed, (wishes.accept or "").strip())
    if not entries_to_add:
        click.echo("nothing is left to accept", err=True)
        return reviewed
    write_accepted(wishes.folder, (*entries, *entries_to_add))
    click.echo(
        f"{FILE.as_posix()} has {len(entries_to_add)} more {'entry' if len(entries_to_add) == 1 else 'entries'}",
        err=True,
    )
    return accept(reviewed, entries_to_add)[0]


def _versions(wishes: _Wishes) -> _Pair:
    if len(wishes.stages) > 1:
        return _two_stages(wishes)
    if wishes.base is not None:
        return _since(wishes, wishes.base)
    if wishes.live:
        return _live(wishes)
    return _deployed(wishes) if wishes.deployed else _recorded(wishes)


def _recorded(wishes: _Wishes) -> _Pair:
    from remit.review.access_change import nothing
    from remit.review.record import recorded
    from remit.review.working_tree import tree

    new = tree(wishes.folder, wishes.stage)
    old = recorded(wishes.folder, new.namespace, local=wishes.local)
    if old is None:
        return _Pair(nothing(), new, (_NO_RECORD,))
    return _Pair(old, new)


def _since(wishes: _Wishes, ref: str) -> _Pair:
    from remit.review.base_commit import loading_base
    from remit.review.working_tree import tree

    with loading_base(wishes.folder, wishes.stage, ref) as loaded:
        new = tree(wishes.folder, wishes.stage)
        return _Pair(loaded(), new)


def _two_stages(wishes: _Wishes) -> _Pair:
    from remit.review.separate_process import loading_apart
    from remit.review.working_tree import renamed_to, tree

    old_stage, new_stage = wishes.stages
    with loading_apart(wishes.folder, old_stage) as loaded:
        new = replace(tree(wishes.folder, new_stage), where=f"stage {new_stage}")
        old = replace(loaded(), where=f"stage {old_stage}")
    note = f"{old.namespace} and {new.namespace} are put equal in names" if old.namespace != new.namespace else ""
    return _Pair(renamed_to(old, new.namespace), new, (note,) if note else ())


def _deployed(wishes: _Wishes) -> _Pair:
    from remit.deploy.deployment_record import last
    from remit.deploy.expected_roles import explained, recorded
    from remit.review.access_change import nothing
    from remit.review.working_tree import tree

    new = tree(wishes.folder, wishes.stage)
    account = _account(wishes)
    old = recorded(account, new.namespace)
    if old is None:
        return _Pair(nothing(), new, (_NOT_DEPLOYED,))
    record = last(account, wishes.folder, new.namespace)
    return _Pair(old if record is None else explained(old, record), replace(new, names=old.names))


def _live(wishes: _Wishes) -> _Pair:
    from remit.deploy.live_roles import live
    from remit.review.access_change import nothing
    from remit.review.working_tree import tree

    new = tree(wishes.folder, wishes.stage)
    roles = live(_account(wishes), new.namespace)
    if roles is None:
        return _Pair(nothing(), new, (_NOT_DEPLOYED,))
    return _Pair(roles.version, roles.beside(new), roles.notes, roles.drift)


def _account(wishes: _Wishes) -> Account:
    return options.account(wishes.folder, local=wishes.local, region=wishes.region, profile=wishes.profile)


def _files(files: list[tuple[bytes, str]], wishes: _Wishes) -> int:
    """Two templates or two policies, or a plan."""
    from remit.documents.read import may_be_plan
    from remit.review.role_files import holds_roles, plan_review, review_files

    if len(files) == 1:
        if not may_be_plan(files[0][0]):
            raise RemitError(
                f"{files[0][1]} alone is compared with nothing: it is not a Terraform plan",
                hint="give OLD and NEW; `terraform show -json PLAN` prints a plan, which holds both",
            )
        reviewed = plan_review(*files[0])
    else:
        roles = [holds_roles(data) for data, _ in files]
        if not any(roles):
            return _policies(files, wishes)
        if not all(roles):
            (policy,) = [name for (_, name), has_roles in zip(files, roles, strict=True) if not has_roles]
            raise RemitError(
                f"{policy} is not a template, and the other file is one",
                hint="compare two templates, or two policies",
            )
        reviewed = review_files(files[0], files[1])
    _tell(reviewed, (), " ".join(name for _, name in files), wishes)
    return 1 if _is_no(reviewed, wishes) else 0


def _is_no(review: Review, wishes: _Wishes) -> bool:
    """Whether access is gained or undecided; with --strict, or something was not compared."""
    return review.broadens or (wishes.strict and any(item.why != "network" for item in review.not_compared))


def _policies(files: list[tuple[bytes, str]], wishes: _Wishes) -> int:
    from remit.report.comment import comparison_comment
    from remit.report.comparison import Places, comparison_document, comparison_lines
    from remit.template.role_files import read_policies

    before, after = (read_policies(*file) for file in files)
    comparison = _compared(before, after)
    places = Places(before.locate, after.locate)
    if wishes.as_json:
        options.print_report(comparison_document(comparison, places))
    elif wishes.markdown:
        click.echo(comparison_comment(comparison, places), nl=False)
    else:
        _print(comparison_lines(comparison, places))
    return 1 if comparison.broadens else 0


def _compared(before: ComparisonSide, after: ComparisonSide) -> Comparison:
    from remit.iam.prove.compare import compare, compare_documents
    from remit.review.principal_policies import compare_files, names_callers

    if names_callers(before.layers) or names_callers(after.layers):
        return compare_files(before.layers, after.layers)
    if before.single and after.single:
        return compare_documents(before.layers.identity[0], after.layers.identity[0])
    return compare(before.layers, after.layers)


def _tell(review: Review, drift: Sequence[Drift], about: str, wishes: _Wishes) -> None:
    from remit.report.comment import review_comment
    from remit.report.review import drift_document, drift_lines, review_document, review_lines

    if wishes.as_json:
        options.print_report({**review_document(review), "drift": drift_document(drift)})
    elif wishes.markdown:
        by_hand = tuple(f"changed by hand: {change.role}: {change.sentence}" for change in drift)
        click.echo(review_comment(replace(review, notes=(*by_hand, *review.notes)), about), nl=False)
    else:
        _print((*drift_lines(drift), *review_lines(review)))


def _print(lines: Iterable[str]) -> None:
    from remit.report.terminal_text import line

    colour = False if os.environ.get("NO_COLOR") else None
    for text in lines:
        click.secho(line(text), fg=_COLOURS.get(text[:3]), color=colour)

"""`remit diff`: what access a change adds or removes, proven, each with a request that shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remit.cli import options
from remit.errors import Mistakes, RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.deploy.drift import Drift
    from remit.report.access_report import Report
    from remit.review.accepted_file import AcceptedGain
    from remit.review.access_change import Review, Version

_FILE = click.Path(allow_dash=True, path_type=Path)
_COLOURS = {"  +": "red", "  -": "green", "  ?": "yellow", "  !": "yellow", "  ~": "cyan"}
_NO_RECORD = (
    "no deploy from here is recorded, so everything is shown as new: "
    "`remit diff --deployed` compares with CloudFormation, `--base REF` with a commit"
)
_SIDES = 2
_FEWEST = 20  # lines for each of several files
_NOT_DEPLOYED = "nothing is deployed, so everything is shown as new"


@dataclass(frozen=True, slots=True)
class _Wishes:
    """The options of the command line, by the names that click passes them under."""

    scope: options.Scope
    stages: tuple[str, ...]
    base: str | None
    deployed: bool
    live: bool
    accept: str | None
    every: bool
    markdown: bool
    strict: bool
    kind: str | None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two versions, what is to be said beside them, and what was changed by hand in the account."""

    old: Version
    new: Version
    notes: tuple[str, ...] = ()
    drift: tuple[Drift, ...] = ()


@click.command("diff", short_help="Show what access a change adds or removes.")
@click.argument("files", nargs=-1, type=_FILE, metavar="[OLD NEW | SOURCE FOLDER | PLAN | FILE...]")
@options.project_option
@click.option("--stage", "stages", multiple=True, help="The stage (default: dev). Give it twice to compare two stages.")
@click.option("--base", metavar="REF", help="Compare with a commit. `main...` is where this branch left main.")
@click.option("--deployed", is_flag=True, help="Compare with the template that CloudFormation runs.")
@click.option("--live", is_flag=True, help="Compare with the roles as they are in the account now.")
@options.local_option
@options.account_options
@click.option("--accept", metavar="REASON", help="Accept what is gained, and write it to config/accepted.json.")
@options.json_option
@options.kind_option
@click.option("--strict", is_flag=True, help="What is not compared counts as undecided, but for the network.")
@click.option("--all", "every", is_flag=True, help="Show every piece of access, however long the answer becomes.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
@options.in_scope
def command(scope: options.Scope, files: tuple[Path, ...], stages: tuple[str, ...], **wished: Any) -> int:
    """Compare the access of the working tree with that of the last deploy.

    The exit code is 1 if access is gained or undecided. Every cause of a gain or loss is shown with its line, and with
    a request that one side allows and the other does not; --all shows each action, role and place of it. What no
    request of today can use is shown as such: actions that AWS may add later, or an action on a resource that it does
    not take ("tier" is "future" in the JSON, else "now"). Gains that config/accepted.json accepts are shown and do not
    count.

    OLD and NEW are two templates (CloudFormation or SAM, JSON or YAML) or two policies. One of them may be - for
    standard input. A policy is a document, a list of documents that are attached together, or layers: {"identity":
    [...], "boundary": {...}, "session": {...}, "endpoint": {...}, "endpoint_type": "Interface",
    "scp": [[...]], "rcp": [[...]]}, of which "endpoint" is the policy of a VPC endpoint that the requests pass. PLAN is
    the output of `terraform show -json`. SOURCE is what `remit import` reads, and FOLDER a project: the app that stands
    for it. With --base, each FILE is compared with what it was at that commit.

    \b
    Examples:
      remit diff
      remit diff --base main... --markdown
      remit diff --live --stage prod
      remit diff --stage dev --stage prod
      remit diff old.yaml new.yaml
      remit diff old.yaml new.yaml --all
      remit diff --base HEAD^1 template.yaml --markdown
      remit diff template.yaml shop
      git show main:role.json | remit diff - role.json --json
    """
    stage = stages[-1] if stages else None  # the one stage, or the new one of two
    wishes = _Wishes(scope._replace(stage=stage), stages, **wished)
    _check(files, wishes)
    if not files:
        return _project(wishes)
    return _files(files, wishes) if wishes.base is None else _files_since(files, wishes.base, wishes)


def _check(files: tuple[Path, ...], wishes: _Wishes) -> None:
    """Refuse with a usage error (2) options that do not go together: the first of these that is so."""
    two_stages = len(wishes.stages) > 1
    old_sides = {
        "files": bool(files) and wishes.base is None,
        "--base": wishes.base is not None,
        "two stages": two_stages,
        "--deployed": wishes.deployed,
        "--live": wishes.live,
    }
    chosen = [name for name, is_chosen in old_sides.items() if is_chosen]
    missing = [path for path in files if wishes.base is None and str(path) != "-" and not path.exists()]
    of_a_project = bool(wishes.stages) or wishes.scope.local or wishes.accept is not None
    of_an_account = bool(wishes.scope.region or wishes.scope.profile)
    refusals = {
        f"choose one to compare with: {' or '.join(chosen)}": len(chosen) > 1,
        "files are compared by themselves: --stage, --local and --accept are for a project": files and of_a_project,
        f"there is no file {' and no '.join(map(str, missing))}": bool(missing),
        "two are compared, an old and a new": max(0 if wishes.base else len(files), len(wishes.stages)) > _SIDES,
        "a file that --base compares with itself is no standard input": (
            wishes.base is not None and Path("-") in files
        ),
        "--local goes with the last deploy, --deployed or --live": (
            wishes.scope.local and (wishes.base is not None or two_stages)
        ),
        "--region and --profile go with --deployed or --live": (of_an_account and not (wishes.deployed or wishes.live)),
        "--accept wants a reason": wishes.accept is not None and not wishes.accept.strip(),
        "choose one of --json and --markdown": options.wants_json() and wishes.markdown,
    }
    options.refuse(refusals)


def _project(wishes: _Wishes) -> int:
    """Compare the project with the version that the options name, and print the answer; the exit code is as of `_tell`.

    With --accept, the gains that are left are written into config/accepted.json and count no more. Entries there that
    nothing needs are noted. RemitError: a version cannot be had, or that file not read or written.
    """
    from remit.review.accepted import accept, read_accepted
    from remit.review.changes import review

    pair = _versions(wishes)
    entries = read_accepted(wishes.scope.folder)
    reviewed, stale = accept(review(pair.old, pair.new), entries)
    if wishes.accept is not None:
        reviewed = _accept(reviewed, entries, wishes)
    notes = [*pair.notes, *reviewed.notes]
    places = [entry.origin for entry in stale if entry.origin is not None]
    if places:  # gains that are there already, or no more; or that are told otherwise now
        lines = ", ".join(str(place.line) for place in places)
        renewal = "; `remit diff --accept REASON` accepts what is left as it is told now" if reviewed.broadens else ""
        listed = "entry" if len(places) == 1 else "entries"
        notes.append(f"{places[0].file}: nothing needs the {listed} of line {lines} now{renewal}")
    result = replace(reviewed, notes=tuple(dict.fromkeys(notes)))
    return _tell(_answer_of_review(result, pair.new.namespace, wishes, pair.drift), wishes)


def _accept(reviewed: Review, entries: tuple[AcceptedGain, ...], wishes: _Wishes) -> Review:
    """Write the gains that are left into config/accepted.json beside its `entries`, and return the review without them.

    Standard error says how many; nothing is written, and the review is the same, where nothing is left.
    """
    from remit.review.accepted import accept, acceptance
    from remit.review.accepted_file import FILE, write_accepted

    entries_to_add = acceptance(reviewed, (wishes.accept or "").strip())
    if not entries_to_add:
        click.echo("nothing is left to accept", err=True)
        return reviewed
    write_accepted(wishes.scope.folder, (*entries, *entries_to_add))
    click.echo(
        f"{FILE.as_posix()} has {len(entries_to_add)} more {'entry' if len(entries_to_add) == 1 else 'entries'}",
        err=True,
    )
    return accept(reviewed, entries_to_add)[0]


def _versions(wishes: _Wishes) -> _Pair:
    """The two versions of the project that the options name; an old one without access where nothing is deployed.

    Of two stages, the old one takes the names of the new one, so that its names are no difference. Without an option
    the old one is the last deploy that is recorded here. RemitError: one of them cannot be loaded, or git or AWS does
    not give it.
    """
    from remit.review.access_change import nothing
    from remit.review.working_tree import renamed_to, tree, with_resources

    folder, stage = wishes.scope.folder, wishes.scope.stage
    if len(wishes.stages) > 1:
        from remit.review.separate_process import loading_apart

        old_stage, new_stage = wishes.stages
        with loading_apart(folder, old_stage) as loaded:
            new = replace(tree(folder, new_stage), where=f"stage {new_stage}")
            old = replace(loaded(), where=f"stage {old_stage}")
        note = f"{old.namespace} and {new.namespace} are put equal in names" if old.namespace != new.namespace else ""
        return _Pair(renamed_to(old, new.namespace), new, (note,) if note else ())
    if wishes.base is not None:
        from remit.loading.load import load
        from remit.review.base_commit import loading_base

        with loading_base(folder, stage, wishes.base) as loaded:
            new = with_resources(load(folder, stage))
            return _Pair(loaded(), new)
    new = tree(folder, stage)
    if wishes.live:
        from remit.deploy.live_roles import live

        roles = live(wishes.scope.account(), new.namespace, options.note)
        if roles is not None:
            return _Pair(roles.version.as_declared_by(new), roles.beside(new), roles.notes, roles.drift)
    elif wishes.deployed:
        from remit.deploy import expected_roles
        from remit.deploy.deployment_record import last_record

        account = wishes.scope.account()
        deployed = expected_roles.deployed_version(account, new.namespace)
        if deployed is not None:
            old, record = deployed.as_declared_by(new), last_record(account, folder, new.namespace)
            new = replace(new, names=old.names)
            return _Pair(old if record is None else expected_roles.explained(old, record), new)
    else:
        from remit.review.record import recorded

        of_last_deploy = recorded(folder, new.namespace, local=wishes.scope.local)
        if of_last_deploy is not None:
            return _Pair(of_last_deploy, new)
    return _Pair(nothing(), new, (_NOT_DEPLOYED if wishes.live or wishes.deployed else _NO_RECORD,))


@dataclass(frozen=True, slots=True)
class _Answer:
    """The report on two versions, in each of its forms."""

    is_open: bool
    document: dict[str, Any]
    report: Report
    about: str
    drift: tuple[Drift, ...] = ()

    def comment(self, most: int) -> str:
        """Markdown of at most so many bytes."""
        from remit.report.comment import report_comment

        by_hand = (f"changed by hand: {change.resource}: {change.sentence}" for change in self.drift)
        return report_comment(replace(self.report, notes=(*by_hand, *self.report.notes)), self.about, most)

    def lines(self, wishes: _Wishes, number_of_answers: int = 1) -> tuple[str, ...]:
        """Lines for people: every piece if they wish, else at most a hundred, or 20 each of many answers."""
        from remit.report.access_lines import LONGEST, drift_lines, report_lines

        most = None if wishes.every else max(_FEWEST, LONGEST // number_of_answers)
        return (*drift_lines(self.drift), *report_lines(self.report, most))


def _files(paths: tuple[Path, ...], wishes: _Wishes) -> int:
    """Compare two templates, two policies, the sides of a plan, or a source and a project.

    Print it, and give the exit code. RemitError (2): one file that is no plan.
    """
    from remit.documents.read import may_be_plan
    from remit.review.role_files import beside_file, plan_review, review_files

    if len(paths) == _SIDES and paths[1].is_dir():
        from remit.importing.access_comparison import review_source

        return _tell(_answer_of_review(review_source(paths[0], paths[1]), str(paths[1]), wishes), wishes)
    files = [options.content(path) for path in paths]
    about = files[-1][1]
    if len(files) == 1:
        if not may_be_plan(files[0][0]):
            raise RemitError(
                f"{about} alone is compared with nothing: it is not a Terraform plan",
                hint="give OLD and NEW; `terraform show -json PLAN` prints a plan, which holds both",
            )
        answer = _answer_of_review(plan_review(*files[0]), about, wishes)
    elif _are_templates(files):
        old_path, new_path = paths
        beside = beside_file(old_path), beside_file(new_path)
        answer = _answer_of_review(review_files(files[0], files[1], beside), about, wishes)
    else:
        answer = _answer_of_policies(files, about, wishes)
    return _tell(answer, wishes)


def _files_since(files: tuple[Path, ...], ref: str, wishes: _Wishes) -> int:
    """Compare files with what they were at a commit, each by itself; print it, and give the exit code.

    A file that is named twice is compared once.

    RemitError has the mistakes of all of them. With --markdown, those that can be read are told first.
    """
    from remit.report.comment import files_comment
    from remit.review.base_commit import since

    mistakes = Mistakes()
    answers: dict[str, _Answer] = {}
    for path in dict.fromkeys(files):
        try:
            pair = since(path, ref)
            if _are_templates([pair.old, pair.new]):
                answers[str(path)] = _answer_of_review(pair.review(), str(path), wishes)
            else:
                answers[str(path)] = _answer_of_policies([pair.old, pair.new], str(path), wishes)
        except RemitError as error:
            mistakes.errors.append(error)
            answers[str(path)] = _unread(error, str(path))
    if not wishes.markdown:
        mistakes.refuse()
    if options.wants_json():
        options.print_report({"files": [{"file": name, **answer.document} for name, answer in answers.items()]})
    elif wishes.markdown:
        click.echo(files_comment({name: answer.comment for name, answer in answers.items()}), nl=False)
    else:
        for number, (name, answer) in enumerate(answers.items()):
            heading = [f"{name}:"] if len(answers) > 1 else []
            _print((*([""] if number else []), *heading, *answer.lines(wishes, len(answers))))
        options.note_on_data_age()
    mistakes.refuse()
    return 1 if any(answer.is_open for answer in answers.values()) else 0


def _unread(error: RemitError, about: str) -> _Answer:
    """The answer on a file that cannot be read: open, with each mistake as undecided; its JSON is empty."""
    from remit.report.access_report import UNDECIDED, CauseChange, Report

    changes = tuple(
        CauseChange(
            UNDECIDED, f"not compared: {mistake.message}", places=(str(mistake.origin),) if mistake.origin else ()
        )
        for mistake in error.all
    )
    return _Answer(is_open=True, document={}, report=Report(changes), about=about)


def _are_templates(files: list[tuple[bytes, str]]) -> bool:
    """Return whether two files are templates; False: both are policies. RemitError (2): one of them is a template."""
    from remit.review.role_files import holds_roles

    roles = [holds_roles(data) for data, _ in files]
    if any(roles) and not all(roles):
        (policy,) = [name for (_, name), has_roles in zip(files, roles, strict=True) if not has_roles]
        raise RemitError(
            f"{policy} is not a template, and the other file is one",
            hint="compare two templates, or two policies",
        )
    return all(roles)


def _answer_of_review(review: Review, about: str, wishes: _Wishes, drift: tuple[Drift, ...] = ()) -> _Answer:
    """The answer on a review: open if gains or undecided parts are left, or with --strict what was not compared."""
    from remit.report.access_documents import drift_document, review_document
    from remit.report.access_report import review_report

    document = {**review_document(review), "drift": drift_document(drift)}
    return _Answer(review.leaves_open(strict=wishes.strict), document, review_report(review), about, drift)


def _answer_of_policies(files: list[tuple[bytes, str]], about: str, wishes: _Wishes) -> _Answer:
    """Compare two policy files by their kind.

    Limits are compared as limits, policies with principals by whom they let in, and others as they are. RemitError (2):
    a file is no policy, or there is no such kind.
    """
    from remit.iam.prove.compare import compare, compare_documents
    from remit.project.policy_kinds import LIMITS, policy_kinds
    from remit.report.access_documents import comparison_document
    from remit.report.access_report import comparison_report
    from remit.review.principal_policies import compare_files, names_callers
    from remit.template.role_files import read_policies

    before, after = (read_policies(*file) for file in files)
    kind = policy_kinds(Path(), wishes.kind).of(*(Path(name) for _, name in reversed(files)))
    if kind in LIMITS:
        before, after = before.limiting(kind), after.limiting(kind)
    if names_callers(before.layers) or names_callers(after.layers):
        comparison = compare_files(before.layers, after.layers)
    elif before.single and after.single:
        comparison = compare_documents(before.layers.identity[0], after.layers.identity[0])
    else:
        comparison = compare(before.layers, after.layers)
    document = comparison_document(comparison, before.locate, after.locate)
    report = comparison_report(comparison, before.locate, after.locate)
    return _Answer(comparison.broadens, document, report, about)


def _tell(answer: _Answer, wishes: _Wishes) -> int:
    """Print an answer. The exit code is 1 if it leaves gains open, or something was changed by hand."""
    from remit.report.comment import LONGEST

    if options.wants_json():
        options.print_report(answer.document)
    elif wishes.markdown:
        click.echo(answer.comment(LONGEST), nl=False)
    else:
        _print(answer.lines(wishes))
        options.note_on_data_age()
    return 1 if answer.is_open or answer.drift else 0


def _print(lines: Iterable[str]) -> None:
    """Print lines, gains and losses in colour unless NO_COLOR is set."""
    from remit.report.terminal_text import line

    colour = False if os.environ.get("NO_COLOR") else None
    for text in lines:
        click.secho(line(text), fg=_COLOURS.get(text[:3]), color=colour)

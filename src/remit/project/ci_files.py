"""Write what GitHub or GitLab runs for a project: one workflow, and who must agree to access that grows."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.errors import RemitError
from remit.project.stack_name import checked_stage, project_name

if TYPE_CHECKING:
    from pathlib import Path


class _Service(NamedTuple):
    """A service that runs workflows: its file, and where it looks for CODEOWNERS; the first that exists counts."""

    workflow: str
    codeowners: tuple[str, ...]
    guarded: str
    """What holds the workflows themselves, for CODEOWNERS."""


SERVICES: Final = {
    "github": _Service(
        ".github/workflows/remit.yml", (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"), "/.github/"
    ),
    "gitlab": _Service(".gitlab-ci.yml", ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"), "/.gitlab-ci.yml"),
}
PREVIEWS: Final = "pr"
"""What a preview's stage begins with, where the project does not say."""


class _Words(Template):
    """A text with `%%name`: `$` is the shell's and GitHub's own."""

    delimiter = "%%"


@dataclass(frozen=True, slots=True)
class Ci:
    """What is asked for: the service, the stage that the main branch is deployed to, and who agrees to gains."""

    service: str
    stage: str
    owners: tuple[str, ...] = ()


def ci_files(folder: Path, ci: Ci) -> dict[Path, str]:
    """The files that are written for a project, with their texts. RemitError: its workflow is there already."""
    service = SERVICES[ci.service]
    folder = folder.resolve()
    top = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
    below = folder.relative_to(top).as_posix()
    workflow, name = top / service.workflow, "remit"
    if below != "." and ci.service == "github":  # one for each project of the repository
        name = f"remit-{project_name(folder)}"
        workflow = workflow.with_name(f"{name}.yml")
    if workflow.exists():
        raise RemitError(
            f"{workflow} exists already: nothing was written",
            hint="move it away, run this again, and take over what you need",
        )
    words = {"stage": checked_stage(ci.stage), "previews": PREVIEWS, "folder": below, "workflow": name}
    files = {workflow: filled(f"{ci.service}.yml.in", words)}
    for owner in ci.owners:
        if "@" not in owner:
            raise RemitError(f"{owner!r} owns no code", hint="--owners @acme/security, @ann or ann@example.com")
    codeowners = next((path for path in map(top.joinpath, service.codeowners) if path.exists()), None)
    before = "" if codeowners is None else codeowners.read_text("utf-8")
    prefix = "" if below == "." else f"/{below}"
    if ci.owners and not any(line.startswith(f"{prefix}/config/accepted.json") for line in before.splitlines()):
        words = {"folder": prefix, "workflows": service.guarded, "owners": " ".join(ci.owners)}
        blank = "\n" if before else ""  # the last line that fits a file counts
        files[codeowners or top / service.codeowners[0]] = before + blank + filled("CODEOWNERS", words)
    return files


def filled(name: str, words: dict[str, str]) -> str:
    """A text of the skeleton's folder `ci`, with its words filled in."""
    text = (resources.files("remit.project") / "skeleton" / "ci" / name).read_text("utf-8")
    return _Words(text).substitute(words)

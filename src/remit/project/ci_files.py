"""Write what GitHub or GitLab runs for a project: one workflow, and who must agree to access that grows."""

from __future__ import annotations

import re
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.project.stack_name import checked_stage, project_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_WORKFLOWS: Final = {"github": ".github/workflows/remit.yml", "gitlab": ".gitlab-ci.yml"}
_PLACES_OF_OWNERS: Final = {"github": (".github", "", "docs"), "gitlab": ("", "docs", ".gitlab")}
"""The folders that may have CODEOWNERS, in the order in which the service looks: it reads the first file alone."""
PREVIEWS: Final = "pull"
"""What a preview's stage begins with, where the project does not say: no other stage is likely to."""


class _Words(Template):
    """A text with `%%name`: `$` is the shell's and GitHub's own."""

    delimiter = "%%"


def ci_files(folder: Path, service: str, stage: str, owners: Sequence[str] = ()) -> dict[Path, str]:
    """The files for a project whose stage `stage` main is deployed to, with their texts; nothing is written.

    `service` is `github` or `gitlab`. With GitHub's, a project below the top of its repository gets a workflow of its
    own name. With `owners`, the lines of CODEOWNERS follow those that it has, unless it names the project's accepted
    gains. RemitError (2): the workflow exists, an owner is without `@`, or the stage cannot be one.
    """
    folder = folder.resolve()
    top = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
    below = folder.relative_to(top).as_posix()
    workflow, name = top / _WORKFLOWS[service], "remit"
    if below != "." and service == "github":  # one for each project of the repository
        name = f"remit-{project_name(folder)}"
        workflow = workflow.with_name(f"{name}.yml")
    if workflow.exists():
        raise RemitError(
            f"{workflow} exists already: nothing was written",
            hint="move it away, run this again, and take over what you need",
        )
    previews = _previews(folder) or PREVIEWS
    words = {"stage": checked_stage(stage), "previews": previews, "folder": below, "workflow": name}
    files = {workflow: filled(f"{service}.yml.in", words)}
    for owner in owners:
        if "@" not in owner:
            raise RemitError(f"{owner!r} owns no code", hint="--owners @acme/security, @ann or ann@example.com")
    places = [top / place / "CODEOWNERS" for place in _PLACES_OF_OWNERS[service]]
    codeowners = next((path for path in places if path.exists()), top / f".{service}" / "CODEOWNERS")
    before = codeowners.read_text("utf-8") + "\n" if codeowners.exists() else ""
    prefix = "" if below == "." else f"/{below}"
    if owners and f"\n{prefix}/config/accepted.json" not in before:
        words = {"folder": prefix, "workflows": _WORKFLOWS[service].partition("/")[0], "owners": " ".join(owners)}
        files[codeowners] = before + filled("CODEOWNERS", words)  # the last line that fits a file counts
    return files


def ci_notes(folder: Path, owners: Sequence[str]) -> Iterator[str]:
    """Yield what the workflow needs and the project does not have."""
    if not _previews(folder):
        yield f'add `config.stages.previews = "{PREVIEWS}"` to config/deploy.py, for the stages of pull requests'
    if not owners:
        yield "nobody has to agree to accepted gains: --owners @acme/security writes who does into CODEOWNERS"


def _previews(folder: Path) -> str:
    """The name that config/deploy.py gives previews; empty where it says nothing."""
    path = folder / "config/deploy.py"
    text = path.read_text("utf-8", errors="replace") if path.exists() else ""
    return "".join(re.findall(r"""stages\.previews\s*=\s*["']([a-z0-9-]+)["']""", text)[:1])


def filled(name: str, words: dict[str, str]) -> str:
    """A text of the skeleton's folder `ci`, with its words filled in."""
    text = (resources.files("remit.project") / "skeleton" / "ci" / name).read_text("utf-8")
    return _Words(text).substitute(words)

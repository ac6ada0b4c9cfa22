"""The denied calls of an app that runs on this machine, and the edits that would allow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.answers.grant_edit import grant_edit, spelled_grant
from remit.dev.events import CallDenied, GrantWritten
from remit.errors import RemitError
from remit.loading.load import load
from remit.roles.assign import assign
from remit.roles.role_policies import ask, own_verdict, ready_roles

if TYPE_CHECKING:
    from pathlib import Path

    from remit.app import App
    from remit.local.authorization.access_log import AccessRecord


class DeniedCalls:
    """The calls denied since the last deploy, each once. The last one can be allowed in the app's source."""

    def __init__(self, folder: Path, stage: str | None, app: App, account: str) -> None:
        self._folder = folder
        self._stage = stage
        self._app = app
        self._account = account
        self._roles = ready_roles(app, assign(app))
        self._calls: dict[tuple[str, str, str], CallDenied] = {}
        self._to_write: list[CallDenied] = []

    def add(self, access: AccessRecord) -> CallDenied | None:
        """Note a denied access, and return it with the grant that would allow it, if one would.

        None where it was noted before, or no function asked for it whose role the app makes.
        """
        askers = [asker for asker in self._app.triggered if self._app.deployed_name(asker) == access.function]
        if not askers or askers[0].listed_as not in self._roles:
            return None
        name, item = askers[0].listed_as, ""
        key = (name, access.action, access.resource)
        if key in self._calls:
            return None
        # Where the role's own policy allows it already, something else denies it.
        if own_verdict(ask(self._roles[name], access.action, access.resource)) != "Allowed":
            item = spelled_grant(
                self._app, askers[0], access.action, access.resource, self._folder, account=self._account
            )
        call = CallDenied(name, access.action, access.resource, access.file, access.line, item, access.because)
        self._calls[key] = call
        if item:
            self._to_write.append(call)
        return call

    def write_last(self) -> GrantWritten:
        """Write the grant of the last call that has none yet into the source as it is now, and return what was written.

        RemitError: there is no such call, the source has mistakes, its function is gone, or it cannot be written.
        """
        if not self._to_write:
            raise RemitError("there is nothing to write: no call was denied since the last deploy")
        call = self._to_write[-1]
        app = load(self._folder, self._stage)  # as the source is now: lines may have moved
        asker = next((asker for asker in app.triggered if asker.listed_as == call.function), None)
        if asker is None:
            raise RemitError(f"there is no {call.function} any more to write a grant for")
        edit = grant_edit(app, asker, call.action, call.resource, self._folder, account=self._account)
        edit.write()
        self._to_write.pop()
        return GrantWritten(edit.name, edit.diff)

"""AWS's slowness, for whoever wants to try a deploy against it: throttling, and new roles that cannot be assumed yet.

`remit deploy --local --simulate-delays` or `remit local start --simulate-delays` turns it on, with a seed by which the
same calls meet the same delays.

Source: "Changes that I make are not always immediately visible" (IAM User Guide), "The role defined for the function
cannot be assumed by Lambda" (AWS Lambda Developer Guide), "Handling throttling errors" (AWS General Reference).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from remit.local.emulator import emulated, instead_of
from remit.local.request import RefusedRequest
from remit.local.stack_operations import ResourceOperation, before_each

_FUNCTION: Final = "AWS::Lambda::Function"
_SHORTEST, _SPREAD = 2.0, 3.0  # seconds that a new role cannot be assumed
_ONE_IN: Final = 4  # calls that are throttled, of each operation; never two in a row
_THROTTLES: Final = {
    "cloudformation": ("Throttling", "Rate exceeded", 400),
    "lambda": ("TooManyRequestsException", "Rate exceeded", 429),
}
"""The error of each service whose calls are throttled."""
_WITH_ROLE: Final = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})


@dataclass(slots=True)
class SimulatedDelays:
    """The delays of one server: none while there is no seed."""

    seed: str = ""
    _calls: Counter[str] = field(default_factory=Counter, repr=False)

    def simulate(self, seed: str) -> Mapping[str, Any]:
        """Turn the delays on with a seed, or off with an empty one, and count calls anew.

        Returns `{"before": SEED}`, the seed that they had.
        """
        before = self.seed
        self.seed = seed
        self._calls.clear()
        return {"before": before}

    def take_hold(self) -> None:
        """Let CloudFormation wait in a thread until the role of a function can be assumed; nobody else waits for it."""
        stacks = emulated("services.cloudformation.stacks")

        @instead_of(stacks, "_runs_on_worker_thread")
        def runs_in_a_thread(runs_apart: Any, kind: str) -> bool:
            return bool(runs_apart(kind)) or (bool(self.seed) and kind == _FUNCTION)

        def wait(operation: ResourceOperation) -> None:
            role = operation.properties.get("Role")
            if self.seed and operation.type == _FUNCTION and operation.verb != "delete" and isinstance(role, str):
                time.sleep(self.seconds_left(role))

        before_each(wait)

    def check(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Count a call of a service (`lambda`); refuse it if it is throttled or its role cannot be assumed yet.

        Without a seed, and for services but Lambda and CloudFormation, nothing is counted or refused.

        Raises:
            RefusedRequest: as AWS refuses it.
        """
        if not self.seed or service not in _THROTTLES:
            return
        self._calls[operation] += 1
        if self._is_throttled(operation, self._calls[operation]):
            raise RefusedRequest(*_THROTTLES[service])
        role = parameters.get("Role")
        if operation in _WITH_ROLE and isinstance(role, str) and self.seconds_left(role) > 0:
            reason = "The role defined for the function cannot be assumed by Lambda."
            raise RefusedRequest("InvalidParameterValueException", reason, 400)

    def seconds_left(self, role: str) -> float:
        """The seconds until a role (ARN) can be assumed, by when it was made; 0 where it does not exist."""
        iam = emulated("services.iam")
        stored = iam._roles.get_scoped(role.split(":")[4], None, role.rpartition("/")[2])
        if stored is None:
            return 0.0
        made = datetime.fromisoformat(stored["CreateDate"]).timestamp()
        delay = _SHORTEST + _SPREAD * self._share(role)
        return max(0.0, made + delay - time.time())

    def _is_throttled(self, operation: str, number: int) -> bool:
        """Return whether an operation's call of this number, from 1, is throttled: the first, later ones by the seed.

        Never two in a row are.
        """
        if number == 1:
            return True
        if self._share(f"{operation} {number}") * _ONE_IN >= 1:
            return False
        return not self._is_throttled(operation, number - 1)

    def _share(self, subject: str) -> float:
        """A number from 0 to below 1, always the same for the seed and the subject."""
        digest = sha256(f"{self.seed} {subject}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32

"""A web address that runs a function: a Lambda function URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from remit.app import Function, Output, Resource
from remit.errors import RemitError
from remit.iam import tokens
from remit.triggers.trigger import BaseTrigger


@dataclass(frozen=True, slots=True)
class Http(BaseTrigger):
    """Give the function a URL.

    `http()` answers callers whom IAM allows (lambda:InvokeFunctionUrl and lambda:InvokeFunction);
    `http(auth="NONE")` answers everyone. `cors` takes CloudFormation's Cors properties. Source: "Control access to
    Lambda function URLs" (Lambda Developer Guide; since October 2025 both actions are needed).
    """

    auth: Literal["AWS_IAM", "NONE"] = "AWS_IAM"
    cors: Mapping[str, Any] | None = None
    invoke_mode: Literal["BUFFERED", "RESPONSE_STREAM"] = "BUFFERED"

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the check of `cors`."""
        yield self._check_cors

    def _check_cors(self) -> None:
        """Refuse with RemitError (2) what is no dict."""
        if self.cors is not None and not isinstance(self.cors, dict):
            raise RemitError(f"http(cors={self.cors!r:.40}) must be a dict", hint='{"AllowOrigins": ["*"]}')

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the URL, and with auth NONE the two permissions that open it."""
        target = function.ref
        url = f"{function.logical_id}Url"
        properties: dict[str, Any] = {"AuthType": self.auth, "TargetFunctionArn": function.unqualified_arn}
        attributes: dict[str, Any] = {}
        if function.publication is not None:
            properties["Qualifier"] = function.publication.alias
            attributes["DependsOn"] = [f"{function.logical_id}Alias"]  # the qualifier is no reference
        if self.cors is not None:
            properties["Cors"] = tokens.plain(self.cors)
        if self.invoke_mode != "BUFFERED":
            properties["InvokeMode"] = self.invoke_mode
        yield Resource(url, "AWS::Lambda::Url", properties, attributes, origin=function.origin)
        if self.auth != "NONE":
            return
        everyone = {"FunctionName": target, "Principal": "*"}
        invoke_url = {"Action": "lambda:InvokeFunctionUrl", **everyone, "FunctionUrlAuthType": "NONE"}
        yield Resource(f"{url}Permission", "AWS::Lambda::Permission", invoke_url, origin=function.origin)
        invoke = {"Action": "lambda:InvokeFunction", **everyone, "InvokedViaFunctionUrl": True}
        yield Resource(f"{url}InvokePermission", "AWS::Lambda::Permission", invoke, origin=function.origin)

    def outputs(self, function: Function) -> Iterator[Output]:
        """Yield the URL."""
        value = f"${{{function.logical_id}Url.FunctionUrl}}"
        yield Output(f"{function.logical_id}Url", value, f"The URL of {function.name}")

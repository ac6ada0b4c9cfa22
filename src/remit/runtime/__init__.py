"""What remit is inside a zip: decorators that do nothing, jobs, and look-ups of the app's own stack.

These files are copied into every zip as the package `remit`. They use the standard library alone, import nothing at
start that Lambda has not imported already, and know no catalogue; boto3, which Lambda's runtimes bring, is imported
when a job is sent or an output is looked up.
"""

import os


class _Nothing:
    """Stands for everything that only matters where the app is built: any use of it gives it back."""

    def __call__(self, *_arguments, **_options):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, _name, _value):
        pass

    def __iadd__(self, _more):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return False

    def __str__(self):
        return ""


nothing = _Nothing()
config = nothing


def configure():
    """Give the settings, which nobody reads here."""
    return nothing


class _Aws:
    region = property(lambda _self: os.environ.get("AWS_REGION", ""))
    account = property(lambda _self: (_stack_id().split(":") + [""] * 5)[4])
    partition = property(lambda _self: (_stack_id().split(":") + ["aws"])[1] or "aws")

    @property
    def url_suffix(self):
        suffixes = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}
        return suffixes.get(self.partition, "amazonaws.com")


class _Project:
    @property
    def namespace(self):
        return (_stack_id().split("/") + [""])[1]

    @property
    def stage(self):
        return os.environ.get("REMIT_STAGE", "dev")

    @property
    def name(self):
        return self.namespace.removesuffix("-" + self.stage)


aws = _Aws()
project = _Project()


def _stack_id():
    return os.environ.get("REMIT_STACK", ":::::/")


class Job:
    """A function that can run later: `job.perform_later(…)` sends it to its queue; calling it runs it now."""

    def __init__(self, function, queue="default"):
        self.function = function
        self.queue = queue
        self.__name__ = getattr(function, "__name__", "job")
        self.__qualname__ = getattr(function, "__qualname__", self.__name__)
        self.__module__ = getattr(function, "__module__", None)
        self.__doc__ = getattr(function, "__doc__", None)
        self.__wrapped__ = function

    def __call__(self, *arguments, **options):
        return self.function(*arguments, **options)

    def perform_later(self, *arguments, **options):
        """Send the job to its queue (arguments must be JSON); give the message's id."""
        import json

        variable = "REMIT_QUEUE_" + self.queue.upper().replace("-", "_")
        url = os.environ.get(variable)
        if url is None:
            raise RuntimeError(
                variable + " is not set: jobs can be sent inside a deployed function; here, call the job directly"
            )
        named = self.__module__ + ":" + self.__qualname__
        body = json.dumps({"job": named, "arguments": arguments, "options": options})
        return _client("sqs").send_message(QueueUrl=url, MessageBody=body)["MessageId"]


class App:
    """Stands for the app: its decorators hand the function back."""

    def __init__(self, *_arguments, **_options):
        pass

    def group(self, *_arguments, **_options):
        return self

    def function(self, *triggers, **_options):
        if len(triggers) == 1 and hasattr(triggers[0], "__qualname__"):
            return triggers[0]
        return lambda function: function

    def job(self, function=None, /, *, queue="default", **_options):
        if function is not None:
            return Job(function, queue)
        return lambda decorated: Job(decorated, queue)


class Shared:
    """The app's own stack: `lookup` reads an output of it."""

    _outputs = {}

    @classmethod
    def lookup(cls, output):
        """The value of an output of this app's stack, read once per process."""
        name = cls.__name__ + "".join(part[:1].upper() + part[1:] for part in output.split("_"))
        known = Shared._outputs
        if name not in known:
            stack = _client("cloudformation").describe_stacks(StackName=_stack_id())["Stacks"][0]
            known.update((item["OutputKey"], item["OutputValue"]) for item in stack.get("Outputs", ()))
        if name not in known:
            raise KeyError("the stack has no output " + name + "; there are " + ", ".join(sorted(known)))
        return known[name]


def resource(*_arguments, **_options):
    """Stand for a resource of the template."""
    return nothing


output = resource
_clients = {}


def _client(service):
    if service not in _clients:
        import boto3

        _clients[service] = boto3.client(service)
    return _clients[service]

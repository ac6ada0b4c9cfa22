"""Who may send jobs and look outputs up: what a function declares, else what its code names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import Project, configuration, write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = configuration(
    "config.job.enable = True\nconfig.job.additional_queues = ['mail', 'idle']\nconfig.app = 'shop.app'"
)
BASE = "from remit import App\n\napp = App()\n"
MAIL = """
from shop.base import app


@app.job(queue="mail")
def send_mail(to): ...


@app.job
def tidy(): ...
"""
HANDLER = "from shop.base import app\n{imports}\n\n@app.function\ndef hello(event, context):\n    {body}\n"
DATA = """
from remit import Shared, output, resource


class Data(Shared):
    queue = resource("AWS::SQS::Queue")
    queue_url = output(queue.ref)
"""


def project(tmp_path: Path, imports: str, body: str, **files: str) -> Project:
    """An app whose function `hello` has these imports and this body; its app module imports it, and not the reverse."""
    modules = {
        "pyproject.toml": '[project]\nname = "orders"\nversion = "1"\n',
        "config/deploy.py": CONFIG,
        "shared/resources/data.py": DATA,
        "shop/__init__.py": "",
        "shop/app.py": "import shop.hello, shop.mail\nfrom shop.base import app\n",
        "shop/base.py": BASE,
        "shop/mail.py": MAIL,
        "shop/hello.py": HANDLER.format(imports=imports, body=body),
        **{f"{name.replace('__', '/')}.py": text for name, text in files.items()},
    }
    write(tmp_path, modules)
    return Project(tmp_path)


def sent(tmp_path: Path, imports: str, body: str, **files: str) -> set[str]:
    """The queues to which the function may send."""
    return set(project(tmp_path, imports, body, **files).function().sends or ())


WAYS = {
    "a name": ("from shop.mail import send_mail", "send_mail.perform_later(1)"),
    "another name": ("from shop.mail import send_mail as post", "post.perform_later(1)"),
    "an attribute of a module": ("import shop.mail", "shop.mail.send_mail.perform_later(1)"),
    "a module by another name": ("import shop.mail as m", "m.send_mail.perform_later(1)"),
    "a module of a package": ("from shop import mail", "mail.send_mail.perform_later(1)"),
    "a relative import": ("from .mail import send_mail", "send_mail.perform_later(1)"),
    "a relative module": ("from . import mail", "mail.send_mail.perform_later(1)"),
    "a star": ("from shop.mail import *", "send_mail.perform_later(1)"),
    "an import in the function": ("", "from shop.mail import send_mail; send_mail.perform_in(5, 1)"),
    "an import under a condition": (
        "try:\n    import fast\nexcept ImportError:\n    from shop.mail import send_mail",
        "send_mail.perform_later(1)",
    ),
    "getattr with a text": ("from shop import mail", "getattr(mail, 'send_mail').perform_later(1)"),
    "a method by a text": ("from shop.mail import send_mail", "getattr(send_mail, 'perform_later')(1)"),
    "a module by a text": (
        "from importlib import import_module",
        "import_module('shop.mail').send_mail.perform_later(1)",
    ),
    "no call": ("from shop.mail import send_mail\nQUEUES = [send_mail]", "[job.perform_later(1) for job in QUEUES]"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_function_whose_code_names_a_job_may_send_it_and_no_job_of_another_queue(tmp_path: Path, way: str) -> None:
    assert {"mail"} == sent(tmp_path, *WAYS[way])


def test_what_each_package_above_a_module_names_is_sent_too(tmp_path: Path) -> None:
    app = project(tmp_path, "import shop.deep.er.more", "...", shop__deep__er__more="", shop__deep__er__none="")
    write(tmp_path, {"shop/deep/er/__init__.py": "from shop.mail import send_mail\nTO = send_mail\n"})
    assert {"mail"} == set(app.function().sends or ())


THROUGH = {
    "a helper": (
        "from shop import helper", "helper.post(1)",
        "from shop.mail import send_mail\ndef post(to): send_mail.perform_later(to)\n",
    ),
    "a name passed on": (
        "from shop.helper import post", "post.perform_later(1)", "from shop.mail import send_mail as post\n",
    ),
    "all names passed on": ("from shop.helper import *", "send_mail.perform_later(1)", "from shop.mail import *\n"),
    "what a function makes": (
        "from shop.helper import make", "make().perform_later(1)",
        "def make():\n    from shop.mail import send_mail\n    return send_mail\n",
    ),
    "a table": (
        "from shop.helper import JOBS", "JOBS[event['kind']].perform_later(1)",
        "from shop import mail\nJOBS = {'mail': mail.send_mail}\n",
    ),
    "settings": ("import shop.helper", "run(event)", "HANDLERS = ['shop.further']\n"),
}  # fmt: skip


@pytest.mark.parametrize("way", THROUGH)
def test_what_the_modules_name_that_a_function_imports_counts_as_well(tmp_path: Path, way: str) -> None:
    imports, body, helper = THROUGH[way]
    further = "from shop.mail import send_mail\nsend_mail.perform_later\n"
    assert {"mail"} == sent(tmp_path, imports, body, shop__helper=helper, shop__further=further)


ANY = {
    "a name that is made": ("from shop import mail", "getattr(mail, 'send_' + event).perform_later(1)"),
    "the names of a module": ("from shop import mail", "mail.__dict__['send_mail'].perform_later(1)"),
    "all names of a module": ("from shop import mail", "vars(mail)[event].perform_later(1)"),
    "any module": ("import importlib", "importlib.import_module(event).run()"),
    "text that is run": ("", "exec(event)"),
    "modules of another folder": ("import sys; sys.path.append('lib')", "import jobs"),
}


@pytest.mark.parametrize("way", ANY)
def test_code_that_may_name_anything_may_send_whatever_the_app_sends(tmp_path: Path, way: str) -> None:
    lib = "from shop.mail import send_mail, tidy\n[send_mail.perform_later, tidy.perform_later]\n"
    assert {"mail", "default"} == sent(tmp_path, *ANY[way], lib__jobs=lib)


def test_a_job_that_another_decorator_keeps_under_its_name_counts_as_named(tmp_path: Path) -> None:
    kept = "from shop.base import app\nJOBS = {}\ndef keep(job):\n    JOBS[job.__name__] = job\n    return job\n\n\n"
    kept += "@keep\n@app.job(queue='mail')\ndef send_mail(to): ...\n"
    assert {"mail"} == sent(tmp_path, "from shop.mail import JOBS", "JOBS[event].perform_later(1)", shop__mail=kept)


NOT = {
    "no import": ("", "return 1"),
    "a module that only declares jobs": ("from shop import mail", "return 1"),
    "another name": ("", "send_mails = 1"),
    "a module elsewhere": ("import json, collections.abc", "return json.dumps(1)"),
    "words of a text": ('TEXT = "exec, eval and importlib.import_module(name) of vars(dir)"', "return TEXT"),
    "a name that is made, and nothing sent": ("", "return getattr(event, context)"),
}


@pytest.mark.parametrize("way", NOT)
def test_a_function_whose_code_names_no_job_may_send_none(tmp_path: Path, way: str) -> None:
    made = project(tmp_path, *NOT[way])
    assert made.function().sends is None
    assert "sqs:SendMessage" not in str(made.statements())


def test_the_build_prints_the_line_to_write_where_nothing_says_who_sends_or_reads(tmp_path: Path) -> None:
    notes = project(tmp_path, "", "return 1").built().notes
    assert "hello may send no job, since none is named in their code: `sends=[send_mail]` at one that does" in notes, (
        notes
    )
    assert "hello may look up no output, since none is named in their code: `reads=[Data]` at one that does" in notes


def test_sends_speaks_for_its_own_function_alone(tmp_path: Path) -> None:
    made = project(tmp_path, "from shop.mail import send_mail", "send_mail.perform_later(1)", shop__other="""
from shop.base import app
from shop.mail import send_mail, tidy


@app.function(sends=[tidy])
def declared(event, context):
    send_mail.perform_later(1)


@app.function(sends=[])
def mute(event, context):
    send_mail.perform_later(1)
""", shop__third="""
import shop.mail as jobs
from shop.base import app


@app.function(sends=[jobs.send_mail], reads=[])
def posts(event, context): ...


@app.function
def beside(event, context): ...
""", shop__app="import shop.hello, shop.mail, shop.other, shop.third\nfrom shop.base import app\n")  # fmt: skip
    names = ("hello", "declared", "mute", "posts", "beside")
    assert [("mail",), ("default",), (), ("mail",), None] == [made.function(name).sends for name in names]
    (note,) = [note for note in made.built().notes if "may send" in note]
    assert note.startswith("beside may send no job")


def test_a_worker_sends_what_the_modules_of_its_jobs_name(tmp_path: Path) -> None:
    chained = MAIL.replace("def tidy(): ...", "def tidy():\n    tidy.perform_later()")
    made = project(tmp_path, "", "return 1", shop__mail=chained)
    assert ("default",) == made.function("worker-default").sends
    assert ("default",) == made.function("worker-mail").sends  # it imports that module


def test_a_queue_without_jobs_is_not_made_nor_its_worker(tmp_path: Path) -> None:
    made = project(tmp_path, "", "return 1")
    assert {
        "JobMailQueue",
        "JobMailDeadLetterQueue",
        "JobDefaultQueue",
        "JobDefaultDeadLetterQueue",
        "DataQueue",
    } == set(made.resources("AWS::SQS::Queue"))
    assert not [name for name in made.template()["Resources"] if "Idle" in name]


def test_a_schedulers_role_is_made_for_the_queues_to_which_something_sends(tmp_path: Path) -> None:
    made = project(tmp_path, *WAYS["a name"])
    write(tmp_path, {"config/deploy.py": f"{CONFIG}    config.job.scheduler = True\n"})
    assert {"JobMailSchedulerRole"} == {name for name in made.resources("AWS::IAM::Role") if "Scheduler" in name}


LOOKUPS = {
    "a class": ("from shared.resources.data import Data", "return Data.lookup('queue_url')", True),
    "a helper": ("from shop.helper import find", "return find()", True),
    "getattr": ("from shared.resources import data", "return getattr(data.Data, 'lookup')(event)", True),
    "the name of an output": ("import boto3", "return 'DataQueueUrl'", True),
    "nothing": ("from shared.resources.data import Data", "return 1", None),
}


@pytest.mark.parametrize("way", LOOKUPS)
def test_a_function_whose_code_looks_an_output_up_may(tmp_path: Path, way: str) -> None:
    imports, body, looks_up = LOOKUPS[way]
    helper = "from shared.resources.data import Data\ndef find(): return Data.lookup('queue_url')\n"
    made = project(tmp_path, imports, body, shop__helper=helper)
    assert looks_up is made.function().looks_up
    assert bool(looks_up) == ("cloudformation:DescribeStacks" in str(made.statements()))


def test_code_that_is_no_part_of_the_project_may_import_any_of_it(tmp_path: Path) -> None:
    layer = "arn:aws:lambda:eu-west-1:111122223333:layer:vendor:1"
    hello = "from shop.base import app\n"
    hello += f"app.function(name='hello', handler='vendor.wrap', layers=['{layer}'])\n"
    uses = "from shop.mail import send_mail\nsend_mail.perform_later\n"
    assert ("mail", "default") == project(tmp_path, "", "", shop__hello=hello, shop__uses=uses).function().sends

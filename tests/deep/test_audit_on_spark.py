"""Spark, local and a standalone cluster of two workers, gives the bytes that this process gives (`make spark`)."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from audit_accounts import EVERYTHING, allow, page, role, trust, user, write
from ports import free_ports
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator

pyspark = pytest.importorskip("pyspark")

ACCOUNTS = [str(number) for number in range(200000000001, 200000000007)]


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The arguments of an audit of six accounts that trust each other, with logs."""
    folder = tmp_path_factory.mktemp("organization")
    logs = folder / "logs"
    logs.mkdir()
    for place, account in enumerate(ACCOUNTS):
        neighbour = ACCOUNTS[place - 1]
        records: list[Any] = [
            role("admin", EVERYTHING, account=account, trusts=trust(aws=f"arn:aws:iam::{neighbour}:role/app-0")),
            user("ann", allow("iam:CreateAccessKey", "s3:GetObjcet"), account=account),
        ]
        for number in range(20):
            actions = ("sts:AssumeRole", "ec2:StartInstances", f"s3:GetObject{'Acl' if number % 2 else ''}")
            records.append(role(f"app-{number}", allow(*actions), account=account))
        write(folder / "accounts", page(*records), f"{account}.json")
        (logs / f"{account}.json.gz").write_bytes(gzip.compress(json.dumps({"Records": [event(account)]}).encode()))
    return [str(folder / "accounts"), "--trail", str(logs), "--at", "2026-11-27", "--json", "--no-cache"]


def event(account: str) -> dict[str, Any]:
    return {
        "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "StartInstances",
        "managementEvent": True,
        "recipientAccountId": account,
        "userIdentity": {
            "type": "AssumedRole",
            "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{account}:role/app-1"}},
        },
    }


@pytest.fixture(scope="module")
def expected(organization: list[str]) -> bytes:
    """What this process answers."""
    return answer(organization)


def answer(arguments: list[str], *further: str) -> bytes:
    command = [sys.executable, "-m", "remit", "audit", *arguments, *further]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (b"", 1) == (b"" if done.stdout else done.stderr, done.returncode)
    return done.stdout


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a master with two workers of one core each."""
    port = free_ports(2)
    page_port = port + 1
    address = f"spark://127.0.0.1:{port}"
    home = Path(pyspark.__file__).parent
    # A worker starts executors with both of these; Spark's own start scripts set them.
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13", "SPARK_LOCAL_IP": "127.0.0.1"}
    master = ("master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page_port))
    with contextlib.ExitStack() as stack:

        def start(arguments: tuple[str, ...]) -> None:
            log = stack.enter_context((tmp_path_factory.mktemp("spark") / "log").open("wb"))
            command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{arguments[0]}", *arguments[1:]]
            process = stack.enter_context(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            stack.callback(process.kill)  # a graceful end takes a minute

        start(master)
        for _ in range(2):
            work = str(tmp_path_factory.mktemp("work"))
            start(("worker.Worker", address, "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", work))
        wait_for_workers(f"http://127.0.0.1:{page_port}/json/")
        yield address


def wait_for_workers(master_page: str) -> None:
    end = time.monotonic() + HANGS
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(  # noqa: S310 - our own address
                master_page, timeout=5
            ) as response,
        ):
            if json.load(response)["aliveworkers"] == 2:
                return
        time.sleep(0.2)
    raise AssertionError("the cluster did not start")


def test_spark_on_this_machine_gives_the_same_bytes(organization: list[str], expected: bytes) -> None:
    assert expected == answer(organization, "--spark", "local[2]")


def test_a_cluster_of_two_workers_gives_the_same_bytes(organization: list[str], expected: bytes, cluster: str) -> None:
    assert expected == answer(organization, "--spark", cluster)


def test_several_processes_give_the_same_bytes(organization: list[str], expected: bytes) -> None:
    assert expected == answer(organization, "--processes", "2")

"""Secrets are refused before they are in a zip, all at once, each at its place; what is allowed has a reason."""

from __future__ import annotations

import base64
import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from projects import remit, write
from random_cases import cases, cases_of
from remit.errors import Origin, RemitError
from remit.package.app_zip import Package, package
from remit.package.archive import CHUNK
from remit.package.installer import Target
from remit.package.secrets import Unneeded, only_public

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Project = Callable[[dict[str, str]], Path]

BODY = base64.b64encode(bytes(range(96))).decode()
SECRET = "Zm9vYmFyYmF6cXV4/" + "Q2" * 11 + "+"
HEAD = "-----BEGIN {}PRIVATE KEY-----"
GITHUB = "ghp_" + "a1B2" * 9
STRIPE = "sk_live_" + "aB3d" * 6
URL = "postgres://app:" + "Zm9vYmFy@db.internal/orders"
LINE = Origin("config/deploy.py", 5, 5)


def pack(folder: Path, allow: Mapping[str, str] | None = None) -> Package:
    """Pack a project; `allow` gives reasons by patterns."""
    allowed = {pattern: (reason, LINE) for pattern, reason in (allow or {}).items()}
    return package(folder, Target("3.13", "x86_64"), allow=allowed)


def refusal(folder: Path, allow: Mapping[str, str] | None = None) -> RemitError:
    """The error of a project that cannot be packed; no zip is left behind."""
    with pytest.raises(RemitError) as caught:
        pack(folder, allow)
    assert [] == list((folder / ".remit").rglob("*.zip"))
    return caught.value


SECRETS = {
    "a private key": HEAD.format("") + "\n" + BODY,
    "a private key with headers": HEAD.format("RSA ") + "\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: A\r\n\r\n" + BODY,
    "a private key of OpenSSH": HEAD.format("OPENSSH ") + "\n" + BODY,
    "a private key in JSON": '{"private_key": "' + HEAD.format("") + "\\n" + BODY + '"}',
    "a private key of PGP": "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" + BODY,
    "a secret access key in an ini file": f"aws_secret_access_key = {SECRET}\n",
    "a secret access key in a shell": f"AWS_SECRET_ACCESS_KEY={SECRET}",
    "a secret access key in JSON": f'"SecretAccessKey": "{SECRET}"',
    "a secret access key in Python": f"client(aws_secret_access_key='{SECRET}')",
    "an access key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a GitHub token": GITHUB,
    "a fine-grained GitHub token": "github_pat_" + "a1B2" * 5 + "cD_" + "a1B2" * 14 + "eF3",
    "a Slack token": "xoxb-" + "1234567890-abcdefghijkl",
    "a Slack webhook": "https://hooks.slack.com/services/" + "T12345678/B12345678/" + "aB3d" * 6,
    "an API key": "sk-proj-" + "aB3d" * 6,
    "a GitLab token": "glpat-" + "aB3d" * 6,
    "a Stripe key": STRIPE,
    "a password in a URL": URL,
    "a default in a shell": "${DATABASE:-" + URL + "}",
    "a signed token": "eyJhbGciOiJI." + "eyJzdWIiOiIx." + "aB3d" * 6,
}


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_a_file_stops_packing_and_is_not_shown(project: Project, secret: str) -> None:
    error = refusal(project({"app.py": "", "data/settings.txt": "# settings\n" + SECRETS[secret]}))
    assert ("data/settings.txt", 2) == (error.origin and error.origin.file, error.origin and error.origin.line)
    words = [word for word in SECRETS[secret].replace("=", " ").split() if len(word) > 15 and "KEY" not in word]
    assert [] == [word for word in words if word in str(error)]


@pytest.mark.parametrize(
    "text",
    [
        "if text.startswith('-----BEGIN PRIVATE KEY-----'):\n    raise ValueError\n",
        "-----BEGIN PUBLIC KEY-----\n" + BODY,
        "-----BEGIN CERTIFICATE-----\n" + BODY,
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = os.environ['AWS_SECRET_ACCESS_KEY']",
        'secret_access_key: str = ""',
        "commit = da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "url = f'postgres://{user}:{password}@{host}/orders'",
        "url = 'postgres://%s:%s@%s/orders' % parts",
        "url = 'postgres://' + user + ':' + password + '@' + host",
        "url = 'postgres://%(user)s:%(password)s@db'",
        "postgres://app:$PASSWORD@db/orders",
        "postgres://app:<password>@db/orders",
        "https://user:password@proxy.internal:8080",
        "https://:your-token@example.com",
        "postgres://orders:orders@db/orders",
        "postgres://app:hunter2@localhost:5432/orders",
        "redis://:hunter2@127.0.0.1",
        "https://example.com:8443/a@b",
        "git+ssh://git@github.com/org/repo",
    ],
)
def test_examples_placeholders_and_code_about_secrets_go_in(project: Project, text: str) -> None:
    assert pack(project({"app.py": "", "settings.txt": text})).size > 0


def test_all_secrets_of_a_project_are_shown_at_once(project: Project) -> None:
    error = refusal(
        project(
            {
                "app.py": f"x = 1\ntoken = '{GITHUB}'\n",
                "naïve.py": f'NAÏVE, KEY = "é", "{STRIPE}"\n',
                "config/secrets.yaml": f"database: {URL}\n",
            }
        )
    )
    assert [
        "4 secrets would go into the zip:",
        "  app.py:2:10: a GitHub token",
        "  config/secrets.yaml: a file of secrets (by its name)",
        "  config/secrets.yaml:1:11: a password in a URL",
        "  naïve.py:1:20: a Stripe key",
    ] == error.message.splitlines()
    assert "app.py:2:10" == str(error.origin)
    assert "rotate" in str(error.hint)


def test_of_a_file_with_many_secrets_five_are_shown(project: Project) -> None:
    five = refusal(project({"app.py": "", "tokens.txt": f"{GITHUB}\n" * 5}))
    assert "  tokens.txt:5:1: a GitHub token" == five.message.splitlines()[-1]
    error = refusal(project({"app.py": "", "tokens.txt": f"{GITHUB}\n" * 1200}))
    assert ["  tokens.txt:5:1: a GitHub token", "  tokens.txt: 1,195 more"] == error.message.splitlines()[-2:]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_secret_in_a_text_of_a_wide_encoding_is_found_at_its_place(project: Project, encoding: str) -> None:
    folder = project({})
    (folder / "notes.txt").write_bytes(f"kept\n  token {GITHUB}\n".encode(encoding))
    assert "notes.txt:2:9" == str(refusal(folder).origin)


def test_an_error_names_the_file_where_it_lies_in_the_project(project: Project) -> None:
    installed = "[build-system]\nrequires = []\n"
    error = refusal(project({"pyproject.toml": installed, "src/app.py": f"TOKEN = '{GITHUB}'\n"}))
    assert "src/app.py:1:10" == str(error.origin)


@pytest.mark.parametrize("before", cases_of((0, 3, 30, 300, 4000), 3))
def test_a_key_is_found_at_its_line_where_a_chunk_ends_within_it(project: Project, before: int) -> None:
    filling = "x" * (CHUNK - before - 2) + "\n"
    key = HEAD.format("EC ") + "\n" + BODY
    error = refusal(project({"app.py": "", "large.txt": f"{filling}{key}\n{'y' * CHUNK}"}))
    assert ("a private key would go into the zip", "large.txt:2:1") == (error.message, str(error.origin))


@pytest.mark.parametrize(
    "name",
    [
        "env.production",
        "config/env.local",
        "kubeconfig",
        "deploy/prod.kubeconfig",
        ".kube/config",
        "secrets.yaml",
        "config/Secrets.yml",
        "secrets.prod.json",
        "app-secrets.yaml",
        "secret.toml",
        ".vault-token",
        "dump.sql",
        "data/DUMP.SQL",
        "dump-2026-11-01.sql",
        "orders_backup.sql",
        "orders.sql.gz",
        "orders.dump",
        "dump.rdb",
        "shop-firebase-adminsdk-x1.json",
        "AuthKey_ABC.p8",
        "kube.config",
        "mydump.sql",
        "home/.bash_history",
        "session.har",
        "traffic.pcapng",
    ],
)
def test_a_file_that_is_a_secret_by_its_name_is_refused(project: Project, name: str) -> None:
    error = refusal(project({"app.py": "", name: ""}))
    assert name == str(error.origin)
    assert "(by its name) would go into the zip" in error.message


@pytest.mark.parametrize(
    "name",
    [
        "secrets.py",
        "secrets/__init__.py",
        "dump.py",
        "kubeconfig.py",
        "env.py",
        "schema.sql",
        "migrations/0001_backups.sql",
        "queries/orders.sql",
        "templates/secrets.html",
        "secretsanta.json",
        "environment.yaml",
        "backup.sh",
        "passwords.html",
    ],
)
def test_a_file_that_merely_has_such_a_name_goes_in(project: Project, name: str) -> None:
    assert pack(project({"app.py": "", name: ""})).size > 0


def test_a_comment_with_a_reason_allows_the_secret_at_its_line(project: Project) -> None:
    files = {
        "app.py": f"TOKEN = '{GITHUB}'  # remit: allow R701 because it is revoked, for the tests\n",
        "rules.yaml": f"# remit: allow R701 because the sandbox's key is public\nstripe: {STRIPE}\n",
    }
    assert pack(project(files)).size > 0


def test_a_comment_allows_nothing_at_another_line(project: Project) -> None:
    folder = project({"rules.yaml": f"# remit: allow R701 because it is public\na: {STRIPE}\nb: {STRIPE}\n"})
    assert "rules.yaml:3:4" == str(refusal(folder).origin)


@pytest.mark.parametrize(
    "comment",
    [
        "# remit: allow R701",
        "# remit: allow R701 because …",
        "# remit: allow R702 because of this",
        "allow R701 because",
    ],
)
def test_a_comment_without_a_reason_or_for_another_rule_allows_nothing(project: Project, comment: str) -> None:
    assert "app.py:1:10" == str(refusal(project({"app.py": f"TOKEN = '{GITHUB}'  {comment}\n"})).origin)


def test_a_docstring_that_speaks_of_such_a_comment_allows_nothing(project: Project) -> None:
    folder = project({"app.py": f'"""{GITHUB} # remit: allow R701 because it is only text"""\n'})
    assert "app.py:1:4" == str(refusal(folder).origin)


@pytest.mark.parametrize("pattern", ["data/dump.sql", "/data/", "*.sql", "data/*"])
def test_a_setting_with_a_reason_allows_the_files_of_its_pattern(project: Project, pattern: str) -> None:
    folder = project({"app.py": "", "data/dump.sql": f"-- {GITHUB}\n"})
    made = pack(folder, {pattern: "made-up rows"})
    assert () == made.unneeded


def test_a_setting_allows_no_other_file(project: Project) -> None:
    folder = project({"app.py": "", "data/dump.sql": "", "more/dump.sql": ""})
    assert "more/dump.sql" == str(refusal(folder, {"/data/dump.sql": "made-up rows"}).origin)


def test_a_setting_brings_back_nothing_that_stays_out(project: Project) -> None:
    made = pack(project({"app.py": "", ".env": "A=1", "dump.sql": ""}), {".env": "needed", "dump.sql": "made-up rows"})
    assert (Unneeded(".env", LINE),) == made.unneeded
    assert "secrets never go into a zip: .env" in [str(left) for left in made.left_out]


def allowing(allow: str) -> dict[str, str]:
    """A project with a dump, and what its configuration allows."""
    return {
        "app.py": "from remit import App\n\napp = App()\n\n\n@app.function\ndef hello(event, context): ...\n",
        "config/deploy.py": f"from remit import configure\n\nwith configure() as c:\n    c.package.allow = {allow}\n",
        "data/dump.sql": "",
    }


def test_a_build_takes_what_the_configuration_allows(project: Project) -> None:
    built = remit("build", "-C", str(project(allowing('{"data/dump.sql": "made-up rows"}'))))
    assert (0, False) == (built.status, "allows nothing" in built.err)


def test_a_build_refuses_what_the_configuration_does_not_allow(project: Project) -> None:
    built = remit("build", "-C", str(project(allowing("{}"))))
    assert (2, ["error: a dump of a database (by its name) would go into the zip", "  --> data/dump.sql"]) == (
        built.status,
        built.err.splitlines()[:2],
    )


CONTENTS = {
    "a token": (f"token = '{STRIPE}'\n", "refused"),
    "two tokens": (f"a = '{STRIPE}'\n\nb = '{GITHUB}'\n", "refused twice"),
    "a doubt": ('PASSWORD = "Sup3rS3cret!"\n', "possible"),
    "a token and a doubt": (f"PASSWORD = \"Sup3rS3cret!\"\ntoken = '{STRIPE}'\n", "refused, possible"),
    "nothing": ("x = 1\n", ""),
}
FILES = ("a.py", "sub/b.py", "sub/c.py")
PATTERNS = {"/a.py": FILES[:1], "sub/": FILES[1:], "*.py": FILES, "none.py": ()}


@settings(max_examples=cases(12, deep=300))
@given(
    st.tuples(*[st.sampled_from(sorted(CONTENTS))] * 3),
    st.sets(st.sampled_from(sorted(PATTERNS)), max_size=2),
)
def test_all_that_no_pattern_allows_is_refused_and_told_and_no_pattern_without_use(
    contents: tuple[str, ...], patterns: set[str]
) -> None:
    files = dict(zip(FILES, contents, strict=True))
    covered = {name: {pattern for pattern in patterns if name in PATTERNS[pattern]} for name in files}
    open_files = [name for name in files if not covered[name]]
    refused = Counter(
        {name: CONTENTS[files[name]][1].count("refused") + ("twice" in CONTENTS[files[name]][1]) for name in open_files}
    )
    possible = [name for name in open_files if "possible" in CONTENTS[files[name]][1]]
    needed = {pattern for name, by in covered.items() if CONTENTS[files[name]][1] for pattern in by}
    with TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, {name: CONTENTS[content][0] for name, content in files.items()})
        event(f"refused: {bool(+refused)}")
        if +refused:
            error = refusal(folder, dict.fromkeys(sorted(patterns), "made up"))
            told = Counter(re.findall(r"^ *(\S+\.py):\d+", f"{error.message}\n{error.origin}", re.MULTILINE))
            assert told - Counter([str(error.origin).partition(":")[0]]) == +refused or refused.total() == 1
            assert str(error.origin).partition(":")[0] in +refused
            return
        packed = pack(folder, dict.fromkeys(sorted(patterns), "made up"))
    assert [line.partition(":")[0] for line in packed.possible_secrets] == possible
    assert {unneeded.pattern for unneeded in packed.unneeded} == patterns - needed


def test_a_build_says_which_pattern_allows_nothing(project: Project) -> None:
    built = remit("build", "-C", str(project(allowing('{"dump.sql": "made-up rows", "old.sql": "old"}'))))
    assert 0 == built.status
    assert "'old.sql' in config.package.allow allows nothing: config/deploy.py:4:52" in built.err


@pytest.mark.parametrize(
    ("allow", "message"),
    [
        ('["dump.sql"]', '`config.package.allow` must be a dict such as {"data/dump.sql": "made-up rows"}, got list'),
        ('{"dump.sql": ""}', "`config.package.allow['dump.sql']` is an empty string"),
        ('{"dump.sql": "…"}', "`config.package.allow['dump.sql']` is '…', which is not a reason"),
        ('{"dump.sql": None}', "`config.package.allow['dump.sql']` must be a string, got None"),
    ],
)
def test_a_setting_without_a_reason_is_an_error_at_its_line(project: Project, allow: str, message: str) -> None:
    built = remit("build", "-C", str(project(allowing(allow))))
    assert 2 == built.status
    assert message in built.err
    assert "config/deploy.py:4:" in built.err


def test_what_remitignore_lists_is_not_looked_at(project: Project) -> None:
    assert pack(project({"app.py": "", ".remitignore": "dump.sql\n", "dump.sql": GITHUB})).size > 0


def test_a_bundle_of_certificates_is_public_and_one_with_a_key_is_not() -> None:
    bundle = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n" * 2
    mixed = bundle + HEAD.format("")
    assert tuple(map(only_public, (bundle.encode(), mixed.encode(), b"anything"))) == (True, False, False)


DOUBTFUL = 'import os\nPASSWORD = "Sup3rS3cret!"\nHEADERS = {"Authorization": "Bearer 9f86d081884c7d659a2feaa0"}\n'


def test_what_may_be_a_secret_goes_in_with_a_warning_at_its_place(project: Project) -> None:
    packed = pack(project({"app.py": DOUBTFUL, "settings.json": '{"db_password": "hunter2-Sup3rS3cret"}'}))
    assert packed.possible_secrets == (
        "app.py:2:13: what looks like a password",
        "app.py:3:30: a header with a password",
        "settings.json:1:18: what looks like a password",
    )


@pytest.mark.parametrize(("size", "warnings"), [(1 << 20, 2), ((1 << 20) + 1, 0)])
def test_what_may_be_a_secret_is_looked_for_in_files_of_a_mebibyte_at_most(
    project: Project, size: int, warnings: int
) -> None:
    assert warnings == len(pack(project({"app.py": DOUBTFUL + "#" * (size - len(DOUBTFUL))})).possible_secrets)


def test_a_build_warns_of_what_may_be_a_secret_and_does_not_show_it(project: Project) -> None:
    app = f"from remit import App\napp = App()\n@app.function\ndef hello(event, context): ...\n{DOUBTFUL}"
    built = remit("build", "-C", str(project({"app.py": app})))
    assert built.status == 0
    assert "warning: app.py:6:13: what looks like a password goes into the zip" in built.err
    assert "Sup3rS3cret" not in built.out + built.err


def test_a_comment_or_a_setting_allows_what_may_be_a_secret(project: Project) -> None:
    allowed = 'PASSWORD = "Sup3rS3cret!"  # remit: allow R701 because it is for the tests\n'
    packed = pack(project({"app.py": allowed, "rules.py": DOUBTFUL}), {"rules.py": "made up"})
    assert (packed.possible_secrets, packed.unneeded) == ((), ())


STAYING_OUT = {
    "db.sqlite3": "data of this machine",
    "data/old.sqlite3": "data of this machine",
    "java_pid1.hprof": "data of this machine",
    "token.json": "secrets never go into a zip",
    "google/token.json": "secrets never go into a zip",
    "cookies.txt": "secrets never go into a zip",
    "service/.remit/seen/a.jsonl": "written by remit",
}


def test_what_a_machine_keeps_for_itself_stays_out_and_is_listed(project: Project) -> None:
    packed = pack(project({"app.py": "", **dict.fromkeys(STAYING_OUT, "x")}))
    with ZipFile(packed.path) as archive:
        names = archive.namelist()
    listed = {name: left.reason for left in packed.left_out for name in left.names}
    assert [name for name in names if not name.startswith("remit/")] == ["app.py"]
    assert listed == {
        name.replace("service/.remit/seen/a.jsonl", "service/.remit/"): why for name, why in STAYING_OUT.items()
    } | {".remit/": "written by remit"}


def test_a_database_that_the_app_reads_is_brought_back(project: Project) -> None:
    packed = pack(project({"app.py": "", "cities.sqlite3": "x", ".remitignore": "!/cities.sqlite3\n"}))
    with ZipFile(packed.path) as archive:
        assert "cities.sqlite3" in archive.namelist()

"""Files that stay out of a project's zips by name, or are refused there, each with the reason."""

from __future__ import annotations

from functools import cache

from remit.package.gitignore import Pattern, Patterns, parse

SECRETS = "secrets never go into a zip"

_ALWAYS_OUT = {
    SECRETS: """
        .env* *.env .aws/ .ssh/ .gnupg/
        *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.ppk *.tfstate *.tfstate.* *.tfvars .terraform/
        id_rsa* id_dsa* id_ecdsa* id_ed25519* credentials* *_credentials.json *-credentials.json
        client_secret*.json service_account*.json service-account*.json rootkey.csv *_accessKeys.csv
        token.json tokens.json cookies.txt cookies.json
        .netrc _netrc .pypirc .npmrc .yarnrc .yarnrc.yml .pgpass .my.cnf .htpasswd .git-credentials .dockercfg
        **/.docker/config.json
    """,
    "version control": ".git .hg .svn .bzr .jj",
    "written by remit": ".remit/",
}
"""Reason -> patterns that nothing brings back; a module merely named so (`credentials.py`) goes in."""

_SECRETS_BY_NAME = {
    "a file of secrets": """
        secret.y*ml secret.json secret.toml secret.ini secret.txt *[-_.]secret.y*ml *[-_.]secret.json
        secrets.y*ml secrets.json secrets.toml secrets.ini secrets.txt secrets.properties secrets.*.y*ml secrets.*.json
        *[-_.]secrets.y*ml *[-_.]secrets.json *[-_.]secrets.toml
        passwords.txt passwords.csv password.txt .vault-token .vault_pass* vault_pass vault_pass.txt vault_password.txt
    """,
    "an environment with its secrets": """
        env.production env.prod env.staging env.stage env.development env.dev env.test env.ci env.local
    """,
    "credentials of a cluster or a service": """
        kubeconfig kubeconfig.y*ml kubeconfig.json *.kubeconfig kube.config **/.kube/config
        .boto .s3cfg .passwd-s3fs .databrickscfg .terraformrc terraform.rc *firebase-adminsdk*.json *.ovpn
    """,
    "a private key": "*.p8 *.pk8 *.bks *.agekey",
    "a dump of a database": """
        *dump.sql dump[-_.]*.sql mysqldump*.sql pg_dump*.sql backup.sql backup[-_.]*.sql
        *[-_.]backup.sql *.sql.gz *.sql.bz2 *.sql.xz *.sql.zst *.sql.zip *.sql.7z *.dump *.pgdump dump.rdb
    """,
    "what was typed, passwords among it": ".bash_history .zsh_history .python_history .psql_history .mysql_history",
    "recorded traffic with its tokens": "*.har *.pcap *.pcapng",
}
"""What a file is -> patterns of its name, in lower case. It is refused and not left out, since the app may need it."""

_MODULES = "!credentials*.py !credentials*.pyi !credentials*/ !id_*.py !id_*/"

_USUALLY_OUT = {
    "only for the build": """
        /config/accepted.json /config/deploy.py /config/deploy/ /config/guardrails/ /config/policies/ /.remitignore
    """,
    "data of this machine": "*.sqlite3 *.sqlite3-journal *.sqlite3-shm *.sqlite3-wal *.hprof *.heapsnapshot",
    "caches": """
        __pycache__/ *.py[co] .mypy_cache/ .ruff_cache/ .pytest_cache/ .hypothesis/ .import_linter_cache/
        .pytype/ .pyre/ .cache/ .ipynb_checkpoints/ .eggs/ .tox/ .nox/ node_modules/ .sass-cache/ .serverless/
        .chalice/ .aws-sam/ cdk.out/
    """,
    "tests": """
        /tests/ /test/ /test_*.py /conftest.py /.coverage /.coverage.* /coverage.xml /htmlcov/
        /pytest.ini /tox.ini /noxfile.py /.coveragerc
    """,
    "build output": "/dist/ /build/ *.egg-info/ *.egg",
    "editors and desktops": """
        .idea/ .vscode/ .devcontainer/ .editorconfig .DS_Store Thumbs.db desktop.ini *.sw[po] *~ .#*
    """,
    "project files": """
        .gitignore .gitattributes .gitmodules .gitkeep .mailmap /.github/ /.gitlab/ /.gitlab-ci.yml
        /.circleci/ /.ci/
        /.pre-commit-config.yaml /.python-version /.tool-versions /.dockerignore /Dockerfile*
        /docker-compose*.y*ml
        /Makefile /justfile /README* /CHANGELOG* /CONTRIBUTING* /SECURITY.md /AGENTS.md /CODEOWNERS
        /pyproject.toml /uv.lock /uv.toml /pylock*.toml /poetry.lock /poetry.toml
        /pdm.lock /Pipfile /Pipfile.lock
        /requirements*.txt /requirements*.in /setup.py /setup.cfg /MANIFEST.in /mypy.ini
        /ruff.toml /.flake8
    """,
}
"""Reason -> patterns that `!pattern` in .remitignore brings back; where the name of a folder is as likely the
app's own, only at the top."""

ENVIRONMENT = "virtual environments"
"""Known by the pyvenv.cfg inside, whatever their name."""


@cache
def always_out() -> Patterns:
    """Patterns of files that always stay out."""
    back = parse(_MODULES.split(), SECRETS)
    return Patterns([*_read(_ALWAYS_OUT), *back])


@cache
def usually_out() -> Patterns:
    """Patterns of files that stay out unless the project brings them back."""
    return Patterns(_read(_USUALLY_OUT))


def secret_by_name(path: str) -> str | None:
    """Name the secret that a file is by its name, in any case ("a dump of a database").

    None for most, and for every module.
    """
    if path.endswith(".py"):
        return None
    matching = _secrets_by_name().decide(path.lower())
    return None if matching is None else matching.reason


@cache
def _secrets_by_name() -> Patterns:
    return Patterns(_read(_SECRETS_BY_NAME))


def _read(table: dict[str, str]) -> list[Pattern]:
    """The patterns of a table, each with the reason that it stands under."""
    patterns: list[Pattern] = []
    for reason, globs in table.items():
        patterns += parse(globs.split(), reason)
    return patterns

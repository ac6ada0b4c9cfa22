"""The tokens of the vendors are known by their form alone, wherever they stand; what somebody made up is none."""

from __future__ import annotations

import random
import string

import pytest

import effort
from remit.secrets import hidden, holds_secret, kind, possible_secrets_in, secrets_in, told_by_variable
from remit.secrets.token_forms import TOKEN_FORMS

HEX, ALNUM = "0123456789abcdef", string.ascii_letters + string.digits
UPPER, WORD = f"{string.digits}ABCDEF{string.ascii_uppercase}", f"{string.ascii_letters}{string.digits}_-"
DRAW = random.Random(18)  # noqa: S311 - the same samples each time


def drawn(letters: str, count: int) -> str:
    """Letters as a vendor draws them, of which the last is no sign."""
    return "".join(DRAW.choice(letters) for _ in range(count - 1)) + DRAW.choice(letters[:16])


def uuid() -> str:
    return "-".join(drawn(HEX, count) for count in (8, 4, 4, 4, 12))


SAMPLES = {
    "AWS": "AKIA" + "Q3EGRIBQ2B5VZ7FT",
    "AWS, temporary": "ASIA" + "Q3EGRIBQ2B5VZ7FT",
    "Bedrock": "ABSK" + drawn(ALNUM, 128),
    "GitHub": "ghp_" + drawn(ALNUM, 36),
    "GitHub app": "ghs_" + drawn(ALNUM, 36),
    "GitHub, fine-grained": "github_pat_" + drawn(ALNUM, 22) + "_" + drawn(ALNUM, 59),
    "GitLab": "glpat-" + drawn(WORD, 20),
    "GitLab runner": "glrt-" + drawn(WORD, 20),
    "Slack": "xoxb-" + "123456789012-1234567890123-" + drawn(ALNUM, 24),
    "Slack app": "xapp-1-" + drawn(UPPER, 11) + "-1234567890123-" + drawn(HEX, 64),
    "Slack webhook": "https://hooks.slack.com/services/" + "T12345678/B12345678/" + drawn(ALNUM, 24),
    "Stripe": "sk_live_" + drawn(ALNUM, 24),
    "Stripe, restricted": "rk_live_" + drawn(ALNUM, 24),
    "Stripe webhook": "whsec_" + drawn(ALNUM, 32),
    "OpenAI": "sk-proj-" + drawn(WORD, 74) + "T3BlbkFJ" + drawn(WORD, 74),
    "OpenAI, old": "sk-" + drawn(ALNUM, 20) + "T3BlbkFJ" + drawn(ALNUM, 20),
    "Anthropic": "sk-ant-api03-" + drawn(WORD, 93) + "AA",
    "OpenRouter": "sk-or-v1-" + drawn(HEX, 64),
    "DeepSeek": "sk-" + drawn(HEX, 32),
    "Google": "AIza" + drawn(WORD, 35),
    "Google OAuth": "GOCSPX-" + drawn(WORD, 28),
    "Azure storage": "AccountKey=" + drawn(ALNUM, 86) + "==",
    "Azure AD": "abC8Q~" + drawn(WORD, 34),
    "Twilio": "SK" + drawn(HEX, 32),
    "SendGrid": "SG." + drawn(WORD, 22) + "." + drawn(WORD, 43),
    "Mailgun": "key-" + drawn(HEX, 32),
    "Mailchimp": drawn(HEX, 32) + "-us12",
    "Brevo": "xkeysib-" + drawn(HEX, 64) + "-" + drawn(ALNUM, 16),
    "Resend": "re_" + drawn(ALNUM, 8) + "_" + drawn(ALNUM, 24),
    "npm": "npm_" + drawn(ALNUM, 36),
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + drawn(WORD, 150),
    "RubyGems": "rubygems_" + drawn(HEX, 48),
    "Docker": "dckr_pat_" + drawn(WORD, 27),
    "DigitalOcean": "dop_v1_" + drawn(HEX, 64),
    "Heroku": "HRKU-AA" + drawn(WORD, 58),
    "Hugging Face": "hf_" + drawn(string.ascii_letters, 34),
    "Groq": "gsk_" + drawn(ALNUM, 52),
    "Replicate": "r8_" + drawn(ALNUM, 37),
    "Perplexity": "pplx-" + drawn(ALNUM, 48),
    "Pinecone": "pcsk_" + drawn(ALNUM, 70),
    "Shopify": "shpat_" + drawn(HEX, 32),
    "Square": "sq0atp-" + drawn(WORD, 22),
    "Plaid": "access-production-" + uuid(),
    "Telegram": "1234567890:AA" + drawn(WORD, 33),
    "Discord": "M" + drawn(ALNUM, 23) + "." + drawn(ALNUM, 6) + "." + drawn(ALNUM, 38),
    "Discord webhook": "https://discord.com/api/webhooks/" + "123456789012345678/" + drawn(WORD, 68),
    "New Relic": "NRAK-" + drawn(UPPER, 27),
    "Sentry": "sntryu_" + drawn(HEX, 64),
    "Grafana": "glsa_" + drawn(ALNUM, 32) + "_" + drawn(HEX, 8),
    "Dynatrace": "dt0c01." + drawn(UPPER, 24) + "." + drawn(UPPER, 64),
    "PlanetScale": "pscale_tkn_" + drawn(WORD, 43),
    "Supabase": "sbp_" + drawn(HEX, 40),
    "Databricks": "dapi" + drawn(HEX, 32),
    "Doppler": "dp.pt." + drawn(ALNUM, 43),
    "Linear": "lin_api_" + drawn(ALNUM, 40),
    "Notion": "ntn_" + drawn(ALNUM, 46),
    "Postman": "PMAK-" + drawn(HEX, 24) + "-" + drawn(HEX, 34),
    "Airtable": "pat" + drawn(ALNUM, 14) + "." + drawn(HEX, 64),
    "Atlassian": "ATATT3xFfGF0" + drawn(WORD, 180),
    "Figma": "figd_" + drawn(WORD, 40),
    "Vault": "hvs." + drawn(WORD, 95),
    "Terraform": drawn(ALNUM, 14) + ".atlasv1." + drawn(ALNUM, 67),
    "Pulumi": "pul-" + drawn(HEX, 40),
    "Tailscale": "tskey-auth-" + drawn(ALNUM, 12) + "-" + drawn(ALNUM, 32),
    "age": "AGE-SECRET-KEY-1" + drawn(UPPER, 58),
    "Slack, refreshed": "xoxe.xoxp-1-" + drawn(ALNUM, 163),
    "Slack workflow": "https://hooks.slack.com/triggers/" + "T12345678/1234567890123/" + drawn(HEX, 32),
    "Azure signature": "https://a.blob.core.windows.net/c?sv=2022-11-02&sig=" + drawn(ALNUM, 43) + "%3D",
    "Cloudflare": "cfut_" + drawn(ALNUM, 40) + drawn(HEX, 8),
    "New Relic, insert": "NRII-" + drawn(WORD, 32),
    "LaunchDarkly": "sdk-" + uuid(),
    "HubSpot": "pat-na1-" + uuid(),
    "CircleCI": "CCIPAT_" + drawn(ALNUM, 22) + "_" + drawn(HEX, 40),
    "Buildkite": "bkua_" + drawn(HEX, 40),
    "SonarQube": "squ_" + drawn(HEX, 40),
    "Artifactory": "AKCp" + drawn(ALNUM, 69),
    "Artifactory reference": "cmVmdGtuO" + drawn(ALNUM, 55),
    "Typeform": "tfp_" + drawn(WORD, 44) + "_" + drawn(ALNUM, 14),
    "Teams": f"https://acme.webhook.office.com/webhookb2/{uuid()}@{uuid()}/IncomingWebhook/{drawn(HEX, 32)}/{uuid()}",
    "Twitch": "oauth:" + drawn(ALNUM, 30).lower(),
    "Contentful": "CFPAT-" + drawn(WORD, 43),
}
LINES = {
    "AWS secret access key": f'AWS_SECRET_ACCESS_KEY = "{drawn(ALNUM, 40)}"',
    "Google service account": '{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + drawn(ALNUM, 64) + '\\n"}',
    "PEM": "-----BEGIN RSA PRIVATE KEY-----\n" + drawn(ALNUM, 64) + "\n-----END RSA PRIVATE KEY-----",
    "OpenSSH": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + drawn(ALNUM, 64),
    "JSON Web Token": f'jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{drawn(ALNUM, 43)}"',
    "Postgres": f'url = "postgresql://app:{drawn(ALNUM, 16)}@orders.abc.eu-west-1.rds.amazonaws.com/orders"',
    "MongoDB": f'url = "mongodb+srv://app:{drawn(ALNUM, 16)}@cluster0.ab1cd.mongodb.net"',
    "Redis": f'url = "redis://:{drawn(ALNUM, 20)}@cache.acme.io:6379/0"',
    "an index of packages": f"PACKAGES=https://ci:{drawn(ALNUM, 20)}@packages.acme.io/python",
    "Twilio auth token": f'TWILIO_AUTH_TOKEN = "{drawn(HEX, 32)}"',
    "Datadog": f'DD_API_KEY = "{drawn(HEX, 32)}"',
    "Datadog application": f'os.environ["DD_APP_KEY"] = "{drawn(HEX, 40)}"',
    "Heroku, old": f'HEROKU_API_KEY: "{uuid()}"',
    "Mailgun, new": f'MAILGUN_API_KEY = "{drawn(HEX, 32)}-{drawn(HEX, 8)}-{drawn(HEX, 8)}"',
    "Cloudflare, old": f'"cloudflare_api_token": "{drawn(WORD, 40)}"',
    "Okta": f'okta_token = "00{drawn(WORD, 40)}"',
    "Snyk": f'SNYK_TOKEN = "{uuid()}"',
    "Slack signing secret": f'SLACK_SIGNING_SECRET = "{drawn(HEX, 32)}"',
    "Mistral": f'MISTRAL_API_KEY = "{drawn(ALNUM, 32)}"',
    "Vault, old": f'VAULT_TOKEN = "s.{drawn(ALNUM, 24)}"',
    "PagerDuty": f'PAGERDUTY_API_KEY = "u+{drawn(WORD, 18)}"',
    "Vercel": f'VERCEL_TOKEN = "{drawn(ALNUM, 24)}"',
}
"""What tells by its name, or by what is around it."""
UNKNOWN = {
    "npm, old": f"_authToken={uuid()}",
    "Asana": f"1/1234567890123456:{drawn(HEX, 32)}",
    "Klaviyo": f"pk_{drawn(HEX, 34)}",
    "Mollie": f"live_{drawn(ALNUM, 30)}",
    "Zapier": "https://hooks.zapier.com/hooks/catch/1234567/" + drawn(HEX, 7),
}
"""Forms that other words have as well."""


@pytest.mark.parametrize("vendor", SAMPLES)
@pytest.mark.parametrize("around", ["{}", 'KEY = "{}"', "key: {}\n", "Authorization: {}, more", "/a/{}?x"])
def test_the_token_of_a_vendor_is_found_wherever_it_stands(vendor: str, around: str) -> None:
    text = around.format(SAMPLES[vendor])

    assert kind(text) is not None
    assert holds_secret(text)
    assert secrets_in("\n\n" + text)[0].line == 3
    assert SAMPLES[vendor].rpartition("/")[2] not in hidden(text)


@pytest.mark.parametrize("vendor", LINES)
def test_a_key_without_a_form_is_found_by_its_name_or_by_what_is_around_it(vendor: str) -> None:
    assert [secret.line for secret in secrets_in("import os\n" + LINES[vendor])] == [2]
    assert holds_secret(LINES[vendor])


@pytest.mark.parametrize(
    "line",
    [
        'DD_API_KEY = "your-datadog-api-key-goes-here-1"',
        f'DD_API_KEY = "{"0" * 32}"',
        'SLACK_TOKEN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:slack-1a2b3c4d5e6f"',
        'HEROKU_TOKEN_NAME = "9f86d081-884c-4d65-9a2f-eaa0c55ad015"',
        'add_api_key("9f86d081884c7d659a2feaa0c55ad015")',
        'together_token = "sentence_transformers_2_token"',
        'ELASTIC_PASSWORD: "${ELASTIC_PASSWORD_1_OF_THE_CLUSTER}"',
    ],
)
def test_a_vendor_in_a_name_alone_is_no_key(line: str) -> None:
    assert secrets_in(line) == ()


def test_nine_of_ten_published_forms_stop_a_build() -> None:
    stopped = [text for text in (*SAMPLES.values(), *LINES.values(), *UNKNOWN.values()) if holds_secret(text)]

    assert (len(stopped), len(SAMPLES) + len(LINES) + len(UNKNOWN)) == (103, 108)


@pytest.mark.parametrize("value", ["9f86d081-884c-4d65-9a2f-eaa0c55ad015", "9f86d081884c7d659a2feaa0c55ad015-1b5e8fbd"])
def test_digits_in_groups_are_no_words(value: str) -> None:
    assert told_by_variable("API_KEY", value) == "looks like a secret"
    assert told_by_variable("API_KEY", "orders-api-key") is None


def test_each_form_has_a_sample_or_is_like_one_that_has() -> None:
    """Every name of the table is met by some sample of this module, or in the tests of packing."""
    met = {kind(sample) for sample in SAMPLES.values()}
    unmet = {name for name, _ in TOKEN_FORMS} - met

    assert unmet == {
        "a 1Password key", "a 1Password token", "a Bitbucket password",
        "a Cloudflare key", "a Dropbox token", "a Facebook token", "a Fly.io token",
        "a Google access token", "a LangSmith key", "a Mapbox token", "a Netlify token", "a PostHog key",
        "an Alibaba Cloud key",
        "an Azure access key", "an xAI key",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "x" * 36,
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sk_live_your_key_goes_here_please_1",
        "AIza" + "0" * 35,
        "AIza" + "a1" * 17 + "é",
        "core_" + "aB3dE5fG" * 4,
        "def test_hf_of_a_long_name_with_many_words_in_it() -> None:",
        "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "sha256:" + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "9f86d081-884c-4d65-9a2f-eaa0c55ad015",
        "/usr/lib/python3.13/site-packages/some_package_with_a_long_name/module_of_it.py",
    ],
)
def test_what_is_made_up_or_something_else_is_no_token(text: str) -> None:
    assert kind(text) is None
    assert not holds_secret(text)


DOUBTFUL = {
    'PASSWORD = "Sup3rS3cret!"': "what looks like a password",
    "db_password: 'hunter2-Sup3rS3cret'": "what looks like a password",
    '{"api_key": "9f86d081884c7d659a2feaa0c55ad015"}': "what looks like a password",
    'config["SECRET_KEY"] = "g5sm6mgzdksedt_wx3&r"': "what looks like a password",
    'headers = {"Authorization": "Bearer 9f86d081884c7d659a2feaa0"}': "a header with a password",
    "curl -H 'Authorization: Basic YW5uOlN1cDNyUzNjcmV0'": "a header with a password",
}


@pytest.mark.parametrize("line", DOUBTFUL)
def test_what_may_be_a_secret_is_found_at_its_place(line: str) -> None:
    (secret,) = possible_secrets_in(f"import os\n{line}\n")

    assert (secret.name, secret.line) == (DOUBTFUL[line], 2)


@pytest.mark.parametrize(
    "line",
    [
        'PASSWORD = os.environ["DB_PASSWORD1"]',
        'PASSWORD = "changeme123"',
        'password = "Enter your password 2"',
        'TOKEN = "/shop/prod/token1"',
        'token = "next_token_2"',
        'secret_id = "Sup3rS3cret!"',
        'PASSWORD = "{password}1"',
        'api_key: "${API_KEY_1}"',
        'password = ""',
        'PASSWORD = "abc12!x"',  # seven characters; of eight it may be one
        "token: OAuth2PasswordBearer1",
        "Authorization: Bearer YOUR_TOKEN_12345678901234567890",
        "a basic assumption about tokens",
        "Basic authentication2",
        'e.createElement("label",null,"Password:"),d?x.createElement("code",null," ****** ")',
    ],
)
def test_what_names_or_fetches_a_secret_is_no_doubt(line: str) -> None:
    assert possible_secrets_in(line) == ()


@pytest.mark.parametrize("value", ["Bearer 9f86d081884c7d659a2feaa0", "Basic YW5uOlN1cDNyUzNjcmV0"])
def test_a_header_in_an_environment_is_told_whatever_the_variable_is_called(value: str) -> None:
    assert told_by_variable("UPSTREAM", value) == "holds a header with a password"


@pytest.mark.parametrize("unit", ["Bearer a", "Basic YW", "password='", "sk-", "A3-", "T12345678/", "a1_-+/"])
def test_a_long_file_takes_no_long_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    with effort.at_most(4):
        secrets_in(text)
        possible_secrets_in(text)


def test_a_token_is_no_part_of_a_longer_word() -> None:
    for token in ("AKIA" + "Q3EGRIBQ2B5VZ7FT", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"):
        assert None not in (kind(token), kind(f"_{token}"), kind(f"({token})"))
        assert [None] * 4 == [kind(text) for text in (f"x{token}", f"7{token}", f"{token}Y", f"{token}8")]

"""The forms of tokens and keys that tell by how they begin whose they are: `ghp_…` is GitHub's.

Sources: the vendors' documentation, and the rules of gitleaks (github.com/gitleaks/gitleaks, MIT License), of which
those are here that need no name beside the value and no measure of randomness.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import groupby
from typing import Final

TOKEN_FORMS: Final = (
    ("an AWS access key", r"A(?:KIA|SIA)[A-Z2-7]{16}"),
    ("a key of Amazon Bedrock", r"ABSK[A-Za-z0-9+/]{109,269}"),
    ("a Slack webhook", r"hooks\.slack\.com/[a-z]{5,9}s/T[A-Z0-9]{8,}/[A-Z0-9]{9,}/[\w/]{20,}"),
    ("a Slack token", r"xox[abeoprs](?:\.xox[bp])?-[0-9A-Za-z-]{20,}"),
    ("a Slack token", r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,}"),
    ("a GitHub token", r"g(?:h[pousr]_[A-Za-z0-9]{36}|ithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})"),
    ("a GitLab token", r"gl(?:agent|cbt|dt|ffct|ft|imt|oas|pat|ptt|rt|soat)-[\w-]{20,}"),
    ("a Stripe key", r"sk_(?:live|test|prod)_[A-Za-z0-9]{20,}"),
    ("a Stripe key", r"rk_(?:live|test|prod)_[A-Za-z0-9]{20,}"),
    ("a Stripe key", r"whsec_[A-Za-z0-9+/]{32,}"),
    ("an API key", r"sk-(?:ant|proj|svcacct|admin|or)-[\w-]{20,}"),
    ("an API key", r"sk-(?:[A-Za-z0-9]{48}|[0-9a-f]{32})"),
    ("a Google API key", r"AIza[\w-]{35}"),
    ("a Google client secret", r"GOCSPX-[\w-]{28}"),
    ("a Google access token", r"ya29\.[\w-]{20,}"),
    ("an Azure storage key", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("a signature of Azure", r"sig=[A-Za-z0-9%]{43,70}%3D"),
    ("an Azure access key", r"SharedAccessKey=[A-Za-z0-9+/]{43}="),
    ("a Twilio key", r"SK[0-9a-f]{32}"),
    ("a SendGrid key", r"SG\.[\w-]{22}\.[\w-]{43}"),
    ("a Mailgun key", r"key-[0-9a-f]{32}"),
    ("a Brevo key", r"x(?:keysib|smtpsib)-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    ("a Resend key", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    ("an npm token", r"npm_[A-Za-z0-9]{36}"),
    ("a PyPI token", r"pypi-AgE[\w-]{50,}"),
    ("a RubyGems token", r"rubygems_[0-9a-f]{48}"),
    ("a Docker token", r"dckr_[po]at_[\w-]{27,}"),
    ("a DigitalOcean token", r"do[opr]_v1_[0-9a-f]{64}"),
    ("a Heroku key", r"HRKU-[\w-]{36,}"),
    ("a Fly.io token", r"f(?:o1_[\w-]{43}|m[12][ar]?_[A-Za-z0-9+/]{100,})"),
    ("a Netlify token", r"nfp_[A-Za-z0-9]{36,}"),
    ("a Cloudflare token", r"cf(?:at|k|ut)_[A-Za-z0-9]{40,}"),
    ("a Cloudflare key", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}"),
    ("a Hugging Face token", r"hf_[A-Za-z0-9]{34,40}"),
    ("a Hugging Face token", r"api_org_[A-Za-z]{34}"),
    ("a Groq key", r"gsk_[A-Za-z0-9]{52}"),
    ("a Replicate token", r"r8_[A-Za-z0-9]{37}"),
    ("a Perplexity key", r"pplx-[A-Za-z0-9]{40,}"),
    ("an xAI key", r"xai-[A-Za-z0-9]{70,}"),
    ("a Pinecone key", r"pcsk_[\w]{50,}"),
    ("a LangSmith key", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("a Shopify token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("a Square token", r"sq0(?:atp|csp)-[\w-]{22,60}"),
    ("a Square token", r"EAAA[\w-]{60}"),
    ("a Plaid token", r"access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("a Facebook token", r"EAA[A-Za-z0-9]{90,}"),
    ("a Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60,}"),
    ("a New Relic key", r"NR(?:AK|II)-[\w-]{27,}"),
    ("a Sentry token", r"sntr(?:ys_eyJ[\w+/=-]{60,}|yu_[0-9a-f]{64})"),
    ("a Grafana token", r"gl(?:sa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|c_[A-Za-z0-9+/=]{32,})"),
    ("a Dynatrace token", r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("a PostHog key", r"phx_[A-Za-z0-9]{40,}"),
    ("a LaunchDarkly key", r"sdk-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("a HubSpot token", r"pat-(?:na|eu)\d-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("a CircleCI token", r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}"),
    ("a Buildkite token", r"bkua_[0-9a-f]{40}"),
    ("a SonarQube token", r"sq[apu]_[0-9a-f]{40}"),
    ("an Artifactory token", r"AKCp[A-Za-z0-9]{69}"),
    ("an Artifactory token", r"cmVmdGtuO[A-Za-z0-9]{55}"),
    ("a Typeform token", r"tfp_[\w-]{44,}"),
    ("a Teams webhook", r"IncomingWebhook/[0-9a-f]{32}/[0-9a-f-]{36}"),
    ("a Twitch token", r"oauth:[a-z0-9]{30}"),
    ("a Contentful token", r"CFPAT-[\w-]{43}"),
    ("a PlanetScale token", r"pscale_(?:tkn|oauth|pw)_[\w=.-]{32,64}"),
    ("a Supabase key", r"sb(?:p_[0-9a-f]{40}|_secret_[\w-]{30,})"),
    ("a Databricks token", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("a Doppler token", r"dp\.[a-z]{2,5}\.(?:[\w-]+\.)?[A-Za-z0-9]{40,44}"),
    ("a Linear key", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}"),
    ("a Notion token", r"ntn_[A-Za-z0-9]{40,}"),
    ("a Notion token", r"secret_[A-Za-z0-9]{43}"),
    ("a Postman key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("an Airtable token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("an Atlassian token", r"AT(?:ATT3|CTT3)[\w=+/.-]{60,}"),
    ("a Bitbucket password", r"ATBB[A-Za-z0-9]{32}"),
    ("a Figma token", r"fig[dour]_[\w-]{40,}"),
    ("a Dropbox token", r"sl\.[\w-]{130,}"),
    ("a Mapbox token", r"sk\.eyJ[\w-]{40,}\.[\w-]{20,}"),
    ("a Vault token", r"hv[bs]\.[\w-]{24,}"),
    ("a Pulumi token", r"pul-[0-9a-f]{40}"),
    ("a Tailscale key", r"tskey-(?:api|auth|client)-[A-Za-z0-9]+-[A-Za-z0-9]{20,}"),
    ("an Alibaba Cloud key", r"LTAI[A-Za-z0-9]{20}"),
    ("a 1Password token", r"ops_eyJ[A-Za-z0-9+/]{250,}"),
    ("a 1Password key", r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
    ("a Discord token", r"M[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"),
    ("a Discord token", r"N[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"),
    ("a Discord token", r"O[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"),
    ("a key of age", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
)
"""What each form is called in a sentence, and a pattern that begins with a plain letter."""
_BY_LETTER: Final = sorted(TOKEN_FORMS, key=lambda row: row[1][0])
"""The forms in the order of the groups of `any_token`."""


@cache
def any_token() -> re.Pattern[str]:
    """All forms in one pattern, each a group: forms that begin alike stand together, so that one look passes over most.

    A letter before a form makes it the end of another word, and one after it the beginning.
    """
    words = []
    for letter, forms in groupby(_BY_LETTER, key=lambda row: row[1][0]):
        rests = "|".join(f"({form[1:]})" for _, form in forms)
        words.append(rf"{letter}(?<![A-Za-z0-9][\s\S])(?:{rests})")
    return re.compile(f"(?:{'|'.join(words)})(?![A-Za-z0-9])", re.ASCII)


def token_name(token: re.Match[str]) -> str:
    """The name of the form that `any_token` found."""
    return _BY_LETTER[(token.lastindex or 1) - 1][0]

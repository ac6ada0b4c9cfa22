"""A second evaluator, slow and obvious, written from the IAM User Guide's text; it shares no code with the engine.

It takes a case's raw JSON, {policies, request}, without CloudFormation references. None: the request does not say.
What a statement says of a question is worked out once: policies are asked in several combinations.
"""
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, FBT002, ICN001 - plain: read it beside the documentation

import base64
import contextlib
import datetime
import fractions
import functools
import ipaddress
import itertools
import json
import operator
import re

from remit.catalogue.rcp_services import RCP_SERVICES as REACHED

# In patterns: any text and one character; and a letter that no pattern spells.
MANY, ONE, ODD = "\ue000", "\ue001", "\ue002"
SINGLE, LEVELS = ("identity", "boundary", "session", "resource", "endpoint"), ("scp", "rcp")
*_, ANYONE = WAYS = ({"direct"}, {"direct", "role"}, {"direct", "role", "account"})
OPEN, no = object(), {True: False, False: True, None: None}.get
TYPES = {"user": "User", "root": "Account", "federated-user": "FederatedUser"}
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def some(answers):
    unsure = False
    for answer in answers:
        if answer:
            return True
        unsure = unsure or answer is None
    return None if unsure else False


def all_of(answers):
    return no(some(map(no, answers)))


def listed(value):
    return value if isinstance(value, list) else [value]


def spelled(value):
    return json.dumps(value) if isinstance(value, bool) else str(value)


def glob(text):
    return text.replace("*", MANY).replace("?", ONE)


@functools.cache
def regex(pattern):
    return re.compile("".join({MANY: ".*", ONE: "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


@functools.cache
def fits(pattern, text):
    return regex(pattern).fullmatch(text) is not None


@functools.cache
def all_texts_fit(pattern, asked):
    """Whether a pattern describes every text of a set: its wildcards replaced by odd letters, in every number."""
    numbers = range(pattern.count(ONE) + 2)
    choices = [[ODD] if s == ONE else [ODD * n for n in numbers] if s == MANY else [s] for s in asked]
    return all(fits(pattern, "".join(choice)) for choice in itertools.product(*choices))


@functools.cache
def some_text_fits(one, other):
    """Whether two patterns have a text in common."""
    if one[:1] == MANY:
        return some_text_fits(one[1:], other) or (other != "" and some_text_fits(one, other[1:]))
    if other[:1] == MANY:
        return some_text_fits(other, one)
    if not one or not other:
        return one == other
    return (ONE in (one[0], other[0]) or one[0] == other[0]) and some_text_fits(one[1:], other[1:])


def told_by(who, account, name, iam):
    if account:
        kind, *path = name.split("/")
        arn = f"{iam}:role/{path[0]}" if kind == "assumed-role" else who
        told = {"aws:principalarn": arn, "aws:principalaccount": account, "aws:principalisawsservice": "false"}
        told |= {"aws:principaltype": TYPES.get(kind, "AssumedRole"), "aws:principalservicename": None}
        return told | {"aws:username": path[-1] if kind == "user" else None, "aws:principalservicenameslist": None}
    told = dict.fromkeys([] if who is None else ["aws:username", "aws:userid", "aws:principalorgid"])
    anonymous = {"aws:principaltype": "Anonymous", "aws:principalaccount": "anonymous", "aws:principalarn": None}
    service = {"aws:principalisawsservice": "true", "aws:principalservicename": who}
    return told | (anonymous if who == "*" else service if (who or "").endswith(".amazonaws.com") else {})


# Actions without resource types, with the ARN that the service asks about in their place, if it does.
WITHOUT_RESOURCES = dict.fromkeys(("sts:getsessiontoken", "sts:getcalleridentity", "ec2:describeinstances"))
WITHOUT_RESOURCES["s3:listallmybuckets"] = "arn:{1}:s3:::*"
WITHOUT_RESOURCES["logs:describeloggroups"] = "arn:{1}:logs:{3}:{4}:log-group::log-stream:"


class Question:
    """The request; `says` gives a key's value: a string, a list, None (absent) or OPEN."""

    def __init__(self, raw):
        self.raw, self.answers = raw, {}  # what a statement says
        self.action, self.resource = raw["action"].lower(), raw.get("resource") or "*"
        self.who = raw.get("principal")
        if re.fullmatch("[0-9]{12}", self.who or ""):
            self.who = f"arn:aws:iam::{self.who}:root"
        *_, self.account, self.name = ["", "", *(self.who or "").split(":", 5)][-2:]
        if not self.account or (self.who or "").count(":") < 5 or "provider/" in self.name:
            self.account = self.name = None
        self.iam = f"arn:{f'{self.who}:'.split(':')[1]}:iam::{self.account}"
        owner = (self.resource.split(":", 5) + [""] * 6)[4]
        known = raw.get("resource_account") or (owner if re.fullmatch("[0-9]{12}", owner) else None)
        self.owner = known or self.account
        self.alone, self.literal = raw.get("wildcard_only"), False  # alone: it has no resource-level permissions
        if self.alone is None and self.action in WITHOUT_RESOURCES:
            parts = self.resource.split(":", 5)
            listing = len(parts) == 6 and parts[0] == "arn" and WITHOUT_RESOURCES[self.action]
            self.alone, self.literal = not listing, bool(listing)
            self.resource = listing.format(*parts) if listing else "*"
        self.resource = "*" if self.alone else self.resource
        self.context = {"aws:resourceaccount": known} if known else {}
        self.context |= told_by(self.who, self.account, self.name, self.iam)
        self.context |= {key.lower(): value for key, value in (raw.get("context") or {}).items()}
        self.open = raw.get("open") is True or [key.lower() for key in raw.get("open") or []]

    def says(self, key):
        value = self.context.get(key.lower())
        if key.lower() not in self.context:
            return OPEN if self.open is True or key.lower() in self.open else None
        if value in (None, [], [""]) or (value == "" and key.lower() == "aws:tagkeys"):  # an empty set is none
            return None
        return [spelled(item) for item in value] if isinstance(value, list) else spelled(value)


def filled(text, version, question, globs=True):
    """A text as two patterns, what it is (None: a key is open) and may be; None if a variable has no single value."""
    literal = glob if globs else str
    if version != "2012-10-17" or "${" not in text:
        return (literal(text),) * 2
    sure = maybe = ""
    for part in re.split(r"(\$\{(?:[*?$]|[^{}',:]+:[^{}',]*(?:,\s*'[^']*'\s*)?)\})", text):
        variable = re.fullmatch(r"\$\{([^{}',]*)(?:,\s*'([^']*)'\s*)?\}", part)
        name, value = variable[1].strip() if variable else "", literal(part)
        if name in ("*", "?", "$") and variable[2] is None:
            value = name
        elif ":" in name[1:]:
            value = question.says(name)
            value = variable[2] if value is None else value
            if value is None or isinstance(value, list):
                return None
        sure = None if value is OPEN or sure is None else sure + value
        maybe += MANY if value is OPEN else value
    return sure, maybe


def compared(patterns, relation):
    """What a relation says of a pattern that may hold open variables."""
    if patterns is None:
        return False
    sure, maybe = patterns
    return (None if relation(maybe) else False) if sure is None else relation(sure)


@functools.cache
def parted(pattern):
    """A pattern of Resource up to the fifth colon, as a glob, and what follows as it is; the ARN completed."""
    plain = re.sub(r"\$\{[^{}',:]+:[^{}',]*(,\s*'[^']*'\s*)?\}", lambda variable: "-" * len(variable[0]), pattern)
    whole = pattern + ":*" * (5 - plain.count(":") if plain.startswith("arn:") else 0)
    head = len(":".join(plain.split(":")[:5])) + 1
    return glob(whole[:head]), whole[head:]


def resource_named(pattern, version, question, wholly):
    """Whether one pattern of Resource means the request's; variables count after the fifth colon only."""
    if question.alone:
        return set(pattern) == {"*"}
    asked = question.resource if question.literal else glob(question.resource)
    head, rest = parted(pattern)
    tail = filled(rest, version, question)
    patterns = tail and tuple(None if rest is None else head + rest for rest in tail)
    if MANY not in asked and ONE not in asked:
        return compared(patterns, lambda one: fits(one, asked))
    return compared(patterns, lambda one: all_texts_fit(one, asked) if wholly else some_text_fits(one, asked))


def resource_meant(statement, question):
    raw, deny, version = statement.raw, statement.effect == "Deny", statement.version
    if "Resource" in raw:
        return some(resource_named(one, version, question, not deny) for one in listed(raw["Resource"]))
    if "NotResource" in raw:
        return no(some(resource_named(one, version, question, deny) for one in listed(raw["NotResource"])))
    return deny or statement.trust


def arn_fits(pattern, value):
    one, other = [MANY] * 6 if pattern == MANY else pattern.split(":", 5), value.split(":", 5)
    return len(one) == len(other) == 6 and all(fits(*pair) for pair in zip(one, other, strict=True))


def number(text):
    form = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
    return fractions.Fraction(text) if re.fullmatch(form, text) else None


def instant(text):
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) and not re.fullmatch("[0-9]{4}", text):
        return fractions.Fraction(text)
    form = "[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
    text = text + "-01-01"[len(text) - 4 :] if re.fullmatch(form, text) else ""
    with contextlib.suppress(ValueError):
        moment = datetime.datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        return fractions.Fraction((moment - START) // datetime.timedelta(microseconds=1), 1_000_000)


def decoded(text):
    with contextlib.suppress(ValueError):
        return base64.b64decode(text, validate=True)


def network(text):
    with contextlib.suppress(ValueError):
        found = ipaddress.ip_network(text if re.fullmatch("[^/%]*(/[0-9]+)?", text) else "", strict=False)
        first, bits = int(found.network_address), found.prefixlen - 96
        return ipaddress.IPv4Network((first % 2**32, bits)) if first >> 32 == 0xFFFF and bits >= 0 else found


number, instant, decoded, network = map(functools.cache, (number, instant, decoded, network))
ORDERS = {"Equals": operator.eq, "LessThan": operator.lt, "LessThanEquals": operator.le}
ORDERS |= {"GreaterThan": operator.gt, "GreaterThanEquals": operator.ge}
READERS = {f"Numeric{order}": (number, compare) for order, compare in ORDERS.items()}
READERS |= {f"Date{order}": (instant, compare) for order, compare in ORDERS.items()}
READERS["Bool"] = (lambda text: {"true": True, "false": False}.get(text.lower()), ORDERS["Equals"])
READERS["BinaryEquals"] = (decoded, ORDERS["Equals"])
READERS["IpAddress"] = (network, lambda one, block: one.version == block.version and one.subnet_of(block))


def value_fits(operator, wanted, value, version, question):
    """Whether one value of the request is what one value of the policy wants, by a positive operator."""
    if operator in READERS:
        read, compare = READERS[operator]
        one, other = read(value), read(wanted)
        return one is not None and other is not None and compare(one, other)
    patterns = filled(wanted, version, question, globs=operator in ("StringLike", "ArnLike", "ArnEquals"))
    if operator in ("ArnLike", "ArnEquals") and patterns:
        relation = fits if patterns[0] is None else arn_fits
        return compared(patterns, lambda one: relation(one, value))
    fold = str.lower if operator == "StringEqualsIgnoreCase" else str
    return compared(patterns, lambda one: fits(fold(one), fold(value)))


def condition_met(name, key, wishes, version, question):
    (quantifier, if_exists, operator), value = name, question.says(key)
    if operator == "Null":
        states = ["true", "false"] if value is OPEN else ["true" if value is None else "false"]
        found = {state in [wish.lower() for wish in wishes] for state in states}
        return found.pop() if len(found) == 1 else None
    if value is OPEN:
        several = re.fullmatch("ForAny.*|aws:(tagk|call|nobo|open|.*paths).*|kms:res.*|x:.*", quantifier or key.lower())
        unsure = several if "Not" in operator else if_exists or quantifier == "ForAllValues"
        return None if wishes or unsure else "Not" in operator

    def met(one):
        positive = operator.replace("Not", "", 1)
        answer = some(value_fits(positive, wish, one, version, question) for wish in wishes)
        return answer if positive == operator else no(answer)

    values = [] if value in (None, "") else listed(value)
    if quantifier == "ForAllValues":
        return all_of(met(one) for one in values)
    if quantifier == "ForAnyValue":
        return some(met(one) for one in values) if values else if_exists
    if value is None:
        return "Not" in operator or if_exists
    return False if isinstance(value, list) else met(value)


def ways_meant(statement, question):
    """How a Principal means the caller, of {direct, role, account}; None if the request does not say who calls."""
    negated = "NotPrincipal" in statement.raw
    raw = statement.raw.get("NotPrincipal" if negated else "Principal", {})
    pairs = [("AWS", "*")] if raw == "*" else [(kind, one) for kind in raw for one in listed(raw[kind])]
    ways = {one_way(kind, value, question) for kind, value in pairs} - {None}
    if question.who is None and (negated or (pairs and "direct" not in ways)):
        return None
    if not negated or statement.effect == "Allow":
        return ({"direct"} - ways if not ways else set()) if negated else ways
    kind = (question.name or "").split("/")[0].replace("federated-", "")
    levels = {"user": {"direct", "account"}, "role": {"role", "account"}, "assumed-role": ANYONE}
    return set() if levels.get(kind, {"direct"}) <= ways else {"direct"}


def one_way(kind, value, question):
    name = question.name or ""
    if kind == "AWS" and value == "*":
        return "direct"
    if kind == "AWS" and question.account and value in (question.account, f"{question.iam}:root"):
        return "direct" if name == "root" else "account"
    if value == question.who:
        return "role" if name.startswith("role/") else "direct"
    its_account = value.startswith(f"{question.iam}:role/")
    if kind == "AWS" and name.startswith("assumed-role/") and its_account:
        told = question.says("aws:PrincipalArn")
        pathless = not isinstance(told, str) or "/" not in told.partition(":role/")[2]
        return "role" if value.split("/")[-1] == name.split("/")[1] and (pathless or told == value) else None
    return None


class Statement:
    """A statement with its lists made lists; `trust`: it is a resource's."""

    def __init__(self, raw, version, trust):
        self.raw, self.version, self.trust, self.effect = raw, version, trust, raw["Effect"]
        self.actions = [glob(one.lower()) for one in listed(raw.get("Action", raw.get("NotAction")))]
        self.conditions = []
        for name, block in raw.get("Condition", {}).items():
            quantifier, _, operator = name.rpartition(":")
            parts = quantifier, operator.endswith("IfExists"), operator.removesuffix("IfExists")
            self.conditions += [(parts, key, [spelled(one) for one in listed(block[key])]) for key in block]


def applies(statement, question):
    if any(fits(one, question.action) for one in statement.actions) == ("NotAction" in statement.raw):
        return False
    conditions = (condition_met(*condition, statement.version, question) for condition in statement.conditions)
    return all_of(itertools.chain([resource_meant(statement, question)], conditions))


def answer(statement, question, ways):
    """Whether a statement applies; in a resource's policy, if it means the caller in one of `ways`."""
    if statement not in question.answers:
        found = ways_meant(statement, question) if statement.trust else ANYONE
        question.answers[statement] = applies(statement, question), found
    said, found = question.answers[statement]
    return all_of([said, None if found is None else bool(found & ways)])


def layer_says(documents, question, effect, ways=ANYONE):
    """Whether any statement of an effect applies."""
    return some(answer(one, question, ways) for one in itertools.chain(*documents) if one.effect == effect)


def taken_apart(document, trust=False):
    return [Statement(raw, document.get("Version"), trust) for raw in listed(document["Statement"])]


def prepared(policies):
    out = {
        name: [taken_apart(one, name in ("resource", "endpoint")) for one in listed(policies.get(name) or [])]
        for name in SINGLE
    } | {"endpoint_type": policies.get("endpoint_type")}
    return out | {name: [[taken_apart(one) for one in level] for level in policies.get(name) or []] for name in LEVELS}


def decide(case):
    return verdict(prepared(case["policies"]), Question(case["request"]))


# "You can't modify" them: roles of IAM Identity Center, service-linked roles (but their description and tags), AWS
# managed policies, aliases of AWS managed keys.
ROLE_WRITES = "(tag|untag|delete|update)role|updateassumerolepolicy|updateroledescription|(attach|detach|put|delete)"
ROLE_WRITES += "rolepolicy|(put|delete)rolepermissionsboundary"
POLICY_WRITES = "(create|delete|setdefault)policyversion|setdefaultpolicyversion|deletepolicy|(tag|untag)policy"
SERVICE_LINKED = "deleterole|updateassumerolepolicy|(attach|detach|put|delete)rolepolicy|"
SERVICE_LINKED += "(put|delete)rolepermissionsboundary"
KEY_WRITES = "(en|dis)ablekey(rotation)?|putkeypolicy|schedulekeydeletion|(un)?tagresource|updatekeydescription"
UNTOUCHABLE = (
    (f"iam:({ROLE_WRITES})", r"arn:[^:]*:iam::.*:role/aws-reserved/.*"),
    (f"iam:({SERVICE_LINKED})", r"arn:[^:]*:iam::.*:role/aws-service-role/.*"),
    (f"iam:({POLICY_WRITES})", r"arn:[^:]*:iam::aws:policy/.*"),
    ("kms:(create|update|delete)alias", r"arn:.*:kms:.*:.*:alias/aws/.*"),
)


def of_nobody(question):
    """Whether no caller, or not this one, can do it at all."""
    kind = (question.name or "").split("/")[0]
    temporary = ("role", "assumed-role", "federated-user")
    if re.fullmatch(f"kms:({KEY_WRITES})", question.action) and of_aws(question):
        return True
    by_other_credentials = dict.fromkeys(("sts:getsessiontoken", "sts:getfederationtoken"), temporary)
    by_other_credentials |= dict.fromkeys(("sts:assumerole", "sts:assumeroot"), ("root",))
    return kind in by_other_credentials.get(question.action, ()) or any(
        re.fullmatch(action, question.action) and re.fullmatch(arn, question.resource) for action, arn in UNTOUCHABLE
    )


def of_aws(question):
    """Whether a request is on a key that AWS manages, which an alias of it shows."""
    aliases = question.says("kms:ResourceAliases")
    aliases = [] if aliases is OPEN or aliases is None else listed(aliases)
    return ":alias/aws/" in question.resource or any(alias.startswith("alias/aws/") for alias in aliases)


def through(endpoint, kind, question, effect):
    """What the policy of a VPC endpoint says; where its kind is not known, what all kinds agree about."""
    kinds = [kind] if kind else ["Interface", "Gateway"][: 1 + question.action.startswith(("s3:", "dynamodb:"))]
    statements = [one for one in itertools.chain(*endpoint) if one.effect == effect]
    answers = [{passed(one, question, each) for each in kinds} for one in statements]
    return some(said.pop() if len(said) == 1 else None for said in answers)


def passed(one, question, kind):
    """What one statement says in an endpoint of a kind: a gateway knows `*`, and accounts, which are root users."""
    said, raw = answer(one, question, ANYONE), one.raw.get("Principal", {})
    everyone = raw == "*" or any("*" in listed(raw[name]) for name in raw)
    if kind == "Interface" or everyone or said is False or (raw and question.name == "root"):
        return said
    return False if raw and (question.account or question.who) and one.effect == "Allow" else None


def verdict(policies, question):
    action, name = question.action, question.name or ""
    identity, boundary, session, resource, endpoint, kind, scp, rcp = policies.values()
    passing = [through(endpoint, kind, question, "Deny"), not endpoint or through(endpoint, kind, question, "Allow")]
    free = (question.account is None and question.who is None) or name.split("/")[0] in ("user", "root")
    if action == "sts:getcalleridentity" or (action == "sts:getsessiontoken" and free):
        denied, allowed = passing
        if denied:
            return "ExplicitlyDenied"
        return {False: "ImplicitlyDenied", True: "Unknown" if denied is None else "Allowed", None: "Unknown"}[allowed]
    bound = not re.match("(assumed-role/|role/)AWSServiceRoleFor|role/aws-service-role/", name)
    somebody = question.who is None or (question.account or "a").isdigit()
    central = question.raw.get("management_account") or ""
    unlimited = action == "kms:retiregrant" or (action.startswith("kms:") and of_aws(question))
    limited_by_rcp = bound and question.owner != central and not unlimited and action.split(":")[0] in REACHED
    scp, rcp = scp * (bound and somebody and question.account != central), rcp * limited_by_rcp
    owner_root = name == "root" and question.account == question.owner
    if owner_root and re.fullmatch("s3:(get|put|delete)bucketpolicy", action):
        resource = []

    spares_nobody = [one for one in itertools.chain(*resource) if boundary and "NotPrincipal" in one.raw and somebody]
    bounded = [applies(one, question) for one in spares_nobody if one.effect == "Deny"]
    layers = (identity, boundary, session, resource, *scp, *rcp)
    if denied := some([*(layer_says(one, question, "Deny") for one in layers), *bounded, passing[0]]):
        return "ExplicitlyDenied"
    if of_nobody(question):
        return "ImplicitlyDenied"
    session = session or [[]] * name.startswith("federated-user/")  # it has what a session policy lets it have
    limited = all_of(layer_says(one, question, "Allow") for one in (boundary, session) if one)
    own = all_of([name == "root" or layer_says(identity, question, "Allow"), limited])
    direct, role, by_any = (layer_says(resource, question, "Allow", ways) for ways in WAYS)
    trusting = action.startswith(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity"))
    must = (action.startswith("kms:") and ":key/" in question.resource) or (trusting and ":role/" in question.resource)
    if not somebody:
        granted = direct
    elif question.who is not None and question.account != question.owner and action != "sts:assumeroot":
        granted = all_of([own, by_any])
    else:
        granted = some([direct, all_of([role, limited]), all_of([own, by_any]) if must else own])
    allowed = all_of(
        [granted, passing[1], *(layer_says(documents, question, "Allow") for documents in scp)]
    )  # an RCP only denies
    return {False: "ImplicitlyDenied", True: "Unknown" if denied is None else "Allowed", None: "Unknown"}[allowed]

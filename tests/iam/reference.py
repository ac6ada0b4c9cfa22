"""A second evaluator, slow and obvious, written from the IAM User Guide's text; it shares no code with the engine.

It takes a case's raw JSON, {policies, request}, without CloudFormation references. None: the request does not say.
"""
# ruff: noqa: ANN001, ANN201, ANN202, ANN204, FBT002, ICN001 - plain: read it beside the documentation

import base64
import datetime
import fractions
import functools
import ipaddress
import itertools
import json
import re

# In patterns: any text, one character, a value nobody knows; and a letter that no pattern spells.
MANY, ONE, NOBODY, ODD = "\ue000", "\ue001", "\ue002", "\ue003"
OPEN = object()
no = {True: False, False: True, None: None}.get
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def some(answers):
    answers = list(answers)
    return True if True in answers else None if None in answers else False


def all_of(answers):
    answers = list(answers)
    return False if False in answers else None if None in answers else True


def listed(value):
    return value if isinstance(value, list) else [value]


def spelled(value):
    return json.dumps(value) if isinstance(value, bool) else str(value)


def glob(text):
    return text.replace("*", MANY).replace("?", ONE)


@functools.cache
def regex(pattern):
    return re.compile("".join({MANY: ".*", ONE: "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


def fits(pattern, text):
    return regex(pattern).fullmatch(text) is not None


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


class Question:
    """The request; `says` gives a key's value: a string, a list, None (absent) or OPEN."""

    def __init__(self, raw):
        self.raw = raw
        self.action = raw["action"].lower()
        self.resource = raw.get("resource") or "*"
        self.who = raw.get("principal")
        if re.fullmatch("[0-9]{12}", self.who or ""):
            self.who = f"arn:aws:iam::{self.who}:root"
        *_, self.account, self.name = ["", "", *(self.who or "").split(":", 5)][-2:]
        if not self.account or (self.who or "").count(":") < 5 or "provider/" in self.name:
            self.account = self.name = None
        owner = (self.resource.split(":", 5) + [""] * 6)[4]
        known = raw.get("resource_account") or (owner if re.fullmatch("[0-9]{12}", owner) else None)
        self.owner = known or self.account
        self.resource = "*" if raw.get("wildcard_only") else self.resource
        self.context = {"aws:resourceaccount": raw["resource_account"]} if raw.get("resource_account") else {}
        if self.account:
            role = re.match("assumed-role/([^/]*)", self.name)
            self.context["aws:principalarn"] = f"arn:aws:iam::{self.account}:role/{role[1]}" if role else self.who
            self.context["aws:principalaccount"] = self.account
        self.context |= {key.lower(): value for key, value in (raw.get("context") or {}).items()}

    def says(self, key):
        value = self.context.get(key.lower())
        if key.lower() not in self.context:
            named = self.raw.get("open") or []
            return OPEN if named is True or key.lower() in [one.lower() for one in named] else None
        if isinstance(value, list):
            return [spelled(item) for item in value] or None
        return None if value is None else spelled(value)


def filled(text, version, question, globs=True):
    """A policy's text as two patterns, what it is and what it may be; None if a variable has no single value."""
    literal = glob if globs else str
    if version != "2012-10-17":
        return literal(text), literal(text)
    sure = maybe = ""
    for part in re.split(r"(\$\{[^{}',]*(?:,\s*'[^']*'\s*)?\})", text):
        variable = re.fullmatch(r"\$\{([^{}',]*)(?:,\s*'([^']*)'\s*)?\}", part)
        name = variable[1].strip() if variable else ""
        value = literal(part)
        if name in ("*", "?", "$") and variable[2] is None:
            value = name
        elif name.count(":") == 1:
            value = question.says(name)
            value = variable[2] if value is None else value
            if value is None or isinstance(value, list):
                return None
        sure += NOBODY if value is OPEN else value
        maybe += MANY if value is OPEN else value
    return sure, maybe


def compared(patterns, relation):
    """What a relation says of a pattern that may hold open variables."""
    if patterns is None:
        return False
    sure, maybe = patterns
    return True if relation(sure) else None if maybe != sure and relation(maybe) else False


def resource_named(pattern, version, question, wholly):
    """Whether one pattern of Resource means the request's; variables count after the fifth colon only."""
    if question.raw.get("wildcard_only"):
        return set(pattern) == {"*"}
    asked = glob(question.resource)
    colons = [place.start() for place in re.finditer(r":(?![^{}]*\})", pattern)]
    head = colons[4] + 1 if len(colons) > 4 else len(pattern)
    tail = filled(pattern[head:], version, question)
    patterns = tail and tuple(glob(pattern[:head]) + rest for rest in tail)
    if MANY not in asked and ONE not in asked:
        return compared(patterns, lambda one: fits(one, asked))
    return compared(patterns, lambda one: all_texts_fit(one, asked) if wholly else some_text_fits(one, asked))


def resource_meant(statement, version, question, trust):
    deny = statement["Effect"] == "Deny"
    if "Resource" in statement:
        return some(resource_named(one, version, question, not deny) for one in listed(statement["Resource"]))
    if "NotResource" in statement:
        return no(some(resource_named(one, version, question, deny) for one in listed(statement["NotResource"])))
    return deny or trust


def arn_fits(pattern, value):
    one, other = pattern.split(":", 5), value.split(":", 5)
    one = [MANY] * 6 if pattern == MANY else one
    return len(one) == len(other) == 6 and all(fits(*pair) for pair in zip(one, other, strict=True))


def number(text):
    form = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
    return fractions.Fraction(text) if re.fullmatch(form, text) else None


def instant(text):
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) and not re.fullmatch("[0-9]{4}", text):
        return fractions.Fraction(text)
    form = "[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
    text = text + "-01-01"[len(text) - 4 :] if re.fullmatch(form, text) else ""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return fractions.Fraction((moment - START) // datetime.timedelta(microseconds=1), 1_000_000)


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def network(text):
    try:
        return ipaddress.ip_network(text, strict=False) if re.fullmatch("[^/%]*(/[0-9]+)?", text) else None
    except ValueError:
        return None


ORDERS = {
    "Equals": lambda one, other: one == other,
    "LessThan": lambda one, other: one < other,
    "LessThanEquals": lambda one, other: one <= other,
    "GreaterThan": lambda one, other: one > other,
    "GreaterThanEquals": lambda one, other: one >= other,
}
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
        possible = patterns[0] != patterns[1] and fits(patterns[1], value)
        return True if arn_fits(patterns[0], value) else None if possible else False
    fold = str.lower if operator == "StringEqualsIgnoreCase" else str
    return compared(patterns, lambda one: fits(fold(one), fold(value)))


def condition_met(name, key, wanted, version, question):
    quantifier, _, operator = name.rpartition(":")
    if_exists, operator = operator.endswith("IfExists"), operator.removesuffix("IfExists")
    wishes = [spelled(one) for one in listed(wanted)]
    value = question.says(key)
    if operator == "Null":
        states = ["true", "false"] if value is OPEN else ["true" if value is None else "false"]
        found = {state in [wish.lower() for wish in wishes] for state in states}
        return found.pop() if len(found) == 1 else None
    if value is OPEN:
        return None

    def met(one):
        positive = operator.replace("Not", "", 1)
        answer = some(value_fits(positive, wish, one, version, question) for wish in wishes)
        return answer if positive == operator else no(answer)

    values = [] if value in (None, "", [""]) else listed(value)
    if quantifier == "ForAllValues":
        return all_of(met(one) for one in values)
    if quantifier == "ForAnyValue":
        return some(met(one) for one in values) if values else if_exists
    if value is None:
        return "Not" in operator or if_exists
    return False if isinstance(value, list) else met(value)


def ways_meant(statement, question):
    """How a Principal means the caller, of {direct, role, account}; None if the request does not say who calls."""
    negated = "NotPrincipal" in statement
    raw = statement.get("NotPrincipal" if negated else "Principal", {})
    pairs = [("AWS", "*")] if raw == "*" else [(kind, one) for kind in raw for one in listed(raw[kind])]
    ways = {one_way(kind, value, question) for kind, value in pairs} - {None}
    if question.who is None and (negated or (pairs and "direct" not in ways)):
        return None
    if not negated or statement["Effect"] == "Allow":
        return ({"direct"} - ways if not ways else set()) if negated else ways
    levels = {
        "user": {"direct", "account"},
        "role": {"role", "account"},
        "assumed-role": {"direct", "role", "account"},
    }
    levels["federated-user"] = levels["user"]
    return set() if levels.get((question.name or "").split("/")[0], {"direct"}) <= ways else {"direct"}


def one_way(kind, value, question):
    name = question.name or ""
    if kind == "AWS" and value == "*":
        return "direct"
    if kind == "AWS" and question.account and value in (question.account, f"arn:aws:iam::{question.account}:root"):
        return "direct" if name == "root" else "account"
    if value == question.who:
        return "role" if name.startswith("role/") else "direct"
    if (
        kind == "AWS"
        and name.startswith("assumed-role/")
        and value.startswith(f"arn:aws:iam::{question.account}:role/")
    ):
        told = question.says("aws:PrincipalArn")
        pathless = not isinstance(told, str) or "/" not in told.partition(":role/")[2]
        return "role" if value.split("/")[-1] == name.split("/")[1] and (pathless or told == value) else None
    return None


def applies(statement, version, question, trust):
    actions = listed(statement.get("Action", statement.get("NotAction")))
    if any(fits(glob(one.lower()), question.action) for one in actions) == ("NotAction" in statement):
        return False
    blocks = statement.get("Condition", {}).items()
    conditions = [condition_met(name, *pair, version, question) for name, block in blocks for pair in block.items()]
    return all_of([resource_meant(statement, version, question, trust), *conditions])


def layer_says(documents, question, effect, ways=None):
    """Whether any statement of an effect applies; in a resource's policy, if it means the caller in one of `ways`."""
    answers = []
    for document in documents:
        for statement in listed(document["Statement"]):
            if statement["Effect"] == effect:
                answers.append(applies(statement, document.get("Version"), question, trust=ways is not None))
                if ways is not None:
                    found = ways_meant(statement, question)
                    answers[-1] = all_of([answers[-1], None if found is None else bool(found & ways)])
    return some(answers)


def decide(case):
    policies, question = case["policies"], Question(case["request"])
    action, name = question.action, question.name or ""
    if action == "sts:getcalleridentity":
        return "Allowed"
    identity, boundary, session = (policies.get(layer) or [] for layer in ("identity", "boundary", "session"))
    resource = listed(policies.get("resource") or [])
    linked = re.match("(assumed-role/|role/)AWSServiceRoleFor|role/aws-service-role/", name)
    somebody = question.account is not None or question.who is None
    limits = (policies.get("scp") or [] if somebody else []) + (policies.get("rcp") or [])
    limits = [] if linked else limits

    anyone = {"direct", "role", "account"}
    denied = some(layer_says(documents, question, "Deny") for documents in (identity, boundary, session, *limits))
    denied = some([denied, layer_says(resource, question, "Deny", anyone)])
    limited = all_of(layer_says(one, question, "Allow") for one in (boundary, session) if one)
    own = all_of([name == "root" or layer_says(identity, question, "Allow"), limited])
    direct, role, by_any = (
        layer_says(resource, question, "Allow", ways) for ways in ({"direct"}, {"direct", "role"}, anyone)
    )
    trusting = action.startswith(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity"))
    must = (action.startswith("kms:") and ":key/" in question.resource) or (trusting and ":role/" in question.resource)
    if not somebody:
        granted = direct
    elif question.who is not None and question.account != question.owner:
        granted = all_of([own, by_any])
    else:
        granted = some([direct, all_of([role, limited]), all_of([own, by_any]) if must else own])
    allowed = all_of([granted, *(layer_says(documents, question, "Allow") for documents in limits)])
    if denied:
        return "ExplicitlyDenied"
    if allowed is False:
        return "ImplicitlyDenied"
    return "Allowed" if allowed and denied is False else "Unknown"

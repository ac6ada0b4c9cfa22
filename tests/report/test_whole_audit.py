"""A whole audit, word by word, as each of its readers gets it: a terminal, the page, programs, dashboards, a table."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, Final

from remit.audit.results import UnusedPolicy, UnusedRow
from remit.report.audit import access_csv, audit_json, audit_text
from remit.report.audit_page import audit_page
from remit.report.audit_sarif import audit_sarif
from whole_audit_report import WHOLE, role

TEXT: Final = """\
Ways to become an administrator

 principal                          steps                                 must hold
 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
 r:z   attach → administrator of
                                    111122223333
 r:b   assume → role/c, then write →         sts:ExternalId = x, which the
                                    administrator of 111122223333         caller brings,
                                                                          aws:PrincipalTag/Team = a, it is
                                                                          used

Access from outside

 resource   who                              may                must hold
 ─────────────────────────────────────────────────────────────────────────────────────────
 archive    anyone on the internet           s3:Get*
 bucket     anyone on the internet           s3:Get*, s3:Put*   aws:Referer = a, aws:X = b
 archive    777788889999 (another account)   s3:Put*
 queue      777788889999 (another account)   sqs:SendMessage

Sensitive actions

 principal                          can do                                       undecided
 ─────────────────────────────────────────────────────────────────────────────────────────────────────────
 r:c   4 actions: 1 rights, 2 credentials, 1 data
 r:a   s3:GetObject                                 iam:PassRole
 r:d   s3:GetObject                                 kms:Decrypt, iam:PassRole
 r:b                                                one document is no policy

Access that was not used

 principal                          last call    policy       not used
 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
 r:d   2026-11-20   arn:p        20 actions: sqs:*
 r:d   2026-11-20   q (inline)   14 actions: x:Action0, x:Action1, x:Action2 and
                                                              11 more
 r:a   never        p (inline)   1 action: sns:Publish

Policies

 finding        policy                       principals   what is wrong
 ───────────────────────────────────────────────────────────────────────
 error R101     p0, p1, p2, Statement[2]     8            no such action
 error R101     trust policy, Statement[1]   1            no such key
 warning R201   p0, p1, p2, Statement[0]     8            too wide
 note R212      p0, p1, p2, Statement[3]     8            whole service

1,200 events from 2026-11-01T00:00:00Z to 2026-11-27T00:00:00Z; 3 were denied, and are no use
2 log files could not be read: what is called unused may have been used there
data events were logged of lambda, s3: what is not logged is not called unused
5 principals in 2 accounts
1 administrator; 1 more can become one, and 1 if something else holds
4 principals and resources with something undecided
2 resources and roles open to anyone on the internet
2 resources and roles open to another account
2 errors and 1 warning in policies
"""


FIVE_OF_EIGHT: Final = [
    "r:r0", ": p0\n", "r:r1", ": p0\n", "r:r2", ": p1\n", "r:r3", ": p1\n", "r:r4", ": p2\n", "and 3 more\n",
]  # fmt: skip
"""Who holds a policy that eight hold, as the page tells it."""
ROWS: Final = {
    "Ways to become an administrator": [
        [
            ["r:z", "attach", ""],
            [
                [
                    "r:z",
                    "administrator of 111122223333",
                    "attach",
                    [["iam:AttachRolePolicy", " on ", "*", " by the trust policy"]],
                ]
            ],
        ],
        [
            [
                "r:b",
                "assume, then write",
                "sts:ExternalId = x, which the caller brings, aws:PrincipalTag/Team = a, it is used",
            ],
            [
                [
                    "r:b",
                    "r:c",
                    "assume",
                    [
                        [
                            "sts:AssumeRole",
                            " on ",
                            "r:c",
                            " by the trust policy",
                            ", if sts:ExternalId = x, if aws:PrincipalTag/Team = a",
                        ],
                        ["sts:TagSession", " on ", "r:c", " by own (inline), Statement[1]"],
                    ],
                ],
                [
                    "r:c",
                    "administrator of 111122223333",
                    "write",
                    [["iam:PutRolePolicy", " on ", "*", " by p"], "assumed: it is used"],
                ],
            ],
        ],
    ],
    "Administrators": [[["r:root"]]],
    "Access from outside": [
        [["archive", "anyone on the internet", "s3:Get*", ""]],
        [["bucket", "anyone on the internet", "s3:Get*, s3:Put*", "aws:Referer = a, aws:X = b"]],
        [["archive", "777788889999 (another account)", "s3:Put*", ""]],
        [["queue", "777788889999 (another account)", "sqs:SendMessage", ""]],
    ],
    "Sensitive actions": [
        [["r:c", "iam:PassRole, iam:CreateAccessKey, s3:GetObject, secretsmanager:GetSecretValue", ""]],
        [["r:a", "s3:GetObject", "iam:PassRole"]],
        [["r:d", "s3:GetObject", "kms:Decrypt, iam:PassRole"]],
        [["r:b", "", "one document is no policy; another is none"]],
    ],
    "Access that was not used": [
        [["r:d", "2026-11-20", "arn:p", "20: sqs:*", ""]],
        [
            [
                "r:d",
                "2026-11-20",
                "q (inline)",
                (
                    "14: x:Action0, x:Action1, x:Action2, x:Action3, x:Action4, x:Action5, "
                    "x:Action6, x:Action7, x:Action8, x:Action9, x:Action10, x:Action11 and 2 more"
                ),
                "s3, sqs",
            ]
        ],
        [["r:a", "never", "p (inline)", "1: sns:Publish", ""]],
    ],
    "Policies": [
        [["error R101", ["r:a", ": trust policy\n", "Statement[1]"], "1", "no such key"]],
        [
            [
                "error R101",
                [*FIVE_OF_EIGHT, "Statement[2]"],
                "8",
                "no such action",
            ]
        ],
        [
            [
                "warning R201",
                [*FIVE_OF_EIGHT, "Statement[0]"],
                "8",
                "too wide",
            ]
        ],
    ],
    "Problems": [
        [["b.json", "it is cut off"]],
        [["a.json", "it is\nno JSON"]],
        [["r:a", "undecided: pass: no value"]],
        [["topic", "undecided: Statement[0]: no value"]],
    ],
}


RESULTS: Final = [
    (
        "audit-administrator",
        "warning",
        "r:b",
        (
            "r:b can become an administrator: assume to r:c, then write to administrator of 111122223333 (if "
            "sts:ExternalId = x, which the caller brings, aws:PrincipalTag/Team = a, it is used)"
        ),
    ),
    ("audit-administrator", "error", "r:z", "r:z can become an administrator: attach to administrator of 111122223333"),
    (
        "audit-outside",
        "warning",
        "queue",
        "777788889999 (another account) may sqs:SendMessage on queue, by Statement[1]",
    ),
    ("audit-outside", "error", "bucket", "anyone on the internet may s3:Get*, s3:Put* on bucket, by Read"),
    ("audit-outside", "error", "archive", "anyone on the internet may s3:Get* on archive, by Statement[0]"),
    ("audit-outside", "warning", "archive", "777788889999 (another account) may s3:Put* on archive, by Statement[1]"),
    ("audit-policy", "note", "r:r0", "R212: whole service (p0, Statement[3])"),
    ("audit-policy", "warning", "r:r0", "R201: too wide (p0, Statement[0])"),
    ("audit-policy", "error", "r:r0", "R101: no such action (p0, Statement[2])"),
    ("audit-policy", "error", "r:a", "R101: no such key (trust policy, Statement[1])"),
    ("audit-undecided", "warning", "r:a", "iam:PassRole is undecided"),
    ("audit-undecided", "warning", "r:b", "one document is no policy"),
    ("audit-undecided", "warning", "r:b", "another is none"),
    ("audit-undecided", "warning", "r:d", "kms:Decrypt is undecided"),
    ("audit-undecided", "warning", "r:d", "iam:PassRole is undecided"),
    ("audit-undecided", "warning", "r:a", "pass: no value"),
    ("audit-undecided", "warning", "topic", "Statement[0]: no value"),
    ("audit-input", "error", "b.json", "b.json: it is cut off"),
    ("audit-input", "error", "a.json", "a.json: it is\nno JSON"),
]


CSV: Final = """\
account,principal,action,harm,verdict,resource,must_hold,statement
111122223333,r:a,s3:GetObject,data,yes,*,,"own (inline), Statement[0]"
111122223333,r:a,iam:PassRole,rights,undecided,,no value,
111122223333,r:b,*,,undecided,,one document is no policy,
111122223333,r:b,*,,undecided,,another is none,
111122223333,r:c,iam:PassRole,rights,yes,*,,"own (inline), Statement[0]"
111122223333,r:c,iam:CreateAccessKey,credentials,yes,*,,"own (inline), Statement[0]"
111122223333,r:c,s3:GetObject,data,yes,*,,"own (inline), Statement[0]"
111122223333,r:c,secretsmanager:GetSecretValue,credentials,yes,*,,"own (inline), Statement[0]"
111122223333,r:d,s3:GetObject,data,yes,arn:aws:s3:::b/x,aws:SourceIp = 10.0.0.1,'=p
111122223333,r:d,kms:Decrypt,data,undecided,,no value,
111122223333,r:d,iam:PassRole,rights,undecided,,no value either,
"""


def test_people_read_each_table_in_its_order_and_then_the_numbers() -> None:
    assert audit_text(WHOLE, width=110, with_notes=True).replace(role(""), "r:") + "\n" == TEXT
    without_notes = "".join(line for line in TEXT.splitlines(keepends=True) if not line.startswith(" note"))
    assert audit_text(WHOLE, width=110).replace(role(""), "r:") + "\n" == without_notes
    assert "CloudTrail" not in audit_text(replace(WHOLE, trail=None))


def test_of_a_long_table_twenty_rows_are_shown_and_the_others_counted() -> None:
    principal, path, exposure = WHOLE.principals[1], WHOLE.paths[1], WHOLE.exposures[0]
    rows, policies = WHOLE.unused[1], WHOLE.unused[1].policies * 21
    long = replace(
        WHOLE,
        principals=[replace(principal, arn=role(f"p{number}")) for number in range(22)],
        paths=(path,) * 23,
        exposures=(exposure,) * 24,
        unused=(replace(rows, policies=policies), replace(rows, policies=policies[:4])),
        documents=(WHOLE.documents[1],) * 26,
    )
    told = [line.strip() for line in audit_text(long).splitlines() if "(--json has all)" in line]
    assert told == [f"… and {number} more (--json has all)" for number in (3, 4, 2, 5, 6)]
    widest = replace(exposure, reach="anyone")
    told_totals = audit_text(replace(long, exposures=(widest, widest, exposure))).splitlines()
    assert "1 resources and roles open to anyone on the internet" in told_totals, "each is counted once"
    exact = replace(long, paths=(path,) * 20)
    assert len([line for line in audit_text(exact).splitlines() if "(--json has all)" in line]) == 4


def test_three_actions_are_named_and_of_four_the_number_is_told() -> None:
    three = replace(WHOLE.principals[3], access=WHOLE.principals[3].access[:3])
    only = replace(WHOLE, principals=(three,), paths=(), exposures=(), unused=(), documents=())
    told = [line for line in audit_text(only, width=200).splitlines() if line.strip().startswith(three.arn)]
    assert [line.split()[1:] for line in told] == [["iam:PassRole,", "iam:CreateAccessKey,", "s3:GetObject"]]


def read_page(text: str) -> Any:
    """The data of a page, with its texts in the place of their numbers."""
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])

    def read(value: Any) -> Any:
        return data["texts"][value].replace(role(""), "r:") if isinstance(value, int) else [*map(read, value)]

    assert len(set(data["texts"])) == len(data["texts"])
    return {
        section["title"]: [[read(row[0]), *map(read, row[1:])] for row in section["rows"]]
        for section in data["sections"]
    }


def test_the_page_has_each_row_with_its_steps_in_its_order() -> None:
    page = audit_page(WHOLE)
    assert read_page(page) == ROWS
    summary = "5 principals in 2 accounts, on 2026-11-28; 1 administrator, 1 more can become one"
    assert f'<p class="faint">{summary}</p>' in page
    untracked = read_page(audit_page(replace(WHOLE, trail=None)))
    assert [*untracked] == [title for title in ROWS if title != "Access that was not used"]
    first_rule = replace(WHOLE.documents[1], key="9", findings=(replace(WHOLE.documents[1].findings[0], rule="R100"),))
    rules = read_page(audit_page(replace(WHOLE, documents=(*WHOLE.documents, first_rule))))["Policies"]
    assert [row[0][0] for row in rules] == ["error R100", "error R101", "error R101", "warning R201"]
    held_by_five = replace(WHOLE.documents[0], uses=WHOLE.documents[0].uses[:5])
    first, *_ = read_page(audit_page(replace(WHOLE, documents=(held_by_five,))))["Policies"]
    assert first == [["error R101", [*FIVE_OF_EIGHT[:-1], "Statement[2]"], "5", "no such action"]]


def test_dashboards_get_a_result_for_each_thing_that_is_wrong_open_or_undecided() -> None:
    results = audit_sarif(WHOLE, "1.0")["runs"][0]["results"]
    told = []
    for result in results:
        ((place,),) = (location["logicalLocations"] for location in result["locations"])
        texts = (result["ruleId"], result["level"], place["fullyQualifiedName"], result["message"]["text"])
        told.append(tuple(text.replace(role(""), "r:") for text in texts))
    assert told == RESULTS


def test_a_table_of_actions_has_a_row_for_each() -> None:
    assert "".join(access_csv(WHOLE)).replace(role(""), "r:") == CSV


def test_programs_get_every_field_of_every_row() -> None:
    """What is `asdict` of each row, but for pairs that are objects, and few names."""
    expected: dict[str, Any] = {"at": WHOLE.now, "accounts": [*WHOLE.accounts], "principals": []}
    for principal in WHOLE.principals:
        document = {"arn": principal.arn, "account": principal.arn.split(":")[4], "unknown": [*principal.unknown]}
        access = []
        for row in principal.access:
            fields = {**asdict(row), "must_hold": dict(row.must_hold)}
            absent = ("resource", "statement", "must_hold") if row.verdict == "undecided" else ("reason",)
            access.append({name: value for name, value in fields.items() if name not in absent})
        expected["principals"].append({**document, "access": access})
    expected["administrators"] = [*WHOLE.administrators]
    expected["paths"] = []
    for path in WHOLE.paths:
        steps = []
        for step in path.steps:
            needs = [
                {**asdict(need), "statement": need.statement or None, "must_hold": dict(need.must_hold)}
                for need in step.needs
            ]
            steps.append({"from": step.source, "to": step.target, "technique": step.technique, "needs": needs})
        document = {"principal": path.principal, "assumes": [*path.assumes], "ways": [*path.ways]}
        expected["paths"].append({**document, "steps": steps})
    expected["undecided_techniques"] = [asdict(row) for row in WHOLE.undecided_techniques]
    expected["exposures"] = [
        {**asdict(row), "actions": [*row.actions], "must_hold": dict(row.must_hold)} for row in WHOLE.exposures
    ]
    expected["undecided_exposures"] = [asdict(row) for row in WHOLE.undecided_exposures]
    expected["unused"] = []
    for unused in WHOLE.unused:
        policies = [
            {
                "policy": policy.policy,
                "unused": [*policy.unused],
                "not_logged": [*policy.not_logged],
                "smaller": json.loads(policy.smaller or "null"),
            }
            for policy in unused.policies
        ]
        document = {"principal": unused.principal, "since": unused.since, "last_call": unused.last or None}
        expected["unused"].append({**document, "policies": policies})
    expected["documents"] = [
        {
            "document": document.key,
            "kind": document.kind,
            "used_by": [{"principal": use.principal, "policy": use.policy} for use in document.uses],
            "findings": [asdict(finding) for finding in document.findings],
        }
        for document in WHOLE.documents
    ]
    expected["problems"] = [asdict(problem) for problem in WHOLE.problems]
    told = json.loads("".join(audit_json(WHOLE)))
    assert told == expected
    assert [*told] == [*expected]


def test_as_many_names_as_a_row_has_room_for_are_told_without_more() -> None:
    names = tuple(f"x:Action{number}" for number in range(12))
    unused = UnusedRow(role("a"), "2026-11-20T00:00:00Z", "", (UnusedPolicy("p", names, len(names), ()),))
    page = "".join(audit_page(replace(WHOLE, unused=(unused,))))
    assert ", ".join(names) in page
    assert f"{names[-1]} and" not in page

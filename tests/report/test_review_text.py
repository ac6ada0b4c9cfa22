"""A review as people and pull requests read it: short, in a stable order, and never longer than a comment may be."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from random_cases import in_all_cases
from remit.app import Grant, Reason
from remit.errors import Origin
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.comparison import Comparison, StatementLocation, Undecided
from remit.iam.policy import Globs, Policy, Statement, allow
from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.report.comment import files_comment, report_comment
from remit.review.access_change import Elsewhere, Review, Version
from remit.review.changes import review

OWN = "arn:aws:iam::111122223333:policy/own"
NOTHING = Version("before", ())


def role(
    name: str, *statements: Statement, managed: tuple[str, ...] = (), boundary: str | None = None, **more: object
) -> Holder:
    grants = tuple(Grant(one, Reason("text", f"{name} needs it"), Origin("app.py", 9, 2)) for one in statements)
    policies = (inline(grants), *by_arn(managed))
    return Holder(f"{name}Role", policies, (name,), bounded(boundary), **more)  # type: ignore[arg-type]


def compared(old: Holder, new: Holder) -> Review:
    return review(Version("before", (old,)), Version("after", (new,)))


def many(count: int) -> Review:
    """A review of as many functions, each with a gain of its own; the old ones lose theirs."""
    new = tuple(role(f"new{n}", allow("s3:GetObject", on=f"arn:aws:s3:::in-{n}/*")) for n in range(count))
    old = tuple(role(f"old{n}", allow("s3:PutObject", on=f"arn:aws:s3:::out-{n}/*")) for n in range(count))
    return review(Version("before", old), Version("after", new))


def test_a_gain_is_told_with_reason_line_and_request() -> None:
    lines = list(
        report_lines(review_report(compared(role("a"), role("a", allow("s3:GetObject", on="arn:aws:s3:::in/*")))))
    )
    assert lines == [
        "before -> after",
        "1 cause gains access, 0 lose, 0 undecided; 1 of 1 functions concerned",
        "",
        "  + Read on s3: s3:GetObject",
        "      on arn:aws:s3:::in/*",
        "      a: app.py:9:2: a needs it",
        "      for example s3:GetObject on arn:aws:s3:::in/example",
    ]


def test_why_something_was_not_allowed_before_is_told_when_it_is_not_plain() -> None:
    deny = Statement("Deny", Globs(("s3:GetObject",)), Globs(("*",)))
    found = compared(role("a", allow("s3:GetObject"), deny), role("a", allow("s3:GetObject")))
    assert "      a: app.py:9:2: a needs it; the old identity[0].Statement[1] denies it" in list(
        report_lines(review_report(found))
    )


def test_who_may_take_on_a_role_reads_as_a_sentence() -> None:
    found = compared(role("a"), role("a", trusts=("lambda.amazonaws.com", "events.amazonaws.com")))
    lines = list(report_lines(review_report(found)))
    assert "  + events.amazonaws.com may take on the role: sts:AssumeRole" in lines
    assert "      for example sts:AssumeRole on the role by events.amazonaws.com" in lines
    (gain,) = review_document(found)["gained"]
    assert (gain["kind"], gain["principal"], gain["role"]) == ("trust", "events.amazonaws.com", "aRole")


def test_a_managed_policy_that_gains_is_told_as_the_cause() -> None:
    old = Version("before", (role("a"),))
    new = Version("after", (role("a", managed=(OWN,)),), documents={OWN: Policy((allow("s3:GetObject"),))})
    found = review(old, new)
    lines = list(report_lines(review_report(found)))
    assert f"  + managed policy {OWN} added: Read on s3: s3:GetObject" in lines
    assert review_document(found)["policies"] == [
        {"kind": "managed policy", "change": "added", "arn": OWN, "role": "aRole", "functions": ["a"]}
    ]


def test_what_cannot_be_seen_is_undecided_with_its_reason() -> None:
    found = compared(role("a"), role("a", managed=(OWN,)))
    reason = f"managed policy {OWN} is attached: what it allows cannot be seen here"
    assert f"  ? {reason}" in list(report_lines(review_report(found)))
    assert review_document(found)["undecided"] == [
        {"statement": None, "reason": reason, "policy": OWN, "role": "aRole", "functions": ["a"]}
    ]
    assert f"- `a`: `{reason}`" in report_comment(review_report(found)).splitlines()


def test_the_numbers_come_first_and_gains_before_losses() -> None:
    lines = list(report_lines(review_report(many(2))))
    assert "2 causes gain access, 2 lose, 0 undecided; 4 of 4 functions concerned" == lines[1]
    assert ["+", "+", "-", "-"] == [line[2] for line in lines if line[:2] == "  " and line[2] != " "]


def test_many_functions_of_one_role_are_counted() -> None:
    names = tuple(f"f{n}" for n in range(12))
    old, new = (
        Holder("R", (), names),
        Holder("R", (inline((Grant(allow("s3:GetObject"), Reason("text", "")),)),), names),
    )
    report = review_report(compared(old, new))
    assert "      f0, f1, f2 and 9 more: identity[0].Statement[0]" in list(report_lines(report))
    assert f"      {', '.join(names)}: identity[0].Statement[0]" in list(report_lines(report, None))


def test_a_statement_that_is_undecided_stands_in_a_comment_with_its_place() -> None:
    unclear = Undecided(StatementLocation("identity", 0, 0, allow("s3:GetObject")), "it is too long")
    found = compared(role("a"), role("a", allow("s3:GetObject")))
    (change,) = found.changes
    review_of_one = replace(found, changes=(replace(change, access=Comparison(undecided=(unclear,))),))
    lines = [line for line in report_comment(review_report(review_of_one)).splitlines() if line.startswith("- `a`")]
    assert ["- `a`: `identity[0].Statement[0]: it is too long`: `app.py:9:2`"] == lines


def test_a_resource_whose_policy_differs_is_named_beside_equal_roles() -> None:
    same = compared(role("a"), role("a"))
    changed = replace(same, elsewhere=(Elsewhere("Uploads", "AWS::S3::BucketPolicy", "changed"),))
    sentence = "The same access by roles, policies and doors: proven for every request; changed: bucket policy Uploads."
    assert sentence == list(report_lines(review_report(changed)))[-1]


def test_markdown_fits_into_a_comment_and_tells_what_is_left_out() -> None:
    found = many(600)
    text = report_comment(review_report(found), "orders-dev")
    assert len(text.encode()) <= 65_000
    rows = [line for line in text.splitlines() if line.startswith("| + ")]
    assert text.startswith("<!-- remit diff orders-dev -->\n**600 causes gain access, 600 lose, 0 undecided; 1200 of")
    assert "600 of 600 left out: `remit diff --all` shows all." in text.splitlines()
    assert f"{600 - len(rows)} of 600 left out: `remit diff --all` shows all." in text.splitlines()
    assert len(text.encode()) + len(rows[-1]) + 1 > 65_000  # no further row has room
    assert text.count("<details") == text.count("</details>") == 2
    unfolding = [line for line in text.splitlines() if line.startswith("<details")]
    assert ["<details open><summary>Gained (600)</summary>", "<details><summary>Lost (600)</summary>"] == unfolding


def test_losses_are_left_out_before_gains() -> None:
    found = many(20)
    whole = report_comment(review_report(found))
    text = report_comment(review_report(found), most=len(whole.encode()) - 400)
    assert text.count("| + ") == 20
    assert 0 < text.count("| - ") < 20


def test_no_text_can_break_out_of_markdown() -> None:
    odd = "arn:aws:s3:::a`|--><script>\n# b"
    text = report_comment(review_report(compared(role("a"), role("a", allow("s3:GetObject", on=odd)))), "x --> <b>")
    assert "<script>" not in text.replace("`arn:aws:s3:::a'\\|--><script> # b`", "").replace("--><script> # b`", "")
    (row,) = [line for line in text.splitlines() if line.startswith("| + ")]
    assert row.replace("\\|", "").count("|") == 6
    assert text.splitlines()[0] == "<!-- remit diff x - -> <b> -->"


def test_an_unchanged_app_is_told_in_a_line() -> None:
    nothing = Version("before", (), giving={})
    same = review(nothing, nothing)
    assert list(report_lines(review_report(same))) == [
        "The same access by roles, policies and doors: proven for every request."
    ]
    assert report_comment(review_report(same)).splitlines()[1].startswith("**Access: unchanged.**")


def test_functions_of_which_the_same_is_to_be_told_are_told_together() -> None:
    names, gain = ("a", "b", "c"), allow("s3:GetObject", on="arn:aws:s3:::in/*")
    old = Version("before", tuple(role(name) for name in names))
    found = review(old, Version("after", (*(role(name, gain) for name in names[:2]), role("c", allow("sns:Publish")))))
    lines = list(report_lines(review_report(found)))
    assert lines[1] == "2 causes gain access, 0 lose, 0 undecided; 3 of 3 functions concerned"
    (place,) = [number for number, line in enumerate(lines) if line == "  + Read on s3: s3:GetObject"]
    assert lines[place + 1 : place + 4] == [
        "      on arn:aws:s3:::in/*",
        "      a, b: app.py:9:2: a needs it; and 1 more",
        "      for example s3:GetObject on arn:aws:s3:::in/example",
    ]
    assert [gain["functions"] for gain in review_document(found)["gained"]] == [["a"], ["b"], ["c"]]
    assert report_comment(review_report(found)).count("| + |") == 2


def test_functions_that_are_new_are_told_apart() -> None:
    gain = allow("s3:GetObject")
    old = Version("before", (role("a"), role("b", managed=(OWN,))))
    new = Version("after", (role("a", gain), role("b", gain), role("new", gain)))
    lines = list(report_lines(review_report(review(old, new))))
    assert [line for line in lines if "needs it" in line] == [
        "      a, b: app.py:9:2: a needs it; and 1 more",
        "      new (new): app.py:9:2: new needs it",
    ]
    assert f"  ! managed policy {OWN} removed" not in lines  # its document is not known: that is undecided


def test_trust_in_the_same_services_is_told_together() -> None:
    more = ("lambda.amazonaws.com", "events.amazonaws.com")
    found = review(
        Version("before", (role("a"), role("b"))), Version("after", (role("a", trusts=more), role("b", trusts=more)))
    )
    assert "      a, b: trust policy of aRole; and 1 more" in list(report_lines(review_report(found)))


def test_what_a_comment_is_about_cannot_end_its_mark() -> None:
    same = review(NOTHING, NOTHING)
    for about in ("x ---> <b>", "x ----><b>", "x\n-->\n<b>", "x--\x1b[31m"):
        first = report_comment(review_report(same), about).splitlines()[0]
        assert first.endswith(" -->")
        assert "--" not in first[len("<!--") : -len("-->")]


def test_markdown_shows_what_would_turn_writing_round() -> None:
    odd = allow("s3:GetObject", on="arn:aws:s3:::a\u202eb\x1b[31m/*")
    (row,) = [
        line
        for line in report_comment(review_report(compared(role("a"), role("a", odd)))).splitlines()
        if "| + |" in line
    ]
    assert "`arn:aws:s3:::a\\u202eb\\x1b[31m/*`" in row


def test_notes_and_attached_policies_are_left_out_of_a_comment_that_is_too_long() -> None:
    notes = tuple(f"note {number} {'x' * 90}" for number in range(900))
    old = Version("before", tuple(role(f"f{n}", managed=(f"{OWN}{n}",)) for n in range(900)))
    found = replace(review(old, Version("after", tuple(role(f"f{n}") for n in range(900)))), notes=notes)
    text = report_comment(review_report(found))
    assert 60_000 < len(text.encode()) <= 65_536
    assert text.splitlines()[-1] == "`before` → `after`"
    undecided = len([line for line in text.splitlines() if line.startswith("- `f")])
    assert f"{900 - undecided} of 900 left out: `remit diff --all` shows all." in text.splitlines()
    assert "900 of 900 left out: `remit diff --all` shows all." in text.splitlines()


def test_a_gain_for_several_reasons_is_told_once_and_with_all_of_them_where_every_piece_is() -> None:
    gain = allow("s3:GetObject", on="arn:aws:s3:::in/*")
    roles = [
        Holder(f"{name}Role", (inline((Grant(gain, Reason("text", f"{name} needs it")),)),), (name,))
        for name in ("a", "b")
    ]
    old = Version("before", (role("a"), role("b")))
    report = review_report(review(old, Version("after", tuple(roles))))
    assert ["      a, b: a needs it; and 1 more"] == [line for line in report_lines(report) if "needs it" in line]
    assert [line for line in report_lines(report, None) if "needs it" in line] == [
        "      a, b: a needs it",
        "      b needs it",
    ]


@in_all_cases
def test_one_comment_on_many_large_files_fits() -> None:
    large, small = many(600), many(1)
    comments = {
        f"t{number}.json": partial(report_comment, review_report(large if number < 4 else small), "")
        for number in range(8)
    }
    text = files_comment(comments)
    assert len(text.encode()) <= 65_000
    assert 8 == text.count("### `t")
    assert "left out" in text
    assert text.count("**1 cause gains access, 1 loses, 0 undecided; 2 of 2 functions concerned**") == 4


def test_what_passes_a_role_stands_first_and_what_has_room_is_not_counted() -> None:
    functions = [f"f{number}" for number in range(3)]
    actions = ("iam:CreateUser", "iam:CreateGroup", "iam:CreateRole", "iam:TagUser", "iam:DeleteUser", "iam:DeleteRole")
    gain = allow("iam:DeleteGroup", *actions, "iam:PassRole")
    old = Version("before", tuple(role(name) for name in functions))
    report = review_report(review(old, Version("after", tuple(role(name, gain) for name in functions))))
    lines = list(report_lines(report))
    (written,) = [line for line in lines if "Write on iam" in line]
    assert written.startswith("  + Write on iam: iam:PassRole, ")
    assert "      f0, f1, f2: app.py:9:2: f0 needs it; and 2 more" in lines
    assert not [line for line in lines if " 0 more" in line]
    six = review_report(review(old, Version("after", (role("f0", allow(*actions)), *old.roles[1:]))))
    assert " more" not in "".join(report_lines(six))


def test_an_answer_has_a_hundred_lines_at_most_and_names_what_matters_of_the_rest() -> None:
    roles = [role(f"f{n}", allow("iam:PassRole", on=f"arn:aws:iam::111122223333:role/r{n}")) for n in range(60)]
    old = Version("before", tuple(role(f"f{n}") for n in range(60)))
    report = review_report(review(old, Version("after", tuple(roles))))
    lines = list(report_lines(report))
    assert len(lines) <= 100
    told = len([line for line in lines if line.startswith("  + ")])
    assert f"  and {60 - told} more causes (`--all` shows all)" in lines
    (named,) = [line for line in lines if line.startswith("      among them ")]
    assert named.count("iam:PassRole") == 60 - told
    assert len(list(report_lines(report, None))) > 200

"""Audit whole accounts and organizations: pure functions over the files that read-only calls give.

`audit` tells a run from top to bottom. It looks through the files of a folder (`folder`), gives each account what
concerns it (`account_works`; `principal_ids` says whose ids policies name), audits account by account (`account_audit`,
in one process or by `workers` or `spark`) and joins the results (`results`, kept
by `result_cache` for the next run, and by `stored_rows` until they are written).
For each account, pages become identities (`account_pages`, `joined_account`), each distinct document once
(`documents`). A principal is asked for what it can do (`access`, `question`), how it can gain rights (`escalation` with
the table `escalation_techniques`, then `escalation_paths`), who comes in from outside (`exposures`), what it did not
use (`trail`, `unused_access`), and what is wrong with its policies (`document_lint`). Nothing here calls AWS.
"""

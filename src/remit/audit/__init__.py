"""Who can do what in a whole organisation: pure functions over the files that an account's read-only calls give.

Files are read into entities and distinct documents (`account_pages`, `folder`), each distinct document is linted once
(`document_lint`), and each principal is asked for what it can do (`access`). Nothing here calls AWS.
"""

"""The commands with what `remit --help` says of each: made by `make derived` from the files of this folder."""

from __future__ import annotations

from typing import Final

SUMMARIES: Final = {
    "audit": "Say who can do what in whole accounts and organizations.",
    "bootstrap": "Create or repair the bucket that deploys upload to.",
    "build": "Write the template, the roles and the zips.",
    "data": "Show the versions and dates of the facts about AWS.",
    "delete": "Delete what is deployed.",
    "deploy": "Deploy to AWS, or to the AWS on this machine.",
    "dev": "Run the app here while you change it.",
    "diff": "Show what access a change adds or removes.",
    "evaluate": "Decide requests against policies.",
    "event": "Print a sample event of a trigger.",
    "explain": "Explain what a function may do, or what an action is.",
    "init": "Create a project.",
    "invoke": "Run a deployed function with an event.",
    "jobs": "List jobs that failed for good, run them again, delete them.",
    "lint": "Find mistakes and excessive access in policies.",
    "local": "Start, stop, reset or inspect the AWS on this machine.",
    "logs": "Print the log of one function, or of all.",
    "minimise": "Write a policy in fewer characters, with the same access.",
    "policy": "Print the policy of a function, or of whoever deploys.",
    "status": "Show what is deployed.",
    "why": "Explain why access was denied, and what to change.",
}

"""Proofs about policies for every possible request: compare, minimise, and who outside an account may do what.

A statement applies to a set of requests: some actions on some resources in some contexts (`statement_space`). Each
proof asks one question about such sets: is there a request to which all required statements apply, and no covering one?
Three searches answer it, one inside the other: for an action, for a resource, and for the values of condition keys
(`action_search`, `resource_search`, `context_search`). The lemma of `glob_sets` says why a few texts decide for all.

An answer is a request that the evaluator in `decide` confirms, or a proof that there is none, or undecided, with the
reason. `compare` lists the premises.
"""

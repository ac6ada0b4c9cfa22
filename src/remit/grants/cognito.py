"""Access to Cognito user pools: `cognito.read_users("eu-west-1_Ab1")`.

Source of the actions: "Actions, resources, and condition keys for Amazon Cognito User Pools" (Service Authorization
Reference). A pool is given by id, by ARN, or as a resource of the app.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import UserPoolRef
from remit.grants import typed

_POOL: Final = typed.ResourceKind("cognito-idp", "userpool/{}", "user pool")


@verb
def read_users(pool: UserPoolRef) -> typed.Grants:
    """Get users by name, with their groups: cognito-idp:AdminGetUser, cognito-idp:AdminListGroupsForUser."""
    return _on_pool("read_users", ("AdminGetUser", "AdminListGroupsForUser"), "reads users of", pool)


@verb
def list_users(pool: UserPoolRef) -> typed.Grants:
    """List users, all or those of a group: cognito-idp:ListUsers, cognito-idp:ListUsersInGroup."""
    return _on_pool("list_users", ("ListUsers", "ListUsersInGroup"), "lists users of", pool)


@verb
def create_users(pool: UserPoolRef) -> typed.Grants:
    """Create users: cognito-idp:AdminCreateUser."""
    return _on_pool("create_users", ("AdminCreateUser",), "creates users in", pool)


@verb
def update_users(pool: UserPoolRef) -> typed.Grants:
    """Change users' attributes: cognito-idp:AdminUpdateUserAttributes."""
    return _on_pool("update_users", ("AdminUpdateUserAttributes",), "changes users of", pool)


@verb
def set_passwords(pool: UserPoolRef) -> typed.Grants:
    """Set users' passwords: cognito-idp:AdminSetUserPassword."""
    return _on_pool("set_passwords", ("AdminSetUserPassword",), "sets passwords of users of", pool)


@verb
def disable_users(pool: UserPoolRef) -> typed.Grants:
    """Lock users out and let them in again: cognito-idp:AdminDisableUser, cognito-idp:AdminEnableUser."""
    return _on_pool("disable_users", ("AdminDisableUser", "AdminEnableUser"), "disables users of", pool)


@verb
def delete_users(pool: UserPoolRef) -> typed.Grants:
    """Delete users: cognito-idp:AdminDeleteUser."""
    return _on_pool("delete_users", ("AdminDeleteUser",), "deletes users of", pool)


@verb
def change_groups(pool: UserPoolRef) -> typed.Grants:
    """Put users into groups, and take them out.

    cognito-idp:AdminAddUserToGroup, cognito-idp:AdminRemoveUserFromGroup.
    """
    actions = ("AdminAddUserToGroup", "AdminRemoveUserFromGroup")
    return _on_pool("change_groups", actions, "changes the groups of users of", pool)


@verb
def sign_in(pool: UserPoolRef) -> typed.Grants:
    """Sign users in on the server: cognito-idp:AdminInitiateAuth, cognito-idp:AdminRespondToAuthChallenge."""
    return _on_pool("sign_in", ("AdminInitiateAuth", "AdminRespondToAuthChallenge"), "signs in users of", pool)


def _on_pool(verb: str, operations: tuple[str, ...], phrase: str, pool: UserPoolRef) -> typed.Grants:
    actions = tuple(f"cognito-idp:{operation}" for operation in operations)
    return _POOL.grants(f"cognito.{verb}", phrase, pool, actions)

"""Access to the Data API of Aurora: `rds_data.execute("shop", secret="/shop/db")`.

Source of the actions: "Actions, resources, and condition keys for Amazon RDS Data API" (Service Authorization
Reference). A cluster is given by name, by ARN, or as a resource of the app. The caller names the secret with the
database's user, which the Data API reads with the caller's access ("Authorizing access to the Amazon RDS Data API",
Amazon Aurora User Guide).
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import ClusterRef, KeyRef, SecretRef
from remit.grants import secretsmanager, typed

_CLUSTER: Final = typed.ResourceKind("rds", "cluster:{}", "cluster")


@verb
def execute(cluster: ClusterRef, *, secret: SecretRef, key: KeyRef | None = None) -> typed.Grants:
    """Run statements, alone, in batches and in transactions, as the user that the secret has.

    rds-data:ExecuteStatement, rds-data:BatchExecuteStatement, rds-data:BeginTransaction, rds-data:CommitTransaction
    and rds-data:RollbackTransaction on the cluster, secretsmanager:GetSecretValue on the secret. With `key`, the
    secret's, kms:Decrypt through Secrets Manager.
    """
    actions = (
        "rds-data:ExecuteStatement",
        "rds-data:BatchExecuteStatement",
        "rds-data:BeginTransaction",
        "rds-data:CommitTransaction",
        "rds-data:RollbackTransaction",
    )
    on_cluster = _CLUSTER.grants("rds_data.execute", "runs statements on", cluster, actions)
    return (*on_cluster, *secretsmanager.read(secret, key=key))

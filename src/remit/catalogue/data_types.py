"""The types of resources that hold data, which is gone when CloudFormation deletes them: a table kept by hand.

Source: "DeletionPolicy attribute", "UpdateReplacePolicy attribute" (CloudFormation User Guide), and the pages of the
types themselves; it holds all that cfn-lint warns about (StatefulResources.json), recorded 2026-11.
"""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "AWS::Backup::BackupVault": "backup vault",
    "AWS::Cassandra::Keyspace": "keyspace",
    "AWS::Cassandra::Table": "table",
    "AWS::CloudFormation::Stack": "stack",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::DocDB::DBCluster": "database cluster",
    "AWS::DocDB::DBInstance": "database",
    "AWS::DSQL::Cluster": "database cluster",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::DynamoDB::Table": "table",
    "AWS::EC2::Volume": "volume",
    "AWS::ECR::Repository": "repository",
    "AWS::EFS::FileSystem": "file system",
    "AWS::EMR::Cluster": "cluster",
    "AWS::ElastiCache::CacheCluster": "cache",
    "AWS::ElastiCache::ReplicationGroup": "cache",
    "AWS::ElastiCache::ServerlessCache": "cache",
    "AWS::Elasticsearch::Domain": "search domain",
    "AWS::FSx::FileSystem": "file system",
    "AWS::KMS::Key": "key",
    "AWS::KMS::ReplicaKey": "key",
    "AWS::Kinesis::Stream": "stream",
    "AWS::Logs::LogGroup": "log group",
    "AWS::MemoryDB::Cluster": "database cluster",
    "AWS::Neptune::DBCluster": "database cluster",
    "AWS::Neptune::DBInstance": "database",
    "AWS::OpenSearchServerless::Collection": "search collection",
    "AWS::OpenSearchService::Domain": "search domain",
    "AWS::Organizations::Account": "account",
    "AWS::QLDB::Ledger": "ledger",
    "AWS::RDS::DBCluster": "database cluster",
    "AWS::RDS::DBInstance": "database",
    "AWS::Redshift::Cluster": "database cluster",
    "AWS::RedshiftServerless::Namespace": "database",
    "AWS::S3::Bucket": "bucket",
    "AWS::S3Express::DirectoryBucket": "bucket",
    "AWS::S3Tables::TableBucket": "bucket",
    "AWS::S3Vectors::VectorBucket": "bucket",
    "AWS::SDB::Domain": "domain",
    "AWS::SQS::Queue": "queue",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::Timestream::Database": "database",
    "AWS::Timestream::Table": "table",
}
"""What people call each of them. A key holds no data, but what it encrypted cannot be read without it."""
KEEPS: Final = frozenset({"Retain", "RetainExceptOnCreate"})
"""The values of DeletionPolicy and UpdateReplacePolicy with which the resource stays in the account."""

"""The resources of a deployed stack as they are in the account: a file of rows for each group of types."""

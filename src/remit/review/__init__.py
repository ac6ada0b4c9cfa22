"""Review what a change does to access: the roles of two versions, compared by function, with what was accepted."""

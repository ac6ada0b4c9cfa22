"""State machines of Step Functions: what a definition says, what is wrong with it, what its states need."""

"""Why a pasted AccessDenied happened, and which line to change."""

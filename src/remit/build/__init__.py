"""From App and Roles to a template and zips."""

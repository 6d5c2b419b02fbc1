"""The endpoints of the first version: each calls the very actions and queries that the pages call."""

"""Statements of results: the summary of an organisation."""

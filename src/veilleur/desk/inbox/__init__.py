"""Mentions, readings, tickets, notes: the place where people work."""

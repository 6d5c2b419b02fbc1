"""Reads of the inbox: the list, a ticket, and the way from one to the next."""

"""Moderation: messages hidden, shown again, removed or flagged on the network where they were said."""

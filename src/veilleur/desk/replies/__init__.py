"""Replies: written with the rules before one's eyes, read by a second person, sent once."""

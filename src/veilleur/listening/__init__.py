"""Where messages come from. Today: files that somebody exported (`listening.files`)."""

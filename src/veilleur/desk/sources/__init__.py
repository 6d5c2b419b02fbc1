"""Where messages come from: sources, files, collection runs."""

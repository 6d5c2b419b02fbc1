"""The analyzers that come with Veilleur, one topic each."""

"""Tags of templates about the inbox."""

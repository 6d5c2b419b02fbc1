"""Veilleur: a self-hosted desk for what the public says about people who care for health."""

__version__ = "0.1.0"

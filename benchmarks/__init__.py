"""Measures of speed and of quality: each prints one table and one line of JSON."""

"""The API: tokens, endpoints, and what is told to other programs."""

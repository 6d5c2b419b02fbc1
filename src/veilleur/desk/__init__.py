"""The workplace, on Django: who is working, on what, until when."""

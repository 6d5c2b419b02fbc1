"""When a house works, what it promises, and who is there."""

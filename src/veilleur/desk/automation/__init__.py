"""Rules of the house: what happens, to which messages, and what is done then."""

"""A team at work on the inbox: tags, steps and macros, acts on many tickets, notifications, fields."""

"""What keeps the house standing: backups, the worker's pulse, health, figures, the log, the examination."""

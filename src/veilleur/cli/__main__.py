"""`python -m veilleur.cli`: how one command starts another."""

from veilleur.cli import app

app(prog_name="veilleur")

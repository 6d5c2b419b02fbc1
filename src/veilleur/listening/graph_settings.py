"""What Facebook and Instagram ask alike of the person who connects an account."""

from __future__ import annotations

from typing import Annotated

from pydantic import SecretStr

from veilleur.listening.settings import asked

AppSecret = Annotated[
    SecretStr,
    asked(
        "Clé secrète de l’application",
        "App secret",
        fr_help="Pour se connecter, ou si l’application exige des appels signés ; sinon, laisser vide.",
        en_help="To sign in, or if the application demands signed calls; otherwise leave it empty.",
        max_length=200,
    ),
]
"""What a Meta application shows beside its number."""
RecentPosts = Annotated[
    int,
    asked(
        "Publications récentes relues à chaque fois",
        "Recent posts that are read again each time",
        fr_help="Un nouveau commentaire sous une publication plus ancienne n’est pas entendu.",
        en_help="A new comment under an older post is not heard.",
        ge=10,
        le=100,
    ),
]
"""How far back comments are looked for."""

"""What an account of Reddit is connected with."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, StringConstraints, model_validator

from veilleur.listening.settings import AccountSettings, asked
from veilleur.listening.watching import words_to_watch

MOST_SUBREDDITS = 10
MOST_WORDS = 20
_SUBREDDIT = re.compile(
    r"(?:https?://(?:\w+\.)?reddit\.com)?/?(?:r/)?(?P<name>[A-Za-z0-9][A-Za-z0-9_]{1,20})/?"
)
_ACCOUNT = re.compile(r"/?(?:u/|user/)?(?P<name>[A-Za-z0-9_-]{3,20})/?")


def _account(given: str) -> str:
    match = _ACCOUNT.fullmatch(given.strip())
    if match is None:
        raise ValueError("the name of an account, as in u/name")
    return match["name"]


def _subreddits(given: tuple[str, ...]) -> tuple[str, ...]:
    found = {line: _SUBREDDIT.fullmatch(line.strip()) for line in given if line.strip()}
    odd = [line for line, match in found.items() if match is None]
    if odd:
        raise ValueError(f"names of subreddits, as in r/name, one a line: {' '.join(odd)[:80]}")
    return tuple(dict.fromkeys(match["name"] for match in found.values() if match))


class RedditSettings(AccountSettings):
    """What an account needs: an application, a way to sign in, and something to listen to."""

    account: Annotated[
        str,
        asked(
            "Nom du compte Reddit",
            "Name of the Reddit account",
            fr_help="Celui au nom duquel on lit et répond ; Reddit veut qu’il soit dit à chaque appel.",
            en_help="The one that reads and answers; Reddit wants it named in each call.",
            max_length=60,
        ),
        AfterValidator(_account),
    ]
    client_id: Annotated[
        str,
        asked(
            "Identifiant de l’application",
            "ID of the application",
            fr_help="Sur reddit.com/prefs/apps, sous le nom de l’application « script » ou « web app ».",
            en_help="On reddit.com/prefs/apps, under the name of the application, a “script” or “web app”.",
            max_length=100,
        ),
        StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]+$"),
    ]
    client_secret: Annotated[
        SecretStr,
        asked(
            "Code secret de l’application",
            "Secret of the application",
            fr_help="Même page, ligne « secret ».",
            en_help="On the same page, line “secret”.",
            min_length=1,
            max_length=200,
        ),
    ]
    refresh_token: Annotated[
        SecretStr,
        asked(
            "Jeton d’actualisation",
            "Refresh token",
            fr_help="Pour une application « web app » : vide, on se connecte à l’étape suivante ; "
            "ou donnez un jeton accordé avec la durée « permanent ».",
            en_help="For a “web app”: empty, one signs in at the next step; or give one that was "
            "granted with the duration “permanent”.",
            max_length=2000,
        ),
    ] = SecretStr("")
    password: Annotated[
        SecretStr,
        asked(
            "Mot de passe du compte",
            "Password of the account",
            fr_help="Seulement pour une application « script » et un compte sans double authentification.",
            en_help="Only for a “script” and an account without two-factor authentication.",
            max_length=200,
        ),
    ] = SecretStr("")
    subreddits: Annotated[
        tuple[str, ...],
        asked(
            "Subreddits à écouter, un par ligne",
            "Subreddits to listen to, one a line",
            fr_help="Leurs messages et leurs commentaires ; s’il y a des mots ci-dessous, seulement ceux qui "
            "en contiennent un.",
            en_help="Their posts and comments; with words below, only those that hold one of them.",
            max_length=MOST_SUBREDDITS,
        ),
        AfterValidator(_subreddits),
    ] = ()
    words: Annotated[
        tuple[str, ...],
        asked(
            "Mots à chercher, un par ligne",
            "Words to look for, one a line",
            fr_help="Par exemple « dr martin ». Dans les messages de tout Reddit, et dans les commentaires "
            "des subreddits ci-dessus.",
            en_help="For instance “dr martin”. In posts of all of Reddit, and in comments of the subreddits "
            "above.",
            max_length=MOST_WORDS,
        ),
        AfterValidator(words_to_watch),
    ] = ()
    inbox: Annotated[
        bool,
        asked(
            "Apporter aussi ce qui mentionne le compte ou lui répond",
            "Bring what mentions the account or answers it, too",
            fr_help="Les messages privés ne sont pas lus.",
            en_help="Private messages are not read.",
        ),
    ] = True

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not (self.subreddits or self.words or self.inbox):
            raise ValueError("a subreddit, a word, or the account’s own inbox")
        return self

    @property
    def has_secret(self) -> bool:
        """Whether a refresh token or a password was typed, so that nobody has to sign in."""
        return bool(self.refresh_token.get_secret_value() or self.password.get_secret_value())

    @property
    def grant(self) -> dict[str, str]:
        """What an access token is asked for with (RFC 6749, 6 and 4.3)."""
        refresh = self.refresh_token.get_secret_value()
        if refresh:
            return {"grant_type": "refresh_token", "refresh_token": refresh}
        password = self.password.get_secret_value()
        return {"grant_type": "password", "username": self.account, "password": password}

"""What a Mastodon account needs."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from veilleur.listening.settings import AccountSettings, asked, web_address

_TAG = re.compile(r"\w{1,100}")
_PHRASE = re.compile(r"(?!https?:)[^\x00-\x1f]{1,100}")


def server_address(address: str) -> str:
    """For `AfterValidator`: a server, not the page of somebody on it."""
    if urlsplit(address).path.strip("/"):
        raise ValueError("the address of the server alone, such as https://mastodon.social")
    return address.rstrip("/")


def hashtag_names(told: tuple[str, ...]) -> tuple[str, ...]:
    """For `AfterValidator`: hashtags without their `#`, each once."""
    names = tuple(dict.fromkeys(name.strip().removeprefix("#").lower() for name in told if name.strip()))
    for name in names:
        if not _TAG.fullmatch(name):
            raise ValueError(f"“{name}” is no hashtag: letters, digits and “_” only")
    return names


def searches(told: tuple[str, ...]) -> tuple[str, ...]:
    """For `AfterValidator`: words to look for, each once; an address would be fetched instead."""
    phrases = tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in told if phrase.strip()))
    for phrase in phrases:
        if not _PHRASE.fullmatch(phrase):
            raise ValueError(f"“{phrase}” cannot be looked for: 1 to 100 characters, no address")
    return phrases


class MastodonSettings(AccountSettings):
    """What an account needs."""

    address: Annotated[
        str,
        asked(
            "Adresse du serveur",
            "Address of the server",
            fr_help="Celle que l’on ouvre pour se connecter, par exemple https://mastodon.social.",
            en_help="The one you open to log in, for instance https://mastodon.social.",
            max_length=300,
        ),
        AfterValidator(web_address),
        AfterValidator(server_address),
    ]
    token: Annotated[
        SecretStr,
        asked(
            "Jeton d’accès",
            "Access token",
            fr_help="Vide : on se connecte à l’étape suivante. Sinon, sur le serveur : Préférences, "
            "Développement, Nouvelle application ; cocher « read », « write:statuses » et « write:reports ».",
            en_help="Empty: one signs in at the next step. Otherwise, on the server: Preferences, "
            "Development, New application; tick “read”, “write:statuses” and “write:reports”.",
            max_length=500,
        ),
    ] = SecretStr("")
    hashtags: Annotated[
        tuple[str, ...],
        asked(
            "Mots-dièse à suivre",
            "Hashtags to watch",
            fr_help="Un par ligne, avec ou sans #. 20 au plus.",
            en_help="One a line, with or without #. 20 at most.",
            max_length=20,
        ),
        AfterValidator(hashtag_names),
    ] = ()
    words: Annotated[
        tuple[str, ...],
        asked(
            "Mots à chercher",
            "Words to search for",
            fr_help="Une recherche par ligne, si le serveur cherche dans les messages. 10 au plus.",
            en_help="One search a line, if the server searches posts. 10 at most.",
            max_length=10,
        ),
        AfterValidator(searches),
    ] = ()
    days: Annotated[
        int,
        asked(
            "Jours à reprendre la première fois",
            "Days to go back the first time",
            fr_help="Les messages plus anciens ne sont pas repris.",
            en_help="Older posts are not brought.",
            ge=1,
            le=3650,
        ),
    ] = 90
    private: Annotated[
        bool,
        asked(
            "Apporter aussi les mentions privées",
            "Bring private mentions too",
            fr_help="Messages que seules les personnes mentionnées ou abonnées voient ; "
            "une réponse y reste aussi privée que le message.",
            en_help="Posts that only people mentioned or followers see; "
            "a reply stays as private as the post.",
        ),
    ] = False

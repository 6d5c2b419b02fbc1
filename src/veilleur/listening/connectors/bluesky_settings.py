"""What Bluesky asks of the person who connects it, and what it does not give."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from veilleur.listening.connector import said
from veilleur.listening.settings import AccountSettings, asked, web_address
from veilleur.listening.watching import words_to_watch

HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

LIMITS = (
    said(
        "Seul le texte est relevé : ni images, ni vidéos, ni messages privés.",
        "Only text is brought: no pictures, no videos, no private messages.",
    ),
    said(
        "La recherche rend au plus 1 000 messages par mot et par relevé ; les réponses, mentions"
        " et citations, au plus 10 000.",
        "A search gives at most 1,000 posts for a word each time; replies, mentions and quotes"
        " at most 10,000.",
    ),
    said(
        "La suppression d’un message est vue parmi les 500 derniers relevés ; le flux en"
        " direct les voit toutes. Un message Bluesky ne peut pas être modifié.",
        "That a post was deleted is seen among the last 500 brought; the live stream sees"
        " all of them. A post of Bluesky cannot be edited.",
    ),
    said(
        "Les comptes que vous avez masqués ou bloqués, et ceux qui vous bloquent, ne sont pas relevés.",
        "Accounts that you muted or blocked, or that block you, are not brought.",
    ),
    said(
        "Une réponse fait au plus 300 signes. Le message d’autrui ne peut être ni masqué ni"
        " supprimé, seulement signalé.",
        "A reply has at most 300 characters. What others wrote can be neither hidden nor"
        " removed, only reported.",
    ),
    said(
        "Le flux en direct reçoit tout ce qui se publie, soit plus d’un gigaoctet par jour.",
        "The live stream takes in all that is published: more than a gigabyte a day.",
    ),
)


def _handle(told: str) -> str:
    """A handle as people copy it: with an “@”, or with marks that nobody sees."""
    handle = _UNSEEN.sub("", told).strip().removeprefix("@").lower()
    if not HANDLE.fullmatch(handle):
        raise ValueError("a whole handle such as cabinet-durand.bsky.social")
    return handle


class BlueskySettings(AccountSettings):
    """What an account needs."""

    handle: Annotated[
        str,
        asked(
            "Identifiant Bluesky",
            "Bluesky handle",
            fr_help="En entier, comme sous le nom du profil : cabinet-durand.bsky.social.",
            en_help="Whole, as under the name of the profile: cabinet-durand.bsky.social.",
            max_length=253,
        ),
        AfterValidator(_handle),
    ]
    password: Annotated[
        SecretStr,
        asked(
            "Mot de passe d’application",
            "App password",
            fr_help="Bluesky : Paramètres, Confidentialité et sécurité, Mots de passe d’application."
            " Jamais le mot de passe du compte.",
            en_help="Bluesky: Settings, Privacy and security, App passwords. Never the account’s own.",
            min_length=1,
            max_length=200,
        ),
    ]
    words: Annotated[
        tuple[Annotated[str, Field(max_length=100)], ...],
        asked(
            "Mots à surveiller",
            "Words to watch",
            fr_help="Un mot ou un nom par ligne : les messages publics qui le contiennent sont relevés,"
            " même sans vous citer. Les accents et les majuscules ne comptent pas.",
            en_help="One word or name a line: public posts that hold it are brought, even if they do not"
            " name the account. Accents and capitals do not count.",
            max_length=50,
        ),
        AfterValidator(words_to_watch),
    ] = ()
    language: Annotated[
        Literal["fr", "en"],
        asked(
            "Langue des réponses",
            "Language of replies",
            fr_help="Indiquée aux lecteurs avec chaque réponse.",
            en_help="Told to readers with each reply.",
        ),
    ] = "fr"
    service: Annotated[
        str,
        asked(
            "Adresse du service",
            "Address of the service",
            fr_help="Laissez https://bsky.social, sauf si le compte est hébergé ailleurs.",
            en_help="Leave https://bsky.social unless the account is hosted elsewhere.",
            max_length=500,
        ),
        AfterValidator(web_address),
    ] = "https://bsky.social"
    relay: Annotated[
        str,
        asked(
            "Adresse du flux en direct",
            "Address of the live stream",
            fr_help="Un relais qui transmet tout ce qui se publie ; celui de Bluesky, léger, convient.",
            en_help="A relay that passes on all that is published; the light one of Bluesky does.",
            max_length=500,
        ),
        AfterValidator(web_address),
    ] = "https://jetstream.us-east.bsky.network/xrpc/network.bsky.jetstream.subscribeEvents"

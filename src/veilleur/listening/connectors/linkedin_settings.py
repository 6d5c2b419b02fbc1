"""What a page of LinkedIn is connected with."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, StringConstraints, model_validator

from veilleur.listening.settings import AccountSettings, asked

VERSION = "202608"
"""Year and month of the interface that this was written to."""
_ORGANISATION = re.compile(
    r"(?:https?://(?:[a-z]+\.)?linkedin\.com/(?:company|school)/|urn:li:organization:)?"
    r"(?P<number>[0-9]{1,19})(?:[/?#].*)?"
)


def organisation_urn(given: str) -> str:
    """For `AfterValidator`: the URN of an organisation, from its number or the address of its page.

    >>> organisation_urn("https://www.linkedin.com/company/5515715/admin/")
    'urn:li:organization:5515715'
    """
    match = _ORGANISATION.fullmatch(given.strip())
    if match is None:
        raise ValueError("the number of the page, as in linkedin.com/company/5515715/admin")
    return f"urn:li:organization:{match['number']}"


class LinkedInSettings(AccountSettings):
    """What an account needs: an access token, or what a new one is asked for with, or both."""

    organisation: Annotated[
        str,
        asked(
            "Numéro de la page",
            "Number of the page",
            fr_help="Ouvrez la page en administrateur : l’adresse est linkedin.com/company/NUMÉRO/admin.",
            en_help="Open the page as an administrator: its address is linkedin.com/company/NUMBER/admin.",
            max_length=300,
        ),
        AfterValidator(organisation_urn),
    ]
    token: Annotated[
        SecretStr,
        asked(
            "Jeton d’accès",
            "Access token",
            fr_help="Vide : on se connecte à l’étape suivante. Sinon, celui qu’un administrateur de "
            "la page a donné à votre application (« OAuth Token Tools ») ; il vaut deux mois.",
            en_help="Empty: one signs in at the next step. Otherwise the one that an administrator of "
            "the page granted to your application (“OAuth Token Tools”); it lasts two months.",
            max_length=2000,
        ),
    ] = SecretStr("")
    refresh_token: Annotated[
        SecretStr,
        asked(
            "Jeton d’actualisation",
            "Refresh token",
            fr_help="Si LinkedIn vous en donne un : le jeton d’accès se renouvelle alors seul pendant un an.",
            en_help="If LinkedIn gives you one: the access token then renews itself for a year.",
            max_length=2000,
        ),
    ] = SecretStr("")
    client_id: Annotated[
        str,
        asked(
            "Identifiant de l’application (Client ID)",
            "Client ID of the application",
            fr_help="Portail développeur, onglet « Auth ». Avec le code secret, on peut se connecter, et le "
            "diagnostic dit les droits et la date de fin du jeton.",
            en_help="Developer portal, tab “Auth”. With the secret one can sign in, and the diagnosis tells "
            "the rights and the end of the token.",
            max_length=200,
        ),
    ] = ""
    client_secret: Annotated[
        SecretStr, asked("Code secret de l’application", "Client secret of the application", max_length=300)
    ] = SecretStr("")
    version: Annotated[
        str,
        asked(
            "Version de l’interface de LinkedIn",
            "Version of LinkedIn’s interface",
            fr_help="Année et mois. LinkedIn retire chaque version au bout d’un an environ : avancez-la "
            "quand le diagnostic le demande.",
            en_help="Year and month. LinkedIn retires each version after about a year: move it on when the "
            "diagnosis asks for it.",
        ),
        StringConstraints(strip_whitespace=True, pattern=r"^20[0-9]{2}(0[1-9]|1[0-2])$"),
    ] = VERSION

    @model_validator(mode="after")
    def _is_enough(self) -> Self:
        if not self.token.get_secret_value() and not self.has_application:
            raise ValueError("an access token, or the client ID and its secret")
        return self

    @property
    def has_application(self) -> bool:
        """Whether the application can ask about its tokens."""
        return bool(self.client_id and self.client_secret.get_secret_value())

    @property
    def is_renewable(self) -> bool:
        """Whether a new access token can be asked for."""
        return self.has_application and bool(self.refresh_token.get_secret_value())

    @property
    def has_token(self) -> bool:
        """Whether one was typed, so that nobody has to sign in."""
        return bool(self.token.get_secret_value() or self.refresh_token.get_secret_value())

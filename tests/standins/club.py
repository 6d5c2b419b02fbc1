"""A connector for the network of `oauth.py`: a club where people sign in. One file, as an outside package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, SecretStr

from veilleur.listening import asking
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Capability, Page, Remark, remark, said
from veilleur.listening.oauth2 import Access, Application, Pasted, Scope, SignIn
from veilleur.listening.settings import AccountSettings, asked, web_address
from veilleur.vocabulary import Words


class ClubSettings(AccountSettings):
    """What an account needs."""

    address: Annotated[str, asked("Adresse du club", "Address of the club"), AfterValidator(web_address)]
    client_id: Annotated[str, asked("Identifiant client", "Client ID")] = ""
    client_secret: Annotated[SecretStr, asked("Code secret du client", "Client secret")] = SecretStr("")
    token: Annotated[SecretStr, asked("Jeton", "Token")] = SecretStr("")


class _Me(Shape):
    name: Said


class Club:
    """Keeps `Connector`."""

    name: ClassVar[str] = "club"
    title: ClassVar[Words] = said("Club", "Club")
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.COMMENTS})
    limits: ClassVar[Sequence[Words]] = ()
    settings: ClassVar[type[BaseModel]] = ClubSettings
    seconds: ClassVar[float] = 60.0

    def __init__(self, settings: ClubSettings, *, access: Access | None = None) -> None:
        """Asks nothing yet."""
        self._settings, self._access = settings, access or Pasted(settings.token)

    @staticmethod
    def sign_in(settings: ClubSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.token.get_secret_value():
            return None
        secret = settings.client_secret.get_secret_value()
        return SignIn(
            f"{settings.address}/oauth/authorize",
            f"{settings.address}/oauth/token",
            (
                Scope("read", said("lire ce qui se dit", "read what is said")),
                Scope("write", said("publier les réponses", "publish replies")),
            ),
            Application(settings.client_id, secret) if settings.client_id else None,
            registration=f"{settings.address}/api/v1/apps",
            revocation=f"{settings.address}/oauth/revoke",
            is_basic=True,
        )

    def check(self, client: Client) -> Sequence[Remark]:
        """Whose token it is."""
        name = self._me(client)
        return (remark(f"Connecté : {name}.", f"Signed in: {name}."),)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Nothing is said at the club; each page takes a question."""
        yield Page((), f"{since}{self._me(client)[:1]}")

    def _me(self, client: Client) -> str:
        header = self._access.grant(client).header
        answer = client.read(f"{self._settings.address}/me", headers=header)
        return asking.parsed(_Me, asking.told(answer)).name

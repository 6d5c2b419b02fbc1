"""Trustpilot: the service reviews of a business unit and the company's reply to each, by the API v1.

Reviews are read through the public part of the API, with a key: the private part would add the e-mail and
the order of each author, which nobody needs here. It lists them by their publication, the newest first, and
so they are brought (`veilleur.listening.reviews`). A review has one reply, which a POST creates or replaces:
the review is read first, and a reply that says something else is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints, model_validator

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import asking, oauth2, reviews
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Heard, Page, Remark, Sent
from veilleur.listening.files.row import storable
from veilleur.listening.reviews import Listing, Memory, Review
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Rating, Words

API = "https://api.trustpilot.com"
TOKENS = "/v1/oauth/oauth-business-users-for-applications/accesstoken"
SITE = "https://www.trustpilot.com/reviews"
PAGE = 100
MOST_PAGES = 1000
"""Trustpilot lists no more than 100,000 reviews."""
WINDOW = 100
"""Reviews that are remembered, and read again each time."""
_ID = re.compile(r"[A-Za-z0-9]{1,100}")
_PAGE = re.compile(r"[1-9][0-9]{0,8}")


def _plain(given: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]*", given.get_secret_value()):
        raise ValueError("letters, digits and signs without blanks")
    return given


class TrustpilotSettings(AccountSettings):
    """What an account needs: a key to read; the secret and a user to answer as well."""

    business_unit: Annotated[
        str,
        asked(
            "Identifiant de l’entreprise (Business Unit ID)",
            "Business Unit ID",
            fr_help="24 chiffres et lettres de a à f ; la page d’aide dit où les lire.",
            en_help="24 digits and letters from a to f; the help page says where to read them.",
        ),
        StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[0-9a-f]{24}\z"),
    ]
    key: Annotated[
        SecretStr,
        asked(
            "Clé d’API",
            "API key",
            fr_help="Suffit pour lire : Trustpilot Business, « Intégrations », « API ».",
            en_help="Enough to read: Trustpilot Business, “Integrations”, “APIs”.",
            min_length=8,
            max_length=200,
        ),
        AfterValidator(_plain),
    ]
    secret: Annotated[
        SecretStr,
        asked(
            "Code secret de la clé",
            "API secret",
            fr_help="Pour répondre, avec le champ qui suit ; affiché à côté de la clé.",
            en_help="To answer, with the field below; shown next to the key.",
            max_length=200,
        ),
    ] = SecretStr("")
    user: Annotated[
        str,
        asked(
            "Identifiant de l’utilisateur qui répond (User ID)",
            "User ID of whoever answers",
            fr_help="Sur la page de profil de cette personne, dans Trustpilot Business.",
            en_help="On the profile page of that person, in Trustpilot Business.",
        ),
        StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^([0-9a-f]{24})?\z"),
    ] = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.secret.get_secret_value()) != bool(self.user):
            raise ValueError("answering takes both, the API secret and a user")
        return self


class _Consumer(Shape):
    id: Said = ""


class _Unit(Shape):
    title: Annotated[Said, Field(alias="displayName")] = ""


class _Reply(Shape):
    text: Said = ""
    created: Annotated[Said, Field(alias="createdAt")] = ""


class _Review(Shape):
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,100}\z")]
    stars: Any = None
    title: Said = ""
    text: Said = ""
    language: Said = ""
    created: Annotated[Said, Field(alias="createdAt")] = ""
    consumer: _Consumer | None = None
    unit: Annotated[_Unit | None, Field(alias="businessUnit")] = None
    reply: Annotated[_Reply | None, Field(alias="companyReply")] = None

    @property
    def url(self) -> str:
        """Where the public reads it."""
        return f"{SITE}/{self.id}"


class _Link(Shape):
    rel: Said = ""


class _Listed(Shape):
    reviews: Any = None
    links: Any = None


class _Count(Shape):
    total: Any = None


class _Company(Shape):
    title: Annotated[Said, Field(alias="displayName")] = ""
    count: Annotated[_Count | None, Field(alias="numberOfReviews")] = None


class Trustpilot:
    """Keeps `Connector`."""

    name: ClassVar[str] = "trustpilot"
    title: ClassVar[Words] = Words({"fr": "Trustpilot", "en": "Trustpilot"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.REVIEWS,
            Capability.EDITS,
            Capability.DELETIONS,
            Capability.BACKFILL,
            Capability.REPLY,
            Capability.READ_BACK,
        }
    )
    limits: ClassVar[Sequence[Words]] = (
        Words(
            {
                "fr": "Il faut une offre Trustpilot avec le module API. Les lectures y sont comptées à "
                "l’année : 200 000 pour la moins chère, soit une toutes les trois minutes.",
                "en": "It takes a Trustpilot plan with the API module. Readings are counted by the year: "
                "200,000 for the cheapest, one every three minutes.",
            }
        ),
        Words(
            {
                "fr": "Avec la clé seule on lit ; pour répondre, il faut aussi son code secret et un "
                "utilisateur. Une réponse par avis ; une réponse déjà là n’est pas remplacée.",
                "en": "With the key alone one reads; answering takes its secret and a user as well. One "
                "reply a review; a reply that is there is not replaced.",
            }
        ),
        Words(
            {
                "fr": f"Modifications, suppressions et réponses se remarquent parmi les {WINDOW} derniers "
                "avis ; plus bas, non. On ne peut ni masquer ni retirer un avis.",
                "en": f"Edits, deletions and replies are noticed among the newest {WINDOW} reviews; not "
                "below. Reviews can be neither hidden nor removed.",
            }
        ),
        Words(
            {
                "fr": "Avis sur l’entreprise seulement, pas sur ses produits. Les notifications de "
                "Trustpilot (webhooks) ne sont pas écoutées.",
                "en": "Reviews of the company only, not of its products. Trustpilot’s notifications "
                "(webhooks) are not listened to.",
            }
        ),
        Words(
            {
                "fr": "Écrit d’après la référence publiée par Trustpilot ; non éprouvé sur le vrai réseau.",
                "en": "Written to the reference that Trustpilot publishes; not proven on the real network.",
            }
        ),
    )
    settings: ClassVar[type[BaseModel]] = TrustpilotSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(self, settings: TrustpilotSettings, *, api: str = API) -> None:
        """Connects to nothing yet."""
        self._settings, self._api = settings, api
        self._key = settings.key.get_secret_value()
        headers = oauth2.basic(self._key, settings.secret.get_secret_value())
        self._tokens = oauth2.Tokens(f"{api}{TOKENS}", {"grant_type": "client_credentials"}, headers)

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether the company is found and its reviews can be read, and whether replies may leave."""
        try:
            return (self._checked_reading(client), self._checked_sign_in(client))
        except NetworkRefused as error:
            said = {"fr": f"Trustpilot refuse : {error}", "en": f"Trustpilot refuses: {error}"}
            return (Remark(Words(said), is_good=False),)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Page after page, the newest reviews first."""
        unit = self._settings.business_unit
        before = reviews.memories(since).get(unit, Memory())

        def ask(token: str) -> Listing:
            return self._listing(token or "1", client)

        def is_gone(name: str) -> bool:
            return self._found(name, client) is None

        for items, memory in reviews.walk(before, ask, is_gone, WINDOW):
            yield Page(items, reviews.cursor({unit: memory}))

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Replies to a review that has no reply."""
        if not self._settings.user:
            raise CredentialsRefused("an API key only reads: fill in the API secret and the user")
        review, said = self._found(answered.external_id, client), storable(text)
        if review is None:
            raise NetworkRefused("this review is not on Trustpilot any more")
        if review.reply is None:
            self._post(review.id, said, client)
        elif not reviews.is_same(review.reply.text, said):
            raise NetworkRefused("this review has a reply already: change or delete it on Trustpilot")
        return Sent(reviews.reply_id(review.id), review.url)

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The reply to a review, if it has these words."""
        review = self._found(answered.external_id, client)
        if review is None or review.reply is None or not reviews.is_same(review.reply.text, storable(text)):
            return None
        return Sent(reviews.reply_id(review.id), review.url)

    def _checked_reading(self, client: Client) -> Remark:
        unit = self._settings.business_unit
        company = asking.parsed(_Company, self._get(f"business-units/{unit}", {}, client))
        self._listing("1", client)
        name = company.title or unit
        total = company.count.total if company.count and isinstance(company.count.total, int) else "?"
        said = {
            "fr": f"« {name} » : {total} avis se lisent.",
            "en": f"“{name}”: {total} reviews can be read.",
        }
        return Remark(Words(said))

    def _checked_sign_in(self, client: Client) -> Remark:
        if not self._settings.user:
            said = {
                "fr": "Une clé d’API seule : on lit, on ne peut pas répondre.",
                "en": "An API key alone: reading works, answering does not.",
            }
            return Remark(Words(said))
        self._tokens.grant(client)
        said = {
            "fr": f"Les réponses partiront au nom de l’utilisateur {self._settings.user}.",
            "en": f"Replies will leave in the name of the user {self._settings.user}.",
        }
        return Remark(Words(said))

    def _listing(self, page: str, client: Client) -> Listing:
        if not _PAGE.fullmatch(page):
            raise NetworkRefused(f"this is no number of a page: {page[:20]!r}")
        params = {"page": page, "perPage": str(PAGE), "orderBy": "createdat.desc"}
        params["includeReportedReviews"] = "true"
        address = f"business-units/{self._settings.business_unit}/reviews"
        told = asking.parsed(_Listed, self._get(address, params, client))
        found = tuple(_read(review) for review in asking.each(_Review, told.reviews))
        return Listing(found, _next(told, int(page)))

    def _found(self, name: str, client: Client) -> _Review | None:
        """A review by its id; None when Trustpilot does not give it."""
        if not _ID.fullmatch(name):
            return None
        try:
            return asking.parsed(_Review, self._get(f"reviews/{name}", {}, client))
        except NetworkRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def _get(self, what: str, params: Mapping[str, str], client: Client) -> dict[str, Any]:
        answer = client.read(f"{self._api}/v1/{what}", headers={"apikey": self._key}, params=params)
        return asking.told(answer)

    def _post(self, review: str, text: str, client: Client) -> None:
        address = f"{self._api}/v1/private/reviews/{review}/reply"
        body = {"authorBusinessUserId": self._settings.user, "message": text}
        client.change("POST", address, headers=self._tokens.grant(client).header, json=body)


def _next(told: _Listed, page: int) -> str:
    """The number of the page after one; empty when there is none."""
    count = len(told.reviews) if isinstance(told.reviews, list) else 0
    links = asking.each(_Link, told.links) if isinstance(told.links, list) else []
    goes_on = count >= PAGE or any(link.rel.startswith("next") for link in links)
    return str(page + 1) if count and goes_on and page < MOST_PAGES else ""


def _read(review: _Review) -> Review:
    moment = asking.moment(review.created)
    heard = Heard(
        review.id,
        review.text,
        author=review.consumer.id if review.consumer else "",
        title=review.title,
        url=review.url,
        place=review.unit.title if review.unit else "",
        language=review.language,
        published_at=moment,
        rating=_rating(review.stars),
    )
    return Review(heard, moment.timestamp() if moment else 0.0, _own(review.reply, heard))


def _own(reply: _Reply | None, heard: Heard) -> Heard | None:
    if reply is None or not reply.text:
        return None
    return Heard(
        reviews.reply_id(heard.id),
        reply.text,
        url=heard.url,
        place=heard.place,
        parent=heard.id,
        thread=heard.id,
        published_at=asking.moment(reply.created),
        is_own=True,
    )


def _rating(stars: object) -> Rating | None:
    if isinstance(stars, bool) or not isinstance(stars, int | float) or not 1 <= stars <= 5:
        return None
    return Rating(float(stars), worst=1, best=5)

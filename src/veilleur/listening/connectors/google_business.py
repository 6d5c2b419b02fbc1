"""Google Business Profile: the reviews of one's own places and the reply to each, by the API v4.

The API lists the reviews of a location by their last change, the newest first, and so they are brought
(`veilleur.listening.reviews`). A review has one reply, which a PUT creates or replaces: the review is read
first, and a reply that says something else is left alone. Google looks at a reply before it publishes it:
one that it rejects counts as not published, and the reason is told.

`KEEPS_KEYS` is not claimed although nothing can be published twice: a PUT that arrives late would replace
what a person wrote meanwhile, so that nothing is sent again before an earlier call is over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

from veilleur.errors import CredentialsRefused, NetworkRefused, OutcomeUnknown
from veilleur.listening import asking, google, reviews
from veilleur.listening.asking import Answer, Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Answered, Capability, Heard, Page, Remark, Sent
from veilleur.listening.files.row import storable
from veilleur.listening.oauth2 import Access, Scope, SignIn
from veilleur.listening.reviews import Listing, Memory, Review
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Rating, Words

API = "https://mybusiness.googleapis.com"
SCOPE = Scope(
    "https://www.googleapis.com/auth/business.manage",
    Words({"fr": "lire les avis des fiches et y répondre", "en": "read the reviews and reply"}),
)
PAGE = 50
WINDOW = 100
"""Reviews of a location that are remembered, and read again each time."""
MOST_REMEMBERED = 300
"""Of all locations together."""
MOST_LOCATIONS = 10
LONGEST_REPLY = 4096
"""Bytes of UTF-8."""
STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
PENDING, REJECTED = "PENDING", "REJECTED"
TRANSLATED, ORIGINAL = "(Translated by Google)", "\n\n(Original)\n"
NO_ACCESS = "Google has not given this project access to the Business Profile API: its quota is 0"
VIOLATIONS: Mapping[str, Words] = {
    "PERSONAL_INFO": Words({"fr": "données personnelles ou médicales", "en": "personal or medical data"}),
    "PRIVACY": Words({"fr": "vie privée", "en": "privacy"}),
    "ADVERTISING_AND_SOLICITATION": Words({"fr": "publicité", "en": "advertising"}),
    "REGULATED_GOODS_AND_SERVICES": Words({"fr": "produits réglementés", "en": "regulated goods"}),
    "OFF_TOPIC": Words({"fr": "hors sujet", "en": "off topic"}),
    "REPETITIVE": Words({"fr": "contenu répétitif", "en": "repetitive content"}),
    "GIBBERISH_AND_REPETITIVE": Words({"fr": "contenu répétitif ou obscur", "en": "unclear or repetitive"}),
    "OFFENSIVE": Words({"fr": "propos offensants", "en": "offensive content"}),
    "HARASSMENT": Words({"fr": "harcèlement", "en": "harassment"}),
    "MISINFORMATION": Words({"fr": "informations fausses", "en": "misinformation"}),
    "EDITING_RESTRICTION": Words({"fr": "fiche fermée aux modifications", "en": "profile closed to edits"}),
    "LOCATION_SUSPENDED": Words({"fr": "fiche suspendue", "en": "profile suspended"}),
    "MODERATION_ERROR": Words({"fr": "panne de l’examen", "en": "the examination failed"}),
}
"""Why Google rejects replies, of its longer list; a reason that is not here is shown as Google calls it."""
_ACCOUNT = re.compile(r"(?:accounts/)?([0-9]{1,25})")
_LOCATION = re.compile(r"(?:locations/)?([0-9]{1,25})(?:\s+(\S.{0,99}))?")
_ID = re.compile(r"([0-9]{1,25})/([A-Za-z0-9_.=-]{1,160})")


def _account(given: str) -> str:
    found = _ACCOUNT.fullmatch(given.strip())
    if found is None:
        raise ValueError("the number of a Business Profile account, such as 104567890123456789012")
    return found[1]


def _locations(given: tuple[str, ...]) -> tuple[str, ...]:
    found = {line: _LOCATION.fullmatch(line.strip()) for line in given if line.strip()}
    odd = [line for line, match in found.items() if match is None]
    if odd or not found:
        raise ValueError(f"a number and, if you like, a name on each line: {' '.join(odd)[:80]}")
    named = {match[1]: match[2] or "" for match in found.values() if match}
    return tuple(f"{number} {name}".strip() for number, name in named.items())


class GoogleBusinessSettings(AccountSettings):
    """What an account needs."""

    account: Annotated[
        str,
        asked(
            "Numéro du compte de fiches",
            "Number of the Business Profile account",
            fr_help="Une vingtaine de chiffres, ceux d’« accounts/… » ; la page d’aide dit où les lire.",
            en_help="About twenty digits, those of “accounts/…”; the help page says where to read them.",
            max_length=60,
        ),
        AfterValidator(_account),
    ]
    locations: Annotated[
        tuple[str, ...],
        asked(
            "Établissements, un par ligne : le numéro de la fiche, puis son nom",
            "Places, one a line: the number of the profile, then its name",
            fr_help="Fiche d’établissement, « Paramètres avancés », « ID de fiche d’établissement ».",
            en_help="Business Profile, “Advanced settings”, “Business Profile ID”.",
            max_length=MOST_LOCATIONS,
        ),
        AfterValidator(_locations),
    ]
    client_id: Annotated[
        str,
        asked(
            "Identifiant client OAuth",
            "OAuth client ID",
            fr_help="Console Google Cloud, « Identifiants » ; Google doit avoir ouvert l’API au projet.",
            en_help="Google Cloud console, “Credentials”; Google must have opened the API to the project.",
            min_length=1,
            max_length=300,
        ),
    ]
    client_secret: Annotated[
        SecretStr, asked("Code secret du client OAuth", "OAuth client secret", min_length=1, max_length=300)
    ]
    refresh_token: Annotated[
        SecretStr,
        asked(
            "Jeton d’actualisation OAuth",
            "OAuth refresh token",
            fr_help="Vide : on se connecte à l’étape suivante. Sinon, un jeton déjà donné par un "
            "gérant des fiches, avec l’autorisation « business.manage ».",
            en_help="Empty: one signs in at the next step. Otherwise one that a manager of the profiles "
            "granted, with the scope “business.manage”.",
            max_length=600,
        ),
    ] = SecretStr("")

    @property
    def places(self) -> dict[str, str]:
        """Number → name of each location."""
        split = [line.partition(" ") for line in self.locations]
        return {number: name for number, _blank, name in split}


class _Metadata(Shape):
    quota: Annotated[Said, Field(alias="quota_limit_value")] = ""


class _Detail(Shape):
    metadata: _Metadata


class _Error(Shape):
    details: Any = None


class _Refusal(Shape):
    error: _Error


class _Reviewer(Shape):
    name: Annotated[Said, Field(alias="displayName")] = ""
    is_anonymous: Annotated[Any, Field(alias="isAnonymous")] = False


class _Reply(Shape):
    comment: Said = ""
    updated: Annotated[Said, Field(alias="updateTime")] = ""
    state: Annotated[Said, Field(alias="reviewReplyState")] = ""
    violation: Annotated[Said, Field(alias="policyViolation")] = ""

    @property
    def is_rejected(self) -> bool:
        """Google does not publish it."""
        return self.state == REJECTED

    @property
    def reason(self) -> Words:
        """Why it is rejected."""
        code = self.violation or "?"
        return VIOLATIONS.get(code) or Words({"fr": code, "en": code})


class _Review(Shape):
    id: Annotated[str, Field(alias="reviewId"), StringConstraints(pattern=r"^[A-Za-z0-9_.=-]{1,160}\z")]
    reviewer: _Reviewer | None = None
    stars: Annotated[Said, Field(alias="starRating")] = ""
    comment: Said = ""
    created: Annotated[Said, Field(alias="createTime")] = ""
    updated: Annotated[Said, Field(alias="updateTime")] = ""
    reply: Annotated[_Reply | None, Field(alias="reviewReply")] = None
    url: Annotated[Said, Field(alias="reviewReplyUrl")] = ""


class _Listed(Shape):
    reviews: Any = None
    next: Annotated[Said, Field(alias="nextPageToken")] = ""
    total: Annotated[Any, Field(alias="totalReviewCount")] = None


class GoogleBusiness:
    """Keeps `Connector`."""

    name: ClassVar[str] = "google_business"
    title: ClassVar[Words] = Words(
        {"fr": "Avis Google (fiche d’établissement)", "en": "Google reviews (Business Profile)"}
    )
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
                "fr": "Google ne donne de l’auteur que son nom : deux homonymes comptent pour une seule "
                "personne, et un avis anonyme n’en a aucune.",
                "en": "Google gives the name of an author only: two people of one name count as one, and an "
                "anonymous review has nobody.",
            }
        ),
        Words(
            {
                "fr": f"Une réponse par avis, de {LONGEST_REPLY} octets au plus, que Google examine avant de "
                "la publier. Une réponse déjà là n’est pas remplacée : on la change chez Google.",
                "en": f"One reply a review, of {LONGEST_REPLY} bytes at most, which Google examines before "
                "publishing it. A reply that is there is not replaced: change it on Google.",
            }
        ),
        Words(
            {
                "fr": "On ne peut ni masquer ni retirer un avis. Un avis modifié se remarque toujours ; un "
                f"avis supprimé, ou une réponse changée, parmi les {WINDOW} derniers de chaque fiche "
                f"({MOST_REMEMBERED} en tout).",
                "en": "Reviews can be neither hidden nor removed. An edited review is always noticed; one "
                f"that is deleted, or a changed reply, among the newest {WINDOW} of each profile "
                f"({MOST_REMEMBERED} in all).",
            }
        ),
        Words(
            {
                "fr": "Les fiches doivent être validées, et l’accès à l’API demandé à Google. Les "
                "notifications de Google (Pub/Sub) ne sont pas écoutées : il est interrogé au rythme choisi.",
                "en": "Profiles must be verified, and access to the API applied for. Notifications by Google "
                "(Pub/Sub) are not listened to: it is asked at the chosen rhythm.",
            }
        ),
        Words(
            {
                "fr": "Écrit d’après la référence publiée par Google ; non éprouvé sur le vrai réseau.",
                "en": "Written to the reference that Google publishes; not proven on the real network.",
            }
        ),
    )
    settings: ClassVar[type[BaseModel]] = GoogleBusinessSettings
    seconds: ClassVar[float] = 3 * 60.0

    def __init__(
        self,
        settings: GoogleBusinessSettings,
        *,
        access: Access | None = None,
        api: str = API,
        tokens: str = google.TOKENS,
    ) -> None:
        """Connects to nothing yet."""
        self._settings, self._api, self._places = settings, api, settings.places
        self._access = access or google.typed(
            settings.client_id, settings.client_secret, settings.refresh_token, tokens
        )

    @staticmethod
    def sign_in(settings: GoogleBusinessSettings) -> SignIn | None:
        """See `SignsIn`."""
        if settings.refresh_token.get_secret_value():
            return None
        return google.sign_in(settings.client_id, settings.client_secret, SCOPE)

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether each location can be read, and which of its newest replies wait or were rejected."""
        try:
            return tuple(remark for location in self._places for remark in self._checked(location, client))
        except CredentialsRefused as error:
            said = {"fr": f"Google refuse ces accès : {error}", "en": f"Google refuses access: {error}"}
            return (Remark(Words(said), is_good=False),)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """Page after page of each location; one that Google refuses is told of after the others were read."""
        before = reviews.memories(since)
        known = {location: before.get(location, Memory()) for location in self._places}
        refused: NetworkRefused | None = None
        for location in self._places:
            try:
                yield from self._walk(location, known, client)
            except CredentialsRefused:
                raise
            except NetworkRefused as error:
                refused = NetworkRefused(f"{self._called(location)}: {error}")
        if refused is not None:
            raise refused

    def reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent:  # noqa: ARG002
        """Replies to a review that has no reply; one that Google rejected may be replaced by other words."""
        said = storable(text)
        if len(said.encode()) > LONGEST_REPLY:
            raise NetworkRefused(f"a reply of {len(said.encode())} bytes: Google takes {LONGEST_REPLY}")
        review = self._review(answered.external_id, client)
        there = review.reply
        if there is not None and reviews.is_same(there.comment, said):
            return _sent(answered, there, review.url)
        if there is not None and not there.is_rejected:
            raise NetworkRefused("this review has a reply already: change or delete it on Google")
        made = self._put(answered.external_id, said, client)
        return _sent(answered, made, review.url)

    def find_reply(self, answered: Answered, text: str, key: str, client: Client) -> Sent | None:  # noqa: ARG002
        """The reply to a review if it has these words, unless Google rejected it."""
        try:
            review = self._review(answered.external_id, client)
        except google.Missing:
            return None
        there = review.reply
        if there is None or there.is_rejected or not reviews.is_same(there.comment, storable(text)):
            return None
        return _sent(answered, there, review.url)

    def _checked(self, location: str, client: Client) -> Iterator[Remark]:
        name = self._called(location)
        try:
            told = self._list(location, "", client)
        except CredentialsRefused:
            raise
        except NetworkRefused as error:
            yield Remark(Words({"fr": f"{name} : {error}", "en": f"{name}: {error}"}), is_good=False)
            return
        listed = asking.each(_Review, told.reviews)
        total = told.total if isinstance(told.total, int) else len(listed)
        said = {"fr": f"{name} : {total} avis se lisent.", "en": f"{name}: {total} reviews can be read."}
        yield Remark(Words(said))
        yield from _examined(name, [review.reply for review in listed if review.reply is not None])

    def _walk(self, location: str, known: dict[str, Memory], client: Client) -> Iterator[Page]:
        most = min(WINDOW, MOST_REMEMBERED // len(self._places))

        def ask(token: str) -> Listing:
            told = self._list(location, token, client)
            found = asking.each(_Review, told.reviews)
            return Listing(tuple(self._read(review, location) for review in found), told.next)

        def is_gone(name: str) -> bool:
            try:
                self._review(name, client)
            except google.Missing:
                return True
            return False

        for items, memory in reviews.walk(known[location], ask, is_gone, most):
            known[location] = memory
            yield Page(items, reviews.cursor(known))

    def _read(self, review: _Review, location: str) -> Review:
        moment = asking.moment(review.updated or review.created)
        heard = Heard(
            f"{location}/{review.id}",
            original(review.comment),
            author=_author(review.reviewer),
            url=_web(review.url),
            place=self._places[location],
            published_at=asking.moment(review.created),
            rating=_rating(review.stars),
        )
        return Review(heard, moment.timestamp() if moment else 0.0, _own(review.reply, heard))

    def _list(self, location: str, token: str, client: Client) -> _Listed:
        params = {"pageSize": str(PAGE), "orderBy": "updateTime desc"}
        params |= {"pageToken": token} if token else {}
        return asking.parsed(_Listed, self._get(f"{self._parent(location)}/reviews", params, client))

    def _review(self, name: str, client: Client) -> _Review:
        return asking.parsed(_Review, self._get(self._address(name), {}, client))

    def _get(self, address: str, params: Mapping[str, str], client: Client) -> dict[str, Any]:
        answer = client.read(
            address, headers=lambda: self._access.grant(client).header, params=params, judged=judge
        )
        return asking.told(answer)

    def _put(self, name: str, text: str, client: Client) -> _Reply:
        address, headers = f"{self._address(name)}/reply", self._access.grant(client).header
        answer = client.change("PUT", address, headers=headers, json={"comment": text}, judged=judge)
        try:
            return asking.parsed(_Reply, asking.told(answer))
        except NetworkRefused as error:
            raise OutcomeUnknown("Google took the reply and does not say what became of it") from error

    def _parent(self, location: str) -> str:
        return f"{self._api}/v4/accounts/{self._settings.account}/locations/{location}"

    def _address(self, name: str) -> str:
        found = _ID.fullmatch(name)
        if found is None or found[1] not in self._places:
            raise google.Missing(f"this is no review of these profiles: {name[:60]!r}")
        return f"{self._parent(found[1])}/reviews/{found[2]}"

    def _called(self, location: str) -> str:
        return self._places[location] or location


def judge(answer: Answer) -> None:
    """As `google.judge`; a quota of 0 is that of a project that was never let in."""
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and "0" in _quotas(answer):
        raise CredentialsRefused(NO_ACCESS)
    google.judge(answer)


def _quotas(answer: Answer) -> list[str]:
    try:
        error = asking.parsed(_Refusal, asking.told(answer)).error
        return [one.metadata.quota for one in asking.each(_Detail, error.details)]
    except NetworkRefused:
        return []


def original(comment: str) -> str:
    r"""A review in the words of its author: Google may put its translation before or after.

    >>> original("(Translated by Google) Warm welcome\n\n(Original)\nAccueil chaleureux")
    'Accueil chaleureux'
    >>> original("Accueil chaleureux\n\n(Translated by Google)\nWarm welcome")
    'Accueil chaleureux'
    """
    if comment.startswith(TRANSLATED):
        return comment.partition(ORIGINAL)[2] or comment
    return comment.partition(f"\n\n{TRANSLATED}")[0]


def _rating(stars: str) -> Rating | None:
    return Rating(float(STARS[stars]), worst=1, best=5) if stars in STARS else None


def _author(reviewer: _Reviewer | None) -> str:
    return "" if reviewer is None or reviewer.is_anonymous else reviewer.name


def _own(reply: _Reply | None, heard: Heard) -> Heard | None:
    """A reply that is published or about to be."""
    if reply is None or reply.is_rejected or not reply.comment:
        return None
    return Heard(
        reviews.reply_id(heard.id),
        reply.comment,
        url=heard.url,
        place=heard.place,
        parent=heard.id,
        thread=heard.id,
        published_at=asking.moment(reply.updated),
        is_own=True,
    )


def _sent(answered: Answered, reply: _Reply, url: str) -> Sent:
    """Raises `NetworkRefused` for a reply that Google rejected."""
    if reply.is_rejected:
        raise NetworkRefused(f"Google rejected this reply: {reply.reason.say('en')}")
    return Sent(reviews.reply_id(answered.external_id), _web(url))


def _examined(name: str, replies: Sequence[_Reply]) -> Iterator[Remark]:
    """What Google's examination makes of the newest replies."""
    waiting = sum(reply.state == PENDING for reply in replies)
    if waiting:
        said = {
            "fr": f"{name} : réponses que Google examine encore : {waiting}.",
            "en": f"{name}: replies that Google still looks at: {waiting}.",
        }
        yield Remark(Words(said))
    rejected = [reply.reason for reply in replies if reply.is_rejected]
    if rejected:
        told = {language: _counted(rejected, language) for language in ("fr", "en")}
        said = {
            "fr": f"{name} : réponses que Google a refusées : {told['fr']}.",
            "en": f"{name}: replies that Google rejected: {told['en']}.",
        }
        yield Remark(Words(said), is_good=False)


def _counted(reasons: Sequence[Words], language: str) -> str:
    counts = Counter(reason.say(language) for reason in reasons)
    return ", ".join(f"{count} ({reason})" for reason, count in counts.most_common())


def _web(address: str) -> str:
    return address if address.startswith(("https://", "http://")) else ""

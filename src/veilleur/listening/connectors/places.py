"""Google Places: the few reviews that Google shows of a place, by Place Details (New) v1.

Google gives at most five reviews of a place, those that it finds most relevant; which ones, changes. They are
read again each time, and brought when they are new or different. The cursor is a JSON object:
place id → name of each review shown → digest of what it said.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from veilleur.errors import CredentialsRefused, NetworkRefused
from veilleur.listening import asking, google
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import Capability, Heard, Page, Remark, remark, said
from veilleur.listening.remembering import digest
from veilleur.listening.settings import AccountSettings, asked
from veilleur.vocabulary import Rating, Words

API = "https://places.googleapis.com"
MASK = "displayName,googleMapsUri,reviews"
CHECK_MASK = "displayName"
MOST_PLACES = 30
LONGEST_NAME = 200
_CONTRIBUTOR = re.compile(r"/maps/contrib/(\d+)")
_CURSOR = TypeAdapter(dict[str, dict[str, str]])
_PLACE_ID = re.compile(r"[A-Za-z0-9_-]{10,300}")


def _place_ids(given: tuple[str, ...]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(line.strip() for line in given if line.strip()))
    odd = [one for one in ids if not _PLACE_ID.fullmatch(one)]
    if odd or not ids:
        raise ValueError(f"place ids such as ChIJD7fiBh9u5kcRYJSMaMOCCwQ, one a line: {' '.join(odd)[:80]}")
    return ids


class PlacesSettings(AccountSettings):
    """What an account needs."""

    key: Annotated[
        SecretStr,
        asked(
            "Clé d’API Google",
            "Google API key",
            fr_help="Console Google Cloud, « Identifiants » ; « Places API (New) » doit y être activée.",
            en_help="Google Cloud console, “Credentials”; “Places API (New)” must be enabled there.",
            min_length=10,
            max_length=200,
        ),
    ]
    places: Annotated[
        tuple[str, ...],
        asked(
            "Identifiants des lieux, un par ligne",
            "Place IDs, one a line",
            fr_help="Le « Place ID Finder » de Google les donne ; ils commencent souvent par « ChIJ ».",
            en_help="Google’s “Place ID Finder” gives them; they often begin with “ChIJ”.",
            max_length=MOST_PLACES,
        ),
        AfterValidator(_place_ids),
    ]


class _Text(Shape):
    text: Said = ""
    language: Annotated[Said, Field(alias="languageCode")] = ""


class _Author(Shape):
    uri: Said = ""


class _Review(Shape):
    name: Annotated[str, Field(min_length=1)]
    rating: Any = None
    text: _Text = _Text()
    original: Annotated[_Text, Field(alias="originalText")] = _Text()
    published: Annotated[Said, Field(alias="publishTime")] = ""
    author: Annotated[_Author, Field(alias="authorAttribution")] = _Author()
    url: Annotated[Said, Field(alias="googleMapsUri")] = ""


class _Place(Shape):
    title: Annotated[_Text, Field(alias="displayName")] = _Text()
    url: Annotated[Said, Field(alias="googleMapsUri")] = ""
    reviews: Any = None


class Places:
    """Keeps `Connector`."""

    name: ClassVar[str] = "places"
    title: ClassVar[Words] = said("Avis Google (Places)", "Google reviews (Places)")
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.REVIEWS, Capability.EDITS})
    limits: ClassVar[Sequence[Words]] = (
        said(
            "Google ne donne que cinq avis par lieu, au plus, et choisit lesquels ; un avis qui "
            "n’y est plus n’est pas forcément supprimé.",
            "Google gives five reviews a place at most, and chooses which; one that is not "
            "among them any more need not be deleted.",
        ),
        said(
            "On lit seulement : pour répondre, il faut la fiche d’établissement.",
            "Reading only: answering takes the Business Profile of the place.",
        ),
        said(
            "Les conditions de Google Maps restreignent la conservation de ces avis : faites-les "
            "lire avant de connecter. Chaque lecture d’un lieu est facturée.",
            "The terms of Google Maps restrict the keeping of these reviews: have them read "
            "before you connect. Each reading of a place is billed.",
        ),
        said(
            "Écrit d’après le contrat publié par Google ; non éprouvé en conditions réelles.",
            "Written to the contract that Google publishes; not proven live.",
        ),
    )
    settings: ClassVar[type[BaseModel]] = PlacesSettings
    seconds: ClassVar[float] = 60.0

    def __init__(self, settings: PlacesSettings, *, api: str = API) -> None:
        """Connects to nothing yet."""
        self._settings, self._api = settings, api

    def check(self, client: Client) -> Sequence[Remark]:
        """Whether the key opens each place; asks for names only, which costs less than reviews."""
        remarks = []
        for place in self._settings.places:
            try:
                title = self._place(place, CHECK_MASK, client).title.text or place
                remarks.append(remark(f"« {title} » est trouvé.", f"“{title}” is found."))
            except CredentialsRefused as error:
                return (
                    remark(
                        f"Google refuse la clé, ou « Places API (New) » n’est pas activée : {error}",
                        f"Google refuses the key, or “Places API (New)” is not enabled: {error}",
                        is_good=False,
                    ),
                )
            except NetworkRefused as error:
                remarks.append(remark(f"Lieu {place} : {error}", f"Place {place}: {error}", is_good=False))
        return tuple(remarks)

    def fetch(self, since: str, client: Client) -> Iterator[Page]:
        """A page for each place; one that Google refuses is told of after the others were read."""
        known = _known(since)
        refused: NetworkRefused | None = None
        for place in self._settings.places:
            try:
                told = self._place(place, MASK, client)
            except CredentialsRefused:
                raise
            except NetworkRefused as error:
                refused = NetworkRefused(f"{place}: {error}")
                continue
            items = tuple(_heard(review, told) for review in asking.each(_Review, told.reviews))
            shown = {item.id: _digest(item) for item in items}
            before = known.get(place, {})
            known = known | {place: shown}
            changed = tuple(item for item in items if before.get(item.id) != shown[item.id])
            yield Page(changed, json.dumps(known, separators=(",", ":")))
        if refused is not None:
            raise refused

    def _place(self, place: str, mask: str, client: Client) -> _Place:
        headers = {"X-Goog-Api-Key": self._settings.key.get_secret_value(), "X-Goog-FieldMask": mask}
        address = f"{self._api}/v1/places/{quote(place, safe='')}"
        answer = client.read(address, headers=headers, params={"languageCode": "fr"}, judged=google.judge)
        return asking.parsed(_Place, asking.told(answer))


def _heard(review: _Review, place: _Place) -> Heard:
    said = review.original if review.original.text else review.text
    contributor = _CONTRIBUTOR.search(review.author.uri)
    return Heard(
        _id(review.name),
        said.text,
        author=contributor[1] if contributor else review.author.uri,
        url=review.url or place.url,
        place=place.title.text,
        language=said.language,
        published_at=asking.moment(review.published),
        rating=_rating(review.rating),
    )


def _id(name: str) -> str:
    """The name of a review; names that are too long to be kept end in a digest."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 41]}#{hashlib.sha256(name.encode()).hexdigest()[:40]}"


def _rating(given: object) -> Rating | None:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 1 <= given <= 5:
        return None
    return Rating(float(given), worst=1, best=5)


def _digest(item: Heard) -> str:
    return digest(json.dumps([item.text, item.rating.value if item.rating else None]))


def _known(cursor: str) -> dict[str, dict[str, str]]:
    """What a cursor holds; nothing when it cannot be read."""
    try:
        return _CURSOR.validate_json(cursor)
    except ValidationError:
        return {}

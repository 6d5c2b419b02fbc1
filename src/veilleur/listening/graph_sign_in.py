"""Signing in to Meta: a code becomes a token of an hour, then one that lasts, then one of the page.

The token of a page has no end of its own; what is read with it ends when Meta's access to data does, ninety
days after the person signed in. Instagram's own sign-in gives tokens of sixty days, which are renewed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from veilleur.errors import NetworkRefused
from veilleur.listening import asking, graph
from veilleur.listening.asking import Said, Shape
from veilleur.listening.client import Client
from veilleur.listening.connector import said
from veilleur.listening.oauth2 import Application, Grant, Scope, SignIn, Step, granted, scopes_of

AUTHORIZE = "https://www.facebook.com/v26.0/dialog/oauth"
INSTAGRAM_AUTHORIZE = "https://www.instagram.com/oauth/authorize"
INSTAGRAM_TOKENS = "https://api.instagram.com/oauth/access_token"
INSTAGRAM_GRAPH = "https://graph.instagram.com"
WEEK = timedelta(days=7)
"""Instagram's tokens are renewed so long before their end."""
READ_COMMENTS = said("lire les publications et leurs commentaires", "read posts and their comments")
ACT = said("répondre, masquer et supprimer", "answer, hide and delete")
PAGE_RIGHTS = (
    Scope("pages_show_list", said("trouver la page", "find the page")),
    Scope("pages_read_engagement", READ_COMMENTS),
    Scope("pages_read_user_content", said("lire ce qu’écrivent les visiteurs", "read what visitors write")),
    Scope("pages_manage_engagement", ACT),
)
INSTAGRAM_PAGE_RIGHTS = (
    Scope("pages_show_list", said("trouver la page liée au compte", "find the page of the account")),
    Scope("pages_read_engagement", said("lire au nom de cette page", "read in the name of that page")),
    Scope("instagram_basic", said("lire le compte et ses publications", "read the account and its media")),
    Scope("instagram_manage_comments", said("lire les commentaires, y répondre", "read comments and answer")),
)
INSTAGRAM_RIGHTS = (
    Scope("instagram_business_basic", said("lire le compte et ses publications", "read the account")),
    Scope("instagram_business_manage_comments", said("lire les commentaires, y répondre", "read and answer")),
)

PageToken = Callable[[str, Client], str]
"""From the token of a person to that of a page."""


def facebook(application: Application, page: str) -> SignIn:
    """Facebook's sign-in, for a page of the person who signs in."""
    return _of_meta(application, PAGE_RIGHTS, lambda token, client: _page_token(page, token, client))


def instagram_by_facebook(application: Application, account: str) -> SignIn:
    """Facebook's sign-in, for the page that an Instagram account is tied to."""
    rights = INSTAGRAM_PAGE_RIGHTS
    return _of_meta(application, rights, lambda token, client: _tied_page_token(account, token, client))


def instagram(application: Application) -> SignIn:
    """Instagram's own sign-in."""
    return SignIn(
        INSTAGRAM_AUTHORIZE,
        INSTAGRAM_TOKENS,
        INSTAGRAM_RIGHTS,
        application,
        has_pkce=False,
        separator=",",
        finish=_lasting,
        renew=_renewed,
        spare=WEEK,
    )


def _of_meta(application: Application, rights: tuple[Scope, ...], page_token: PageToken) -> SignIn:
    tokens = f"{graph.API}/oauth/access_token"
    return SignIn(
        AUTHORIZE,
        tokens,
        rights,
        application,
        has_pkce=False,
        separator=",",
        finish=_finish(page_token),
    )


def _finish(page_token: PageToken) -> Step:
    def finish(sign_in: SignIn, application: Application, grant: Grant, client: Client) -> Grant:
        long = {"grant_type": "fb_exchange_token", "fb_exchange_token": grant.access}
        lasting = granted(_got(sign_in.token, long | _known(application), client))
        return _examined(page_token(lasting.access, client), application, client)

    return finish


class _Page(Shape):
    access_token: Said = ""


class _Tied(Shape):
    id: Said = ""


class _Listed(Shape):
    access_token: Said = ""
    instagram_business_account: _Tied = _Tied()


def _page_token(page: str, token: str, client: Client) -> str:
    asked = {"fields": "access_token", "access_token": token}
    told = asking.parsed(_Page, asking.told(_got(f"{graph.API}/{graph.known_id(page)}", asked, client)))
    return _require(told.access_token, "whoever signed in does not look after this page")


def _tied_page_token(account: str, token: str, client: Client) -> str:
    asked = {"fields": "access_token,instagram_business_account", "access_token": token, "limit": "100"}
    told = asking.told(_got(f"{graph.API}/me/accounts", asked, client))
    pages = asking.each(_Listed, told.get("data"))
    found = [one.access_token for one in pages if one.instagram_business_account.id == account]
    return _require(found[0] if found else "", "no page of whoever signed in is tied to this account")


def _require(token: str, why: str) -> str:
    if not token:
        raise NetworkRefused(why)
    return token


class _Examined(Shape):
    scopes: Any = None
    expires_at: Any = 0
    data_access_expires_at: Any = 0


def _examined(token: str, application: Application, client: Client) -> Grant:
    """A token with what Meta says of it: rights, and when data may no longer be read with it."""
    asked = {"input_token": token, "access_token": f"{application.id}|{application.secret}"}
    told = asking.told(_got(f"{graph.API}/debug_token", asked, client))
    known = asking.parsed(_Examined, told.get("data"))
    ends = [_moment(one) for one in (known.expires_at, known.data_access_expires_at)]
    return Grant(
        token, ends_at=min((one for one in ends if one), default=None), scopes=scopes_of(known.scopes)
    )


def _moment(seconds: object) -> datetime | None:
    """Meta says 0 for what does not end."""
    if not isinstance(seconds, int) or not 0 < seconds < 10**11:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _lasting(sign_in: SignIn, application: Application, grant: Grant, client: Client) -> Grant:  # noqa: ARG001
    asked = {"grant_type": "ig_exchange_token", "client_secret": application.secret}
    return _exchanged("access_token", asked, grant, client)


def _renewed(sign_in: SignIn, application: Application, grant: Grant, client: Client) -> Grant:  # noqa: ARG001
    return _exchanged("refresh_access_token", {"grant_type": "ig_refresh_token"}, grant, client)


def _exchanged(path: str, asked: Mapping[str, str], grant: Grant, client: Client) -> Grant:
    told = {**asked, "access_token": grant.access}
    made = granted(_got(f"{INSTAGRAM_GRAPH}/{path}", told, client))
    return replace(made, scopes=grant.scopes if made.scopes is None else made.scopes)


def _known(application: Application) -> dict[str, str]:
    return {"client_id": application.id, "client_secret": application.secret}


def _got(address: str, params: Mapping[str, str], client: Client) -> Any:
    return client.read(address, params=params, judged=graph.judge)

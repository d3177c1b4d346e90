"""The prepared answers behind the public codes: rendered in the transaction that changes what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import select

import models
from labels import page
from ledger.passport import build
from ledger.queries import chunks
from models.base import table
from models.db import SystemSession
from models.graph import family

_LABEL = table(models.Label)
_PAGE = table(models.PublicPage)


def refresh(session: SystemSession, host: str, keys: Collection[int], now: int) -> int:
    """Render again the pages of labelled lots among ``keys`` and of those made from them; answers how many.

    A page shows the lot's whole history, so a fact about any lot upstream may change it.
    """
    if not keys or session.execute(select(_LABEL.c.code).limit(1)).first() is None:
        return 0
    below = family(session.connection(), keys, "forward")
    labels = [
        row
        for chunk in chunks(below)
        for row in session.execute(select(_LABEL).where(_LABEL.c.lot_id.in_(chunk)).order_by(_LABEL.c.code))
    ]
    for label in labels:
        _prepare(session, host, label, now)
    return len(labels)


def refresh_code(session: SystemSession, host: str, code: str, now: int) -> None:
    """Render one page again, because the calendar moved on."""
    label = session.execute(select(_LABEL).where(_LABEL.c.code == code)).one_or_none()
    if label is not None:
        _prepare(session, host, label, now)


def refresh_all(session: SystemSession, host: str, now: int) -> int:
    """Render every page again: after a replay, or under a new host name."""
    labels = session.execute(select(_LABEL).order_by(_LABEL.c.code)).all()
    for label in labels:
        _prepare(session, host, label, now)
    return len(labels)


def _prepare(session: SystemSession, host: str, label: sa.Row[tuple[object, ...]], now: int) -> None:
    view = build(session, host, label, now)
    html_en, html_fr = page.page_html(view.passport, "en"), page.page_html(view.passport, "fr")
    data = page.page_json(view.passport)
    digest = hashlib.sha256(html_en + html_fr + data).hexdigest()[:16]
    known = session.execute(select(_PAGE.c.version, _PAGE.c.digest).where(_PAGE.c.code == label.code)).one_or_none()
    values = {
        "lot_id": label.lot_id,
        "version": (known.version + (known.digest != digest)) if known else 1,
        "digest": digest,
        "state": view.passport.state,
        "review_at": view.review_at,
        "html_en": html_en,
        "html_fr": html_fr,
        "data": data,
    }
    if known:
        session.connection().execute(sa.update(_PAGE).where(_PAGE.c.code == label.code).values(**values))
    else:
        session.connection().execute(sa.insert(_PAGE).values(code=label.code, **values))

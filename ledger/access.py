"""Who may: organisations, their users, browser sessions and API keys.

Laws of this file. Only hashes are kept of what lets somebody in. Nobody gives away more than they hold: a role, a
password or a key is set only by somebody who has every scope that it opens. Every statement names the organisation.
A password is hashed before a transaction begins, so that no lock waits for it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import select

import models
from domain.refusals import Refusal
from ledger.ids import uuid7
from ledger.record import Recorder, lock
from models.access import ORGANISATION_KINDS
from models.base import table
from models.db import Database, ScopedSession, SystemSession, enter, scoped_session, system_session

SCOPES: Final = {
    "registry:read": "see farmers, plots, sites, vessels and certificates",
    "registry:write": "change farmers, plots, sites, vessels and certificates",
    "lots:read": "see lots, events, traces and checks",
    "events:write": "record deliveries, transformations, transfers and shipments",
    "quality:write": "record inspections, holds and releases",
    "recall:write": "recall and downgrade lots",
    "labels:issue": "issue and revoke labels, issue certificates",
    "users:manage": "manage users and API keys",
    "deployment:manage": "found organisations",
}

_READ = {"registry:read", "lots:read"}
_WORK = {"registry:write", "events:write", "quality:write", "recall:write", "labels:issue"}
ROLES: Final[dict[str, frozenset[str]]] = {
    "admin": frozenset(SCOPES) - {"deployment:manage"},
    "operator": frozenset(SCOPES),
    "ics_manager": frozenset(_READ | _WORK),
    "clerk": frozenset(_READ | {"events:write"}),
    "quality": frozenset(_READ | {"quality:write"}),
    "viewer": frozenset(_READ),
}
"""What each role may do. ``operator`` runs the deployment; only an organisation of that kind begins with one."""

EVERYTHING: Final = frozenset(SCOPES)
"""What the command line may do: whoever runs it holds the database anyway."""

MINUTE: Final = 60_000
IDLE: Final = 30 * MINUTE
ABSOLUTE: Final = 12 * 60 * MINUTE
DAY: Final = 24 * 60 * MINUTE
KEY_DAYS: Final = 365

ORG_CODE: Final = r"^[A-Z0-9](?:[A-Z0-9-]{0,22}[A-Z0-9])$"
USER_NAME: Final = r"^[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?$"
PASSWORD_LEAST: Final = 12
PASSWORD_MOST: Final = 256

_HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=47_104, parallelism=1),))
_AT_ONCE = threading.BoundedSemaphore(2)  # 46 MiB each: a flood of logins must not eat the machine
_NOBODY = "$argon2id$v=19$m=47104,t=1,p=1$gVUP75nMip4nbp3vCVtmpQ$gYJQuYad5qJuFuFWXe2dBp2MrKJ4SuYAvtq21zK4xfo"
"""The hash of a chance password: verified when there is no such user, so that both answers take as long."""

_ORG, _USER = table(models.Organisation), table(models.User)
_SESSION, _KEY = table(models.WebSession), table(models.ApiKey)


def _kind(
    status: Any, params: str, title: tuple[str, str], sentence: tuple[str, str], advice: tuple[str, str]
) -> Refusal:
    both = [{"en": english, "fr": french} for english, french in (title, sentence, advice)]
    return Refusal(status, tuple(params.split()), *both)  # type: ignore[arg-type]


_LONG = ("Choose a sentence that only you would say.", "Choisissez une phrase que vous seul diriez.")
CATALOGUE: Final[dict[str, Refusal]] = {
    "ORGANISATION_TAKEN": _kind(
        "conflict",
        "code",
        ("Code taken", "Code déjà pris"),
        ("There is an organisation {code} already.", "L'organisation {code} existe déjà."),
        ("Choose another code.", "Choisissez un autre code."),
    ),
    "ORGANISATION_CODE_MALFORMED": _kind(
        "malformed",
        "code",
        ("Not an organisation's code", "Pas un code d'organisation"),
        (
            "“{code}” is not a code: 2 to 24 capitals, digits and dashes.",
            "« {code} » n'est pas un code : 2 à 24 capitales, chiffres et tirets.",
        ),
        ("For example KOOP-BONG.", "Par exemple KOOP-BONG."),
    ),
    "ORGANISATION_KIND_UNKNOWN": _kind(
        "malformed",
        "kind",
        ("Kind unknown", "Genre inconnu"),
        ("“{kind}” is not a kind of organisation.", "« {kind} » n'est pas un genre d'organisation."),
        (f"Use one of: {', '.join(ORGANISATION_KINDS)}.", f"Au choix : {', '.join(ORGANISATION_KINDS)}."),
    ),
    "USER_TAKEN": _kind(
        "conflict",
        "name",
        ("Name taken", "Nom déjà pris"),
        ("There is a user {name} already.", "L'utilisateur {name} existe déjà."),
        ("Choose another login name.", "Choisissez un autre nom de connexion."),
    ),
    "USER_NAME_MALFORMED": _kind(
        "malformed",
        "name",
        ("Not a login name", "Pas un nom de connexion"),
        (
            "“{name}” is not a login name: small letters, digits and . _ - only.",
            "« {name} » n'est pas un nom de connexion : minuscules, chiffres et . _ - uniquement.",
        ),
        ("For example musu.kollie.", "Par exemple musu.kollie."),
    ),
    "USER_UNKNOWN": _kind(
        "unknown",
        "",
        ("User unknown", "Utilisateur inconnu"),
        ("Your organisation has no such user.", "Votre organisation n'a pas cet utilisateur."),
        ("Look the user up in the list.", "Cherchez l'utilisateur dans la liste."),
    ),
    "ROLE_UNKNOWN": _kind(
        "malformed",
        "role",
        ("Role unknown", "Rôle inconnu"),
        ("“{role}” is not a role.", "« {role} » n'est pas un rôle."),
        (f"Use one of: {', '.join(sorted(ROLES))}.", f"Au choix : {', '.join(sorted(ROLES))}."),
    ),
    "BEYOND_YOUR_RIGHTS": _kind(
        "conflict",
        "scopes",
        ("Beyond your own rights", "Au-delà de vos droits"),
        (
            "This takes rights that you do not have: {scopes}.",
            "Il faut des droits que vous n'avez pas : {scopes}.",
        ),
        ("Ask somebody who has them.", "Adressez-vous à quelqu'un qui les a."),
    ),
    "LAST_ADMINISTRATOR": _kind(
        "conflict",
        "name",
        ("The last administrator", "Le dernier administrateur"),
        (
            "{name} is the last who can manage users here.",
            "{name} est le dernier à pouvoir gérer les utilisateurs ici.",
        ),
        ("Make somebody else administrator first.", "Nommez d'abord un autre administrateur."),
    ),
    "CHANGED_MEANWHILE": _kind(
        "conflict",
        "version sent",
        ("Changed meanwhile", "Modifié entre-temps"),
        (
            "This record is at version {version}; your change was made from version {sent}.",
            "Cette fiche est à la version {version} ; votre modification partait de la version {sent}.",
        ),
        ("Read it again, and repeat your change.", "Relisez-la et refaites votre modification."),
    ),
    "PASSWORD_TOO_SHORT": _kind(
        "malformed",
        "",
        ("Password too short", "Mot de passe trop court"),
        (
            f"A password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters.",
            f"Un mot de passe compte {PASSWORD_LEAST} à {PASSWORD_MOST} caractères.",
        ),
        _LONG,
    ),
    "PASSWORD_COMMON": _kind(
        "malformed",
        "",
        ("Password too common", "Mot de passe trop courant"),
        ("Many others use this password.", "Beaucoup d'autres utilisent ce mot de passe."),
        _LONG,
    ),
    "PASSWORD_NAMES_YOU": _kind(
        "malformed",
        "",
        ("Password names you", "Le mot de passe vous nomme"),
        (
            "The password contains the login name or the organisation's code.",
            "Le mot de passe contient le nom de connexion ou le code de l'organisation.",
        ),
        _LONG,
    ),
    "PASSWORD_WRONG": _kind(
        "conflict",
        "",
        ("Wrong password", "Mot de passe erroné"),
        ("The current password is not right.", "Le mot de passe actuel n'est pas le bon."),
        ("Type it again, or ask an administrator.", "Retapez-le, ou adressez-vous à un administrateur."),
    ),
    "KEY_UNKNOWN": _kind(
        "unknown",
        "",
        ("Key unknown", "Clé inconnue"),
        ("Your organisation has no such API key.", "Votre organisation n'a pas cette clé d'API."),
        ("Look the key up in the list.", "Cherchez la clé dans la liste."),
    ),
    "SCOPE_UNKNOWN": _kind(
        "malformed",
        "scope",
        ("Scope unknown", "Droit inconnu"),
        ("“{scope}” is not a scope.", "« {scope} » n'est pas un droit."),
        (f"Use some of: {', '.join(SCOPES)}.", f"Au choix : {', '.join(SCOPES)}."),
    ),
    "KEY_TOO_LONG": _kind(
        "malformed",
        "days",
        ("Key lives too long", "Clé de trop longue durée"),
        (
            f"A key lives 1 to {KEY_DAYS} days, not {{days}}.",
            f"Une clé vaut de 1 à {KEY_DAYS} jours, pas {{days}}.",
        ),
        ("Make a new key before the old one ends.", "Créez une nouvelle clé avant la fin de l'ancienne."),
    ),
}
"""What this file refuses; the texts are said like those of ``domain.refusals``."""


class AccessRefused(Exception):
    """Something about users, keys or organisations that cannot be done as asked."""

    def __init__(self, code: str, /, *, field: str | None = None, **params: str | int) -> None:
        assert set(params) == set(CATALOGUE[code].params), code
        super().__init__(code)
        self.code = code
        self.params = params
        self.field = field

    def __str__(self) -> str:
        return f"{self.code}: {CATALOGUE[self.code].sentence['en'].format(**self.params)}"


# --- passwords ---


@cache
def _common() -> frozenset[str]:
    text = (Path(__file__).parent / "common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def require_good(password: str, *names: str) -> None:
    """Long enough, not common, and not made of the account's own names. No other rule: length is what helps."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise AccessRefused("PASSWORD_TOO_SHORT", field="password")
    small = unicodedata.normalize("NFC", password).casefold()
    stem = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", small)
    if small in _common() or stem in _common() or len(set(small)) < 4:  # noqa: PLR2004 - "aaaaaaaaaaaa"
        raise AccessRefused("PASSWORD_COMMON", field="password")
    letters = re.sub(r"[\W_]", "", small)
    for name in names:
        word = re.sub(r"[\W_]", "", name.casefold())
        if len(word) > 2 and word in letters:  # noqa: PLR2004 - a name of two letters is in any sentence
            raise AccessRefused("PASSWORD_NAMES_YOU", field="password")


def hash_password(password: str, *names: str) -> str:
    """The hash to keep, if the password is a good one."""
    require_good(password, *names)
    with _AT_ONCE:
        return _HASHER.hash(unicodedata.normalize("NFC", password))


def is_password(password: str, stored: str | None) -> bool:
    """Whether it is the password. Without a stored hash it takes as long, and it is not."""
    password = unicodedata.normalize("NFC", password[: PASSWORD_MOST + 1])
    with _AT_ONCE:
        right = _HASHER.verify(password, stored or _NOBODY)
    return right and stored is not None


# --- organisations ---


def found(
    recorder: Recorder,
    code: str,
    name: str,
    kind: str,
    country: str,
    region: str | None,
    contact: str | None,
    admin_name: str,
    admin_full_name: str,
    password: str,
) -> tuple[int, str]:
    """An organisation with its first administrator; answers both ids."""
    if not re.fullmatch(ORG_CODE, code):
        raise AccessRefused("ORGANISATION_CODE_MALFORMED", field="code", code=code)
    if kind not in ORGANISATION_KINDS:
        raise AccessRefused("ORGANISATION_KIND_UNKNOWN", field="kind", kind=kind)
    _require_name(admin_name)
    hashed = hash_password(password, code, admin_name)
    now = recorder.clock()
    with system_session(recorder.database, write=True) as session:
        lock(session, alone=True)  # ids grow by one, and a code is free or taken: nobody decides that meanwhile
        if session.execute(sa.select(_ORG.c.id).where(_ORG.c.code == code)).first():
            raise AccessRefused("ORGANISATION_TAKEN", field="code", code=code)
        org_id = (session.execute(sa.select(sa.func.max(_ORG.c.id))).scalar_one() or 0) + 1
        session.add(
            models.Organisation(
                id=org_id,
                code=code,
                name=name,
                kind=kind,
                country=country,
                region=region,
                contact=contact,
                created_at=now,
            )
        )
        session.flush()
        user_id = uuid7(now, recorder.entropy)
        session.add(
            models.User(
                org_id=org_id,
                id=user_id,
                name=admin_name,
                full_name=admin_full_name,
                role="operator" if kind == "operator" else "admin",
                password_hash=hashed,
                created_at=now,
            )
        )
    return org_id, user_id


def change_organisation(
    recorder: Recorder, org_id: int, version: int, changes: Mapping[str, Any]
) -> models.Organisation:
    """Change an organisation's own record."""
    with system_session(recorder.database, write=True) as session:
        row = session.get_one(models.Organisation, org_id, with_for_update=True)
        _change(row, version, changes)
    return row


def _change(row: Any, version: int, changes: Mapping[str, Any]) -> None:
    """From the version that was read; what is said again changes nothing."""
    if row.version != version:
        raise AccessRefused("CHANGED_MEANWHILE", version=row.version, sent=version)
    new = {name: value for name, value in changes.items() if getattr(row, name) != value}
    for name, value in new.items():
        setattr(row, name, value)
    row.version += bool(new)


# --- users ---


def _require_name(name: str) -> None:
    if not re.fullmatch(USER_NAME, name):
        raise AccessRefused("USER_NAME_MALFORMED", field="name", name=name)


def _require_within(wanted: Collection[str], held: frozenset[str]) -> None:
    if beyond := set(wanted) - held:
        raise AccessRefused("BEYOND_YOUR_RIGHTS", scopes=", ".join(sorted(beyond)))


def _scopes_of(role: str) -> frozenset[str]:
    if role not in ROLES:
        raise AccessRefused("ROLE_UNKNOWN", field="role", role=role)
    return ROLES[role]


def user(session: ScopedSession | SystemSession, org_id: int, user_id: str, *, update: bool = False) -> models.User:
    """A user of the organisation."""
    row = session.get(models.User, (org_id, user_id), with_for_update=update or None)
    if row is None:
        raise AccessRefused("USER_UNKNOWN")
    return row


def add_user(
    recorder: Recorder,
    org_id: int,
    held: frozenset[str],
    *,
    name: str,
    full_name: str,
    role: str,
    password: str | None,
) -> models.User:
    """A new user. Without a password nobody can log in as them until one is set."""
    _require_name(name)
    _require_within(_scopes_of(role), held)
    hashed = hash_password(password, code_of(recorder, org_id), name) if password is not None else None
    now = recorder.clock()
    try:
        with scoped_session(recorder.database, org_id, write=True) as session:
            row = models.User(
                org_id=org_id,
                id=uuid7(now, recorder.entropy),
                name=name,
                full_name=full_name,
                role=role,
                password_hash=hashed,
                created_at=now,
            )
            session.add(row)
    except sa.exc.IntegrityError as error:
        raise AccessRefused("USER_TAKEN", field="name", name=name) from error
    return row


def change_user(
    recorder: Recorder,
    org_id: int,
    held: frozenset[str],
    user_id: str,
    version: int,
    *,
    full_name: str | None = None,
    role: str | None = None,
    disabled: bool | None = None,
) -> models.User:
    """Change a user's name, role, or whether they may log in. Fewer rights or other rights end their sessions."""
    now = recorder.clock()
    with scoped_session(recorder.database, org_id, write=True) as session:
        everybody = session.scalars(
            select(models.User).where(models.User.org_id == org_id).order_by(models.User.id).with_for_update()
        ).all()
        row = next((one for one in everybody if one.id == user_id), None)
        if row is None:
            raise AccessRefused("USER_UNKNOWN")
        changes: dict[str, Any] = {}
        if full_name is not None:
            changes["full_name"] = full_name
        if role is not None and role != row.role:
            _require_within(_scopes_of(role), held)
            changes["role"] = role
        if disabled is not None and disabled != (row.disabled_at is not None):
            changes["disabled_at"] = now if disabled else None
        _require_within(_scopes_of(row.role), held)
        _change(row, version, changes)
        if "role" in changes or "disabled_at" in changes:
            if not any(one.disabled_at is None and "users:manage" in ROLES.get(one.role, ()) for one in everybody):
                raise AccessRefused("LAST_ADMINISTRATOR", name=row.name)
            end_sessions(session, org_id, user_id, now)
    return row


def set_password(
    recorder: Recorder,
    org_id: int,
    held: frozenset[str] | None,
    user_id: str,
    password: str,
    current: str | None,
) -> models.User:
    """Set a password and end the user's sessions.

    ``held``: the scopes of the administrator who sets it; none when the user does, who then proves the current one.
    """
    with scoped_session(recorder.database, org_id, write=False) as reading:
        row = user(reading, org_id, user_id)
    if held is None:
        if not is_password(current or "", row.password_hash):
            raise AccessRefused("PASSWORD_WRONG", field="current_password")
    else:
        _require_within(_scopes_of(row.role), held)
    hashed = hash_password(password, code_of(recorder, org_id), row.name)
    with scoped_session(recorder.database, org_id, write=True) as session:
        row = user(session, org_id, user_id, update=True)
        if held is not None:
            _require_within(_scopes_of(row.role), held)  # the role may have grown while we hashed
        row.password_hash = hashed
        row.version += 1
        end_sessions(session, org_id, user_id, recorder.clock())
    return row


def code_of(recorder: Recorder, org_id: int) -> str:
    """The code of an organisation."""
    with system_session(recorder.database, write=False) as session:
        return str(session.execute(sa.select(_ORG.c.code).where(_ORG.c.id == org_id)).scalar_one())


# --- what lets somebody in ---


@dataclass(frozen=True, slots=True)
class Signed:
    """Whom a session or a key stands for, as of now."""

    org_id: int
    org_code: str
    org_name: str
    user_id: str | None
    key_id: str | None
    role: str | None
    scopes: frozenset[str]
    full_name: str | None = None
    mark: str = ""  # the hash of the session's token, or the id of the key
    stale: bool = False  # its last use is a minute old: see ``used``


def _reading(database: Database) -> SystemSession:
    """Who is let in is read where it is written: a replica that lags would let in somebody who was shut out."""
    return SystemSession(database.writer if database.is_postgresql else database.reader)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def account(login: str) -> tuple[str, str]:
    """The login name and the organisation's code in ``name@ORG-CODE``, however it was typed."""
    name, _, code = login.strip().rpartition("@")
    return name.lower(), code.upper()


def log_in(recorder: Recorder, login: str, password: str) -> tuple[str, Signed] | None:
    """A new session for ``name@ORG-CODE``: its token, told once, and whom it stands for."""
    name, code = account(login)
    query = (
        sa.select(_USER.c.org_id, _USER.c.id, _USER.c.password_hash)
        .join(_ORG, _ORG.c.id == _USER.c.org_id)
        .where(_ORG.c.code == code, _USER.c.name == name, _USER.c.disabled_at.is_(None))
    )
    with system_session(recorder.database, write=False) as reading:
        row = reading.execute(query).one_or_none()
    if not is_password(password, row.password_hash if row else None) or row is None:
        return None
    return begin_session(recorder, row.org_id, row.id, row.password_hash)


def begin_session(
    recorder: Recorder, org_id: int, user_id: str, password_hash: str | None = None
) -> tuple[str, Signed] | None:
    """A session for a user who has proved who they are. ``password_hash``: with which; it may be another by now."""
    now = recorder.clock()
    token = secrets.token_urlsafe(32)
    with scoped_session(recorder.database, org_id, write=True) as session:
        row = user(session, org_id, user_id, update=True)
        if row.disabled_at is not None or password_hash not in (None, row.password_hash):
            return None
        old = sa.delete(models.WebSession).where(
            models.WebSession.org_id == org_id,  # type: ignore[arg-type]
            models.WebSession.user_id == user_id,  # type: ignore[arg-type]
            models.WebSession.created_at < now - 30 * DAY,  # type: ignore[arg-type]
        )
        session.execute(old)
        session.add(
            models.WebSession(org_id=org_id, token_sha256=_digest(token), user_id=user_id, created_at=now, seen_at=now)
        )
    signed = by_token(recorder, token)
    return (token, signed) if signed else None


def by_token(recorder: Recorder, token: str) -> Signed | None:
    """Whom a session's token stands for, if it has not ended, idled out or grown too old."""
    now, mark = recorder.clock(), _digest(token)
    query = (
        sa.select(_SESSION.c.seen_at, *_WHO)
        .join(_USER, sa.and_(_USER.c.org_id == _SESSION.c.org_id, _USER.c.id == _SESSION.c.user_id))
        .join(_ORG, _ORG.c.id == _SESSION.c.org_id)
        .where(
            _SESSION.c.token_sha256 == mark,
            _SESSION.c.ended_at.is_(None),
            _SESSION.c.seen_at > now - IDLE,
            _SESSION.c.created_at > now - ABSOLUTE,
            _USER.c.disabled_at.is_(None),
        )
    )
    with _reading(recorder.database) as session:
        enter(session.connection(), org_id=None)
        row = session.execute(query).one_or_none()
    if row is None:
        return None
    return Signed(
        row.org_id,
        row.code,
        row.org_name,
        row.user_id,
        None,
        row.role,
        ROLES.get(row.role, frozenset()),
        row.full_name,
        mark,
        row.seen_at <= now - MINUTE,
    )


_WHO = (
    _USER.c.org_id,
    _USER.c.id.label("user_id"),
    _USER.c.full_name,
    _USER.c.role,
    _ORG.c.code,
    _ORG.c.name.label("org_name"),
)


def end_session(recorder: Recorder, org_id: int, mark: str) -> None:
    """Log out."""
    with scoped_session(recorder.database, org_id, write=True) as session:
        row = session.get(models.WebSession, (org_id, mark))
        if row is not None and row.ended_at is None:
            row.ended_at = recorder.clock()


def end_sessions(session: ScopedSession | SystemSession, org_id: int, user_id: str, now: int) -> None:
    """End all sessions of a user."""
    session.execute(
        sa.update(models.WebSession)
        .where(
            models.WebSession.org_id == org_id,  # type: ignore[arg-type]
            models.WebSession.user_id == user_id,  # type: ignore[arg-type]
            models.WebSession.ended_at.is_(None),  # type: ignore[union-attr]
        )
        .values(ended_at=now)
    )


def used(recorder: Recorder, signed: Signed) -> None:
    """Note the last use, in a transaction of its own. Not each request: see ``Signed.stale``."""
    now = recorder.clock()
    if signed.key_id is None:
        change = sa.update(_SESSION).where(_SESSION.c.org_id == signed.org_id, _SESSION.c.token_sha256 == signed.mark)
        change = change.where(_SESSION.c.seen_at < now).values(seen_at=now)
    else:
        change = sa.update(_KEY).where(_KEY.c.org_id == signed.org_id, _KEY.c.id == signed.key_id)
        change = change.values(used_at=now)
    with system_session(recorder.database, write=True) as session:
        session.execute(change)


# --- API keys ---

_KEY_FORM = re.compile(r"flk_([0-9a-f]{32})_([0-9a-f]{64})")


def add_key(
    recorder: Recorder,
    org_id: int,
    held: frozenset[str],
    *,
    name: str,
    scopes: Collection[str],
    days: int,
    made_by: str,
) -> tuple[models.ApiKey, str]:
    """A key for an integration; it is told once. ``made_by``: a user's id, whose rights the key never passes."""
    for scope in scopes:
        if scope not in SCOPES:
            raise AccessRefused("SCOPE_UNKNOWN", field="scopes", scope=scope)
    if not 1 <= days <= KEY_DAYS:
        raise AccessRefused("KEY_TOO_LONG", field="days", days=days)
    _require_within(scopes, held)
    now, secret = recorder.clock(), secrets.token_hex(32)
    row = models.ApiKey(
        org_id=org_id,
        id=uuid7(now, recorder.entropy),
        name=name,
        secret_sha256=_digest(secret),
        scopes=" ".join(sorted(set(scopes))),
        created_by=made_by,
        created_at=now,
        expires_at=now + days * DAY,
    )
    with scoped_session(recorder.database, org_id, write=True) as session:
        session.add(row)
    return row, f"flk_{UUID(row.id).hex}_{secret}"


def revoke_key(recorder: Recorder, org_id: int, key_id: str) -> models.ApiKey:
    """End a key at once; ending it again changes nothing."""
    with scoped_session(recorder.database, org_id, write=True) as session:
        row = session.get(models.ApiKey, (org_id, key_id), with_for_update=True)
        if row is None:
            raise AccessRefused("KEY_UNKNOWN")
        if row.revoked_at is None:
            row.revoked_at = recorder.clock()
    return row


def by_key(recorder: Recorder, key: str) -> Signed | None:
    """Whom a key stands for: unless revoked, expired, or made by a user who is shut out or has lost those rights."""
    found_form = _KEY_FORM.fullmatch(key)
    if found_form is None:
        return None
    now, key_id = recorder.clock(), str(UUID(found_form[1]))
    query = (
        sa.select(_KEY, _ORG.c.code, _ORG.c.name.label("org_name"), _USER.c.role, _USER.c.disabled_at)
        .join(_ORG, _ORG.c.id == _KEY.c.org_id)
        .join(_USER, sa.and_(_USER.c.org_id == _KEY.c.org_id, _USER.c.id == _KEY.c.created_by), isouter=True)
        .where(_KEY.c.id == key_id, _KEY.c.revoked_at.is_(None), _KEY.c.expires_at > now)
    )
    with _reading(recorder.database) as session:
        enter(session.connection(), org_id=None)
        rows = session.execute(query).all()
    for row in rows:  # the id is unique within an organisation only
        if hmac.compare_digest(row.secret_sha256, _digest(found_form[2])):
            break
    else:
        return None
    if row.created_by != "system" and (row.role is None or row.disabled_at is not None):
        return None
    most = EVERYTHING if row.created_by == "system" else ROLES.get(row.role, frozenset())
    return Signed(
        row.org_id,
        row.code,
        row.org_name,
        None,
        row.id,
        None,
        frozenset(row.scopes.split()) & most,
        row.name,
        row.id,
        row.used_at is None or row.used_at <= now - MINUTE,
    )

"""Limits on how often one asks, kept in this process.

An address is the peer of the socket (uvicorn's ``--forwarded-allow-ips`` names the proxies whose word counts), for
IPv6 its /64: who has one address there has 2^64. No header resets a limit.
"""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter
from starlette.types import Scope

from api.problems import Problem

LOGIN_PER_ACCOUNT = 5
LOGIN_PER_ADDRESS = 20
LOGIN_IN_ALL = 200
FORMS_PER_ADDRESS = 12


class Limits:
    """The counters of one process."""

    def __init__(self, pages_per_minute: int = 600) -> None:
        self._moving = MovingWindowRateLimiter(MemoryStorage())
        self._fixed = FixedWindowRateLimiter(MemoryStorage())  # a third of the cost, for the public pages
        self._pages = RateLimitItemPerMinute(pages_per_minute)
        self._logins = {
            "all": RateLimitItemPerMinute(LOGIN_IN_ALL),
            "address": RateLimitItemPerMinute(LOGIN_PER_ADDRESS),
            "account": RateLimitItemPerMinute(LOGIN_PER_ACCOUNT),
        }
        self._forms = RateLimitItemPerMinute(FORMS_PER_ADDRESS)

    def login(self, scope: Scope, account: str) -> None:
        """One more attempt on an account: counted whether it succeeds or not, so that nobody learns by counting."""
        whom = {"address": address(scope), "account": account, "all": "-"}
        for kind in ("address", "account", "all"):
            item = self._logins[kind]
            if not self._moving.hit(item, kind, whom[kind]):
                wait = self._wait(self._moving, item, kind, whom[kind])
                raise Problem(
                    429,
                    "too-many-requests",
                    f"Too many attempts to log in. Try again in {wait} s.",
                    headers={"retry-after": str(wait)},
                )

    def page(self, scope: Scope) -> int | None:
        """One more public page for an address: none, or the seconds to wait."""
        who = address(scope)
        return None if self._fixed.hit(self._pages, who) else self._wait(self._fixed, self._pages, who)

    def form(self, scope: Scope) -> int | None:
        """One more form sent from a public page by an address: none, or the seconds to wait."""
        who = address(scope)
        if self._moving.hit(self._forms, "form", who):
            return None
        return self._wait(self._moving, self._forms, "form", who)

    @staticmethod
    def _wait(limiter: MovingWindowRateLimiter | FixedWindowRateLimiter, item: RateLimitItem, *whom: str) -> int:
        return max(1, math.ceil(limiter.get_window_stats(item, *whom).reset_time - time.time()))


def address(scope: Scope) -> str:
    """The peer of the socket; for IPv6 its /64."""
    host: str = (scope.get("client") or ("-", 0))[0]
    if ":" not in host:
        return host
    try:
        number = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(number, IPv6Address):
        return host
    return str(number.ipv4_mapped or (int(number) >> 64))

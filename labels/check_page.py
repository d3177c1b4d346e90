"""The checker: one page with script, which verifies labels and proofs in the browser (``api/static/check.js``).

It is the only public page that runs script, and says more about itself than it can prove: without script it is the
form to the live page. Its sentences travel with it as JSON, so that it needs nothing else when there is no network.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Final

from markupsafe import Markup

from labels import page, texts
from labels.check_texts import TEXTS
from labels.texts import LANGS, Lang

PATH: Final = "/check"
LIMITS: Final = ("state", "copy", "weight", "log", "page")


def check_html(lang: Lang, host: str) -> bytes:
    """The page in a language; ``host`` is the one of the deployment's address."""
    return page.render(
        "check.html",
        lang,
        css=_css(),
        host=host,
        title=f"{TEXTS['title'][lang]} \u00b7 {host}",
        tone="start",
        languages=page.languages({}),
        t=lambda key, **params: page.fill(TEXTS[key][lang], params),
        limits=LIMITS,
        form_action=page.FORM_ACTION,
        texts_json=_sentences(lang, host),
    )


@cache
def csp_style_hash() -> str:
    """The hash source of the inline style, without quotes."""
    return f"sha256-{b64encode(sha256(_css().encode()).digest()).decode()}"


@cache
def _css() -> str:
    return page.style_sheet("page.css", "check.css")


def _sentences(lang: Lang, host: str) -> Markup:
    """Every sentence that the script says, and what the public page says in the same words."""
    said = {key: by_language[lang] for key, by_language in TEXTS.items()}
    said |= {key: texts.text(lang, key) for key in texts.TEXTS if key.startswith("answer.")}
    data = {"lang": lang, "langs": LANGS, "host": host, "say": said}
    # Inside a script element only "</" and "<!--" could end or change it.
    return Markup(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))  # noqa: S704 - our own sentences

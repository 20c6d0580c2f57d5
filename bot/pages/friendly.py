"""Our own answers: a small HTML page for browsers, two lines of text for curl. No outside resource, dark and light."""

from __future__ import annotations

import re
from html import escape

from aiohttp import web

from bot.identity import Language
from bot.pages.notices import Notice, Words
from bot.pages.page import Page

_STYLE = """
:root{color-scheme:light dark;--paper:#faf7f2;--card:#fff;--ink:#2b2622;--soft:#7a7068;--line:#ebe4da;--warm:#d9622b}
@media(prefers-color-scheme:dark){:root{--paper:#191715;--card:#23201d;--ink:#f1ebe4;--soft:#a59b91;--line:#38332e;
--warm:#f08a55}}
*{box-sizing:border-box;margin:0}
body{min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:24px 20px;background:var(--paper);
color:var(--ink);font:17px/1.65 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR",
"Malgun Gothic",sans-serif;word-break:keep-all;overflow-wrap:anywhere}
main{width:100%;max-width:27rem;background:var(--card);border:1px solid var(--line);border-radius:20px;
padding:36px 28px 26px}
.sign{font-size:44px;line-height:1;margin-bottom:20px}
h1{font-size:1.45rem;line-height:1.3;letter-spacing:-.01em;margin-bottom:12px}
code{display:block;margin-top:20px;padding:12px 14px;border-radius:10px;background:var(--paper);
border:1px solid var(--line);font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code:before{content:"$ ";color:var(--warm)}
.advice{margin-top:14px}
.twin{margin-top:26px;padding-top:18px;border-top:1px solid var(--line);color:var(--soft);font-size:14px;
line-height:1.55}
.twin b{display:block;font-weight:600}
footer{margin-top:22px;color:var(--soft);font-size:13px}
""".replace("\n", "")

_OTHER = {Language.KOREAN: Language.ENGLISH, Language.ENGLISH: Language.KOREAN}
_NAMES = {Language.KOREAN: "도시락", Language.ENGLISH: "Dosirak"}
_QUALITY = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE)


def answer(request: web.BaseRequest, notice: Notice, page: Page | None = None) -> web.Response:
    """The notice as the visitor can read it; the request's body, if any, stays unread."""
    kind = notice.value
    language = language_of(request.headers.get("Accept-Language", ""))
    is_browser = "text/html" in request.headers.get("Accept", "")
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language.value,
        "Referrer-Policy": "no-referrer",
        "Server": "dosirak",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if kind.refresh is not None:
        headers["Retry-After"] = str(kind.refresh)
    if is_browser:
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return web.Response(
        status=kind.status,
        headers=headers,
        text=as_html(notice, language, page) if is_browser else as_text(notice, language, page),
        content_type="text/html" if is_browser else "text/plain",
        charset="utf-8",
    )


def language_of(accepted: str) -> Language:
    """The language of an Accept-Language header that ranks highest; Korean when it names neither."""
    ranks = {Language.KOREAN: 0.0, Language.ENGLISH: 0.0}
    for item in accepted.split(","):
        tag, _, parameters = item.strip().partition(";")
        quality = _QUALITY.search(parameters)
        for language in ranks:
            if tag.strip().lower().partition("-")[0] == language.value:
                ranks[language] = max(ranks[language], float(quality[1]) if quality else 1.0)
    return max(ranks, key=lambda language: ranks[language])


def as_text(notice: Notice, language: Language, page: Page | None) -> str:
    words = _filled(notice.value.words(language), page)
    lines = (words.title, words.story, f"$ {words.advice}" if _is_command(words.advice) else words.advice)
    return "\n".join(line for line in lines if line) + "\n"


def as_html(notice: Notice, language: Language, page: Page | None) -> str:
    kind = notice.value
    words, twin = _filled(kind.words(language), page), _filled(kind.words(_OTHER[language]), page)
    refresh = f'<meta http-equiv="refresh" content="{kind.refresh}">' if kind.refresh is not None else ""
    advice = ""
    if words.advice:
        wrap = "<code>{}</code>" if _is_command(words.advice) else '<p class="advice">{}</p>'
        advice = wrap.format(escape(words.advice))
    other = _OTHER[language].value
    return (
        f'<!doctype html><html lang="{language.value}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"{refresh}<title>{escape(words.title)} · {_NAMES[language]}</title><style>{_STYLE}</style></head><body><main>"
        f'<div class="sign" aria-hidden="true">{kind.sign}</div><h1>{escape(words.title)}</h1>'
        f"<p>{escape(words.story)}</p>{advice}"
        f'<p class="twin" lang="{other}"><b>{escape(twin.title)}</b>{escape(twin.story)}</p>'
        f"<footer>🍱 {_NAMES[language]}</footer></main></body></html>"
    )


def _is_command(advice: str) -> bool:
    return advice.startswith("docker ")


def _filled(words: Words, page: Page | None) -> Words:
    if page is None:
        return words
    facts = {"name": page.container_name, "host_port": page.host_port, "container_port": page.container_port}
    return Words(words.title, words.story.format(**facts), words.advice.format(**facts))

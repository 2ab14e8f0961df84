"""The page as one document: style and data are inside, so that nothing precedes the first paint."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib import resources
from typing import Any

SCRIPTS = ("plot.js", "app.js")
"""In the order in which a self-contained page has them: the second one uses the first."""
EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""A style element without content, to which regl-scatterplot's script adds its rules."""

MAX_SHOWN = 60
"""Characters of a name."""
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Control characters, those that turn the direction of text, and others that nobody sees."""


def part(name: str) -> str:
    """A file of the page."""
    return (resources.files("w2v_fast.explore") / "page" / name).read_text("utf-8")


def content_policy(script_sources: str, *more: str) -> str:
    """The content security policy: no inline script, and no style but the page's.

    regl composes its drawing functions from text, which `unsafe-eval` allows.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {script_sources} 'unsafe-eval'",
            f"style-src {_hash(part('app.css'))} {EMPTY}",
            "img-src blob: data:",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            *more,
        )
    )


def served(info: dict[str, Any]) -> str:
    """The page that a server completes; `info` is what it has to know first.

    All that stands in it is painted before the script runs.
    """
    names = html.escape(" · ".join(shown(model["name"]) for model in info["models"]))
    heading = names.encode("utf-8", "replace").decode()
    there = {
        "server": True,
        "run": info["run"],
        "map": not info["run"],
        "models": len(info["models"]) > 1,
        "corpus": info["corpus"],
    }
    page = _with_data(
        part("page.html"), info, [name for name, is_there in there.items() if is_there]
    )
    return page.replace('id="name">', f'id="name">{heading}')


def shown(name: str) -> str:
    """A name without characters that nobody sees, of bounded length, as words.ts shows it."""
    if len(name) > MAX_SHOWN:
        name = f"{name[:MAX_SHOWN]}… ({len(name):,} characters)"
    text = UNSEEN.sub(lambda one: f"⟨U+{ord(one[0]):04X}⟩", name)
    return text if text.strip() else f"“{text}”"


def self_contained(data: dict[str, Any]) -> str:
    """The page with its scripts and `data` inside."""
    scripts = [part(name).replace("</script", "<\\/script") for name in SCRIPTS]
    policy = content_policy(" ".join(map(_hash, scripts)))
    page = part("page.html")
    page = page.replace('<script src="app.js" defer></script>\n', "")
    page = page.replace(
        "<style>", f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>'
    )
    page = _with_data(page, data, ["map"])
    inside = "".join(f"<script>{script}</script>\n" for script in scripts)
    return page.replace("</body>", f"{inside}</body>")


def _with_data(page: str, data: dict[str, Any], there: list[str]) -> str:
    """The page with its style, with `data`, and with a body named after what is there."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.encode("utf-8", "replace").decode().replace("<", "\\u003c")
    page = page.replace("<style>", f"<style>{part('app.css')}")
    page = page.replace("<body>", f'<body class="{" ".join(there)}">')
    return page.replace('id="data">', f'id="data">{text}')


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

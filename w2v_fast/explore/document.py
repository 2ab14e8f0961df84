"""The page as one document: style and data are inside, so that nothing precedes the first paint."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from typing import Any

SCRIPTS = ("plot.js", "app.js")
"""In the order in which a self-contained page has them: the second one uses the first."""
EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""A style element without content, to which regl-scatterplot's script adds its rules."""


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

    Its heading is painted before the script runs.
    """
    names = html.escape(" · ".join(model["name"] for model in info["models"]))
    heading = names.encode("utf-8", "replace").decode()
    return _with_data(part("page.html").replace('id="name">', f'id="name">{heading}'), info)


def self_contained(data: dict[str, Any]) -> str:
    """The page with its scripts and `data` inside."""
    scripts = [part(name).replace("</script", "<\\/script") for name in SCRIPTS]
    policy = content_policy(" ".join(map(_hash, scripts)))
    page = part("page.html")
    page = page.replace('<script src="app.js" defer></script>\n', "")
    page = page.replace(
        "<style>", f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>'
    )
    page = _with_data(page, data)
    inside = "".join(f"<script>{script}</script>\n" for script in scripts)
    return page.replace("</body>", f"{inside}</body>")


def _with_data(page: str, data: dict[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.encode("utf-8", "replace").decode().replace("<", "\\u003c")
    page = page.replace("<style>", f"<style>{part('app.css')}")
    return page.replace('id="data">', f'id="data">{text}')


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

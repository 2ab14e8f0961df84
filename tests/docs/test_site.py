"""The built website: its links hold, it needs no other server, and its search finds answers."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

SITE = Path(__file__).parent.parent.parent / "site"
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUESTIONS = {
    "install from source": "install",
    "train pandas": "integrations/dataframes",
    "choose vector_size": "guide/parameters",
    "resume checkpoint": "guide/checkpoints",
    "corpus larger than memory": "guide/large_data",
    "same result every time": "guide/reproducibility",
    "training diverged": "faq",
    "from gensim": "switching",
    "evaluate analogies": "guide/evaluation",
    "most_similar": "api/vectors",
}

pytestmark = pytest.mark.skipif(
    not (SITE / "index.html").exists(), reason="the site is not built: make docs"
)


class Page(HTMLParser):
    """What a page loads, where it leads, and what can be pointed to on it."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.loaded, self.links, self.anchors = [], [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found.get("id"), found.get("name")}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical", "next", "prev", "search"):
            self.loaded.append(found["href"])
        elif "src" in found:
            self.loaded.append(found["src"])


@pytest.fixture(scope="module")
def pages():
    return {path: Page(path) for path in sorted(SITE.rglob("*.html"))}


def test_nothing_comes_from_elsewhere(pages):
    loaded = {url for page in pages.values() for url in page.loaded}
    assert loaded
    assert not [url for url in loaded if re.match(r"([a-z]+:)?//", url)]
    for sheet in SITE.rglob("*.css"):
        imported = re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)\s]*", sheet.read_text())
        assert not imported, sheet


def test_links_hold(pages):
    broken = []
    for page in pages.values():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                if url.scheme not in ("https", "http", "mailto") or " " in link:
                    broken.append((page.path.name, link))
                continue
            target = (page.path.parent / unquote(url.path)).resolve() if url.path else page.path
            found = pages.get(target)
            if not target.exists() or (
                url.fragment and found and url.fragment not in found.anchors
            ):
                broken.append((page.path.name, link))
    assert not broken


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium to search with")
@pytest.mark.parametrize(("question", "page"), QUESTIONS.items())
def test_search_finds(question, page, tmp_path):
    """The page is among the first five that the offline search shows."""
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            f"{(SITE / 'search.html').as_uri()}?q={quote(question)}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    results = done.stdout.partition('id="search-results"')[2]
    found = re.findall(r'<li[^>]*>\s*<a href="([^"?#]+)\.html', results)
    assert page in list(dict.fromkeys(found))[:5], found

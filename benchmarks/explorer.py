"""How fast is the explorer? `python -m benchmarks.explorer CORPUS`

Vectors are random, half of them near one of a thousand topics. The server runs in a process of its
own. Neighbors are asked by 100 connections that open at once; a second is counted from before its
connection to the last byte of its answer. The page is opened in Chromium, which draws by a program,
without a graphics unit: in a tab that has been blank for half a second, of a browser that has shown
the page before. While `train --explore` trains the corpus, a client takes the page and the words
and asks once a second, twice as often as the page does; the share is that of the page's threads of
the CPU time of the run. Before it the server is loaded: seconds in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib.util
import io
import multiprocessing
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpus_text import first_words
from benchmarks.markdown import caption, markdown_table, spread, text_of
from benchmarks.measure import Row, benchmark_parser, log, machine
from benchmarks.publish import publish
from w2v_fast import KeyedVectors, Word2Vec
from w2v_fast.explore import projection
from w2v_fast.explore.export import export_page
from w2v_fast.explore.model import Model
from w2v_fast.explore.search import WordSearch
from w2v_fast.vectors import rounded

WORDS, DIMENSIONS = 1_000_000, 300
MAPPED = 50_000
FEW = 10_000
AT_ONCE = 100
BURSTS = 20
SEARCHES = 20
SCRIPTS = {
    "Latin": "abcdefghijklmnopqrstuvwxyz",
    "Cyrillic": "абвгдежзийклмнопрстуфхцчшщ",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "Han": "日本語東京大学生水火木金土",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
}
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
BLANK_SECONDS = 0.5
NOTE_MAP = """new MutationObserver(() => window.drawn ??= performance.now())
  .observe(document, {subtree: true, attributeFilter: ['data-drawn']})"""
LOAD = """import time
import w2v_fast.cli.train, w2v_fast.word2vec
start = time.process_time()
import w2v_fast.explore.server
print(time.process_time() - start)"""
PAN = """(seconds) => new Promise((done) => {
  const canvas = document.querySelector('.frame canvas');
  const box = canvas.getBoundingClientRect();
  const send = (target, kind, x, y) => target.dispatchEvent(new MouseEvent(`mouse${kind}`, {
    clientX: box.x + box.width / 2 + x, clientY: box.y + box.height / 2 + y,
    buttons: 1, bubbles: true}));
  send(canvas, 'enter', 0, 0);
  send(canvas, 'down', 0, 0);
  const times = [];
  const frame = (now) => {
    times.push(now);
    send(window, 'move', 150 * Math.sin(times.length / 15), 100 * Math.sin(times.length / 11));
    if (now - times[0] < 1000 * seconds) return requestAnimationFrame(frame);
    send(window, 'up', 0, 0);
    done(1000 * (times.length - 1) / (now - times[0]));
  };
  requestAnimationFrame(frame);
})"""


def main() -> None:
    parser = benchmark_parser(__doc__, words=10_000_000)
    arguments = parser.parse_args()
    with first_words(arguments.corpus, arguments.words) as text:
        rows = [*searches(), *maps(), *training(text.path, arguments.repeats)]
        facts = {**text.facts, **machine()}
    for number, kernel in enumerate(rounded.KERNELS or {"in full": 0}):
        with served(WORDS, DIMENSIONS, number) as url:
            rows += questions(url, kernel)
    with served(WORDS, DIMENSIONS) as url:
        rows += panning(url, arguments.repeats)
    with served(FEW, DIMENSIONS) as url:
        rows += first_paint(url, arguments.repeats)
    packages = {name: version(name) for name in ("starlette", "uvicorn", "openTSNE")}
    facts |= packages
    publish("explorer", [{**row, **facts} for row in rows], report, arguments.store)


def measured(what: str, unit: str, values: list[float]) -> Row:
    log(f"{what}: {spread(values)} {unit}")
    return {"what": what, "unit": unit, "measured": values}


def topics(words: int, dimensions: int) -> KeyedVectors:
    """Random vectors, every second one near a topic."""
    generator = np.random.default_rng(1)
    vectors = generator.standard_normal((words, dimensions), dtype=np.float32)
    centers = 1.5 * generator.standard_normal((1000, dimensions), dtype=np.float32)
    vectors[::2] += centers[generator.integers(0, 1000, len(vectors[::2]))]
    names = [f"word{row}" for row in range(words)]
    return KeyedVectors(names, vectors, np.arange(words, 0, -1))


def searches() -> Iterator[Row]:
    """A search while somebody types, among words of five scripts."""
    generator = random.Random(1)
    letters = list(SCRIPTS.values())

    def word(row: int) -> str:
        return "".join(generator.choices(letters[row % 5], k=generator.randint(4, 10))) + str(row)

    words = [word(row) for row in range(WORDS)]
    search = WordSearch(words)
    for number, script in enumerate(SCRIPTS):
        found = [generator.choice(words[number::5]) for _ in range(SEARCHES)]
        parts = [
            *(one[: generator.randint(1, 6)] for one in found),
            *(one[1 : generator.randint(3, 6)] for one in found),
            *("".join(generator.choices(letters[number], k=7)) + "@" for _ in found),
        ]
        times = []
        for part in parts:
            start = time.perf_counter()
            search.find(part, 20)
            times.append(1000 * (time.perf_counter() - start))
        yield measured(f"a search among {WORDS:,} words, {script}", "ms", times)


def maps() -> Iterator[Row]:
    """A map of the most frequent words, and a page of them."""
    model = Model(topics(MAPPED, DIMENSIONS), "words")
    start = time.perf_counter()
    projection.embedding(model, "tsne", lambda share, stage: None)
    size = f"{MAPPED:,} words of {DIMENSIONS} dimensions"
    yield measured(f"t-SNE of {size}", "s", [time.perf_counter() - start])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.html")
        export_page(path, model, projection.pca(model))
        yield measured(f"one file of {size}", "MB", [path.stat().st_size / 1e6])


def training(corpus: str, repeats: int) -> Iterator[Row]:
    """The share of the page's threads of the CPU time of a run."""
    from w2v_fast.cli.explore import watched

    os.environ["BROWSER"] = "true"
    shares = []
    for _ in range(repeats):
        model = Word2Vec(corpus, vector_size=100, epochs=5, workers=1, min_count=5)
        before = {*threading.enumerate()}
        with contextlib.ExitStack() as stack:
            with contextlib.redirect_stderr(io.StringIO()) as told:
                page = stack.enter_context(watched(model, "quiet"))
            url = re.search(r"http://\S+", told.getvalue())
            assert url is not None
            ended = threading.Event()
            client = threading.Thread(target=watch_run, args=(url[0], ended))
            client.start()
            start = time.process_time()
            model.train(progress=page)
            theirs = cpu_seconds(client)
            total = time.process_time() - start - theirs
            pages = {*threading.enumerate()} - before - {client}
            shares.append(sum(map(cpu_seconds, pages)) / total)
            ended.set()
            client.join()
    yield measured("the page of `train --explore`, of the CPU time", "%", [100 * s for s in shares])
    loading = [
        float(
            subprocess.run([sys.executable, "-c", LOAD], stdout=subprocess.PIPE, check=True).stdout
        )
        for _ in range(repeats)
    ]
    yield measured("loading the page's server", "s", loading)


def cpu_seconds(thread: threading.Thread) -> float:
    assert thread.ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def watch_run(url: str, ended: threading.Event) -> None:
    """Ask what a page asks."""
    address, token = parts_of(url)

    def ask(path: str) -> None:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK
        answer.read()
        connection.close()

    for path in (f"/?token={token}", "/app.js", "/api/words"):
        ask(path)
    while not ended.wait(1):
        ask("/api/progress")


def parts_of(url: str) -> tuple[str, str]:
    """Host with port, and the secret."""
    parts = urllib.parse.urlsplit(url)
    return parts.netloc, urllib.parse.parse_qs(parts.query)["token"][0]


@contextlib.contextmanager
def served(words: int, dimensions: int, kernel: int = 0) -> Iterator[str]:
    """The address of a page in a process of its own, when everything there is ready."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(words, dimensions, kernel, there), daemon=True)
    process.start()
    yield str(here.recv())
    here.send("end")
    process.join()


def serve(words: int, dimensions: int, kernel: int, pipe: Any) -> None:
    from w2v_fast.explore.explorer import Explorer
    from w2v_fast.explore.server import serve_in_background

    model = Model(topics(words, dimensions), "words")
    explorer = Explorer(model)
    with serve_in_background(explorer) as server:
        explorer._ready("map"), explorer._ready("search 0")
        while model._index is None and words > FEW and rounded.available():
            time.sleep(0.1)
        if model._index is not None:
            model._index._copy._kernel = kernel
        pipe.send(server.url)
        pipe.recv()


def questions(url: str, kernel: str) -> Iterator[Row]:
    """Bursts of questions for the neighbors of random words."""
    generator = random.Random(1)
    size = f"{WORDS:,} words of {DIMENSIONS} dimensions"
    asyncio.run(burst(url, [1, 2]))
    alone = [asyncio.run(burst(url, [generator.randrange(WORDS)]))[0] for _ in range(BURSTS)]
    yield measured(f"one question about {size}, {kernel}", "s", alone)
    bursts = []
    for _ in range(BURSTS):
        time.sleep(0.4)
        rows = [generator.randrange(WORDS) for _ in range(AT_ONCE)]
        bursts.append(statistics.quantiles(asyncio.run(burst(url, rows)), n=20)[-1])
    yield measured(f"{AT_ONCE} questions at once about {size}, p95, {kernel}", "s", bursts)


async def burst(url: str, rows: list[int]) -> list[float]:
    """Seconds until each of some questions, asked at once, is answered."""
    address, token = parts_of(url)
    host, port = address.split(":")

    async def ask(row: int) -> float:
        start = time.perf_counter()
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"GET /api/neighbors?rows={row}&count=30&model=0 HTTP/1.1\r\nHost: {address}\r\n"
            f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        writer.close()
        return time.perf_counter() - start

    return await asyncio.gather(*map(ask, rows))


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Chromium, or None where it or playwright is not there."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or importlib.util.find_spec("playwright") is None:
        log("no page is opened: that needs playwright and Chromium")
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        yield player.chromium.launch(executable_path=chromium, args=FLAGS)


def first_paint(url: str, repeats: int) -> Iterator[Row]:
    """Seconds from the address to the first paint, which shows the controls."""
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
    drawn = "window.drawn / 1000"
    times: dict[str, list[float]] = {painted: [], drawn: []}
    with browser() as chromium:
        if chromium is None:
            return
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(NOTE_MAP)
        for number in range(2 * repeats):
            page = context.new_page()
            page.wait_for_timeout(1000 * BLANK_SECONDS)
            page.goto(url, wait_until="commit")
            time.sleep(2)  # nothing is asked of the page while it paints
            page.wait_for_selector(".map[data-drawn]")
            for what in times if number else ():
                times[what].append(page.evaluate(what))
            page.close()
    yield measured(f"first paint of {FEW:,} words, with the controls", "s", times[painted])
    yield measured(f"map of {FEW:,} words", "s", times[drawn])


def panning(url: str, repeats: int) -> Iterator[Row]:
    """Frames a second while the mouse moves the map, and the memory of the page."""
    with browser() as chromium:
        if chromium is None:
            return
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.wait_for_selector(".map[data-drawn]", timeout=120_000)
        frames = []
        for _ in range(repeats):
            page.wait_for_timeout(2000)
            frames.append(page.evaluate(PAN, 3))
        session = chromium.new_browser_cdp_session()
        memory = 0.0
        for process in session.send("SystemInfo.getProcessInfo")["processInfo"]:
            if process["type"] in ("renderer", "GPU"):
                status = Path(f"/proc/{process['id']}/status").read_text()
                memory += int(status.split("VmRSS:")[1].split()[0]) / 1000
    yield measured(f"panning {WORDS:,} words", "frames/s", frames)
    yield measured(f"memory of a page of {WORDS:,} words", "MB", [memory])


def report(rows: list[Row]) -> str:
    facts = rows[0]
    libraries = ", ".join(f"{name} {facts[name]}" for name in ("starlette", "uvicorn", "openTSNE"))
    shown = [
        {**row, "measured": spread(row["measured"]), "n": len(row["measured"])} for row in rows
    ]
    return "\n\n".join(
        [
            caption(facts, libraries, text_of(facts)),
            "Medians, and their range. Questions: by each kernel for 8 bits that the CPU runs; the "
            "first is the one it takes.",
            markdown_table(shown, ["what", "measured", "unit", "n"]),
        ]
    )


if __name__ == "__main__":
    main()

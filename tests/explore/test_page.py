"""The page by clicks and keys. Needs playwright (group `browser`) and a Chromium of the system."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.explore.conftest import HOSTILE, WORDS, topic_vectors
from w2v_fast import KeyedVectors
from w2v_fast.explore import projection
from w2v_fast.explore.explorer import Explorer
from w2v_fast.explore.export import export_page
from w2v_fast.explore.model import Model
from w2v_fast.explore.run import Run
from w2v_fast.explore.server import serve_in_background

playwright = pytest.importorskip("playwright.sync_api", reason="the group browser")
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PATIENCE = 30_000


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as player:
        running = player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def tab(browser):
    """A new page; whatever it complains about fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def page(tab, server):
    tab.goto(server.url)
    tab.wait_for_selector(".map[data-drawn]")
    return tab


def search(page, text, box="#panel input"):
    """Type into a field and choose the first word by a key."""
    page.fill(box, text)
    page.wait_for_selector(f"{box} + ul [aria-selected=true]")
    page.press(box, "Enter")


def open_view(page, title, view):
    page.click(f"nav >> text={title}")
    page.wait_for_selector(f"#panel[data-view={view}]")


def listed(page, selector="#panel .bars li bdi"):
    page.wait_for_selector(selector)
    return page.locator(selector).all_inner_texts()


def names(model, row, count):
    return [word for word, _ in model.vectors.most_similar(WORDS[row], topn=count)]


def test_a_word_is_found_and_its_neighbors_are_walked_along(page, model):
    search(page, "ca")
    assert listed(page)[:5] == names(model, 0, 5)
    first = WORDS.index(listed(page)[0])
    page.click("#panel .bars li a")
    page.wait_for_url(f"**/*rows={first}")
    page.wait_for_function(
        "word => document.querySelector('#panel h2').textContent === word", arg=WORDS[first]
    )
    page.go_back()
    page.wait_for_function("document.querySelector('#panel h2').textContent === 'cat'")
    page.go_forward()
    page.wait_for_function(
        "word => document.querySelector('#panel h2').textContent === word", arg=WORDS[first]
    )


WHERE = """() => [...document.querySelectorAll('h1, nav a, .tools > *, .box > *')]
  .map((one) => [one.textContent, JSON.stringify(one.getBoundingClientRect())])
  .filter(([, box]) => !box.includes('"width":0'))"""


def test_the_page_is_there_before_its_script_and_keeps_what_was_typed(tab, server):
    held = []
    tab.route("**/app.js", lambda route: held.append(route))
    tab.goto(server.url, wait_until="commit")
    tab.fill("#panel input", "gol")
    tab.select_option("#coloring", "cluster")
    before = tab.evaluate(WHERE)
    assert [text for text, _ in before][:3] == ["toy · other", "Neighbors", "Analogy"]
    held[0].continue_()
    tab.wait_for_selector("#panel [aria-selected=true] >> text=gold")
    assert tab.evaluate("document.activeElement.id") == "box0"
    after = dict(tab.evaluate(WHERE))
    assert {text for text, box in before if after.get(text) != box} <= {"Colorfrequencycluster"}
    tab.wait_for_function("document.querySelectorAll('.legend .dot').length > 1")


def test_an_unknown_word_leads_to_others_like_it(page):
    page.keyboard.press("/")
    page.keyboard.type("silverxy")
    page.wait_for_selector("text=no such word; these have “silver”")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#panel h2')?.textContent === 'silver'")
    page.fill("#panel input", "qqqqqqqq")
    page.wait_for_selector("#panel li >> text=/^no such word$/")
    page.keyboard.press("Escape")
    assert page.locator("#panel [role=listbox]").is_hidden()


def test_a_server_that_has_ended_is_said(browser):
    tab = browser.new_page()
    with serve_in_background(Explorer(Model(topic_vectors(), "toy"))) as server:
        tab.goto(server.url)
        tab.wait_for_selector(".map[data-drawn]")
        server.shutdown()
        tab.fill("#panel input", "cat")
        tab.wait_for_selector("#panel li >> text=has ended")
        tab.evaluate("location.hash = '#view=words&rows=1'")
        tab.wait_for_selector("#panel [role=alert] >> text=has ended")
    tab.close()


def test_an_analogy_is_completed(page, model):
    open_view(page, "Analogy", "analogy")
    for number, word in enumerate(("cat", "dog", "iron")):
        search(page, word, f"#panel .box:nth-of-type({number + 1}) input")
    ((word, _),) = model.vectors.most_similar(["dog", "iron"], ["cat"], topn=1)
    assert listed(page)[0] == word


def test_words_are_compared(page, model):
    page.goto(page.url.split("#")[0] + "#view=compare&rows=0,1,6")
    page.wait_for_selector(".matrix")
    cells = page.locator(".matrix td").all_inner_texts()
    assert cells[2] == f"{model.cosines([0, 1])[0][1]:.2f}"
    drawn = page.get_attribute(".map", "data-drawn")
    page.click("text=Color the map by it")
    page.wait_for_function("old => document.querySelector('.map').dataset.drawn !== old", arg=drawn)
    assert page.locator(".legend").inner_text().split() == ["cat", "dog"]
    page.click(".chips li:first-child button")
    page.wait_for_url("**/*rows=1,6")


def test_two_models_stand_side_by_side(page):
    open_view(page, "Two models", "models")
    assert len(listed(page)) > 10
    search(page, "dog")
    page.wait_for_selector(".pair")
    assert page.locator(".pair h3").all_inner_texts() == ["toy", "other"]
    assert page.locator(".pair .kept").count() >= 2


def test_the_text_is_searched(page):
    open_view(page, "In the text", "corpus")
    search(page, "cat")
    page.wait_for_selector(".contexts tr")
    assert page.locator(".contexts th").all_inner_texts() == ["cat", "cat"]


@pytest.mark.parametrize("color", ["cluster", "column 0", "column 1", "frequency"])
def test_the_map_is_colored(page, color):
    drawn = page.get_attribute(".map", "data-drawn")
    if color == "frequency":
        page.select_option(".tools select", "column 0")
        page.wait_for_function(
            "old => document.querySelector('.map').dataset.drawn !== old", arg=drawn
        )
        drawn = page.get_attribute(".map", "data-drawn")
    page.select_option(".tools select", color)
    page.wait_for_function("old => document.querySelector('.map').dataset.drawn !== old", arg=drawn)
    if color == "column 0":
        assert page.locator(".legend bdi").all_inner_texts() == ["animal", "city", "metal"]


def test_tsne_is_computed_while_one_waits(page):
    pytest.importorskip("openTSNE", reason="the extra explore")
    drawn = page.get_attribute(".map", "data-drawn")
    page.select_option(".tools label:nth-of-type(2) select", "tsne")
    page.wait_for_function("old => document.querySelector('.map').dataset.drawn !== old", arg=drawn)


def saved(page, act):
    with page.expect_download() as event:
        act()
    return Path(event.value.path()).read_bytes()


def test_the_map_and_a_selection_are_saved(page):
    assert saved(page, lambda: page.click("text=PNG"))[:4] == b"\x89PNG"
    svg = saved(page, lambda: page.click("text=SVG")).decode()
    assert svg.count("<circle") > 10
    assert "<script" not in svg
    page.focus(".frame")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Save as CSV")
    table = saved(page, lambda: page.click("text=Save as CSV")).decode()
    assert table.startswith("word,row,count,x,y\r\n")


def test_the_map_is_moved_by_keys_and_words_are_caught_by_a_lasso(page):
    page.focus(".frame")
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "0"):
        page.keyboard.press(key)
        page.wait_for_timeout(250)
    page.click("text=Lasso")
    box = page.locator(".frame").bounding_box()
    corners = [(0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95), (0.05, 0.06)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=12)
        page.wait_for_timeout(30)
    page.mouse.up()
    page.wait_for_selector("text=Save as CSV")
    assert page.locator("#panel .list a").count() > 10


COUNT_DRAWINGS = """() => {
  window.drawings = 0;
  const draw = WebGLRenderingContext.prototype.drawArrays;
  WebGLRenderingContext.prototype.drawArrays = function (...all) {
    window.drawings++;
    return draw.apply(this, all);
  };
}"""


def test_a_program_that_draws_does_so_when_the_map_rests(tab, server):
    tab.add_init_script(f"({COUNT_DRAWINGS})()")
    tab.goto(server.url)
    tab.wait_for_selector(".map[data-drawn]")
    tab.wait_for_timeout(500)
    box = tab.locator(".frame").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(*middle)
    tab.mouse.down()
    before = tab.evaluate("window.drawings")
    assert before > 0
    tab.mouse.move(middle[0] + 100, middle[1] + 50, steps=10)
    assert tab.evaluate("window.drawings") <= before + 10  # of points that are pointed at
    tab.wait_for_function("before => window.drawings > before", arg=before)
    tab.mouse.up()


RECORD_LABELS = """() => {
  window.labels = [];
  const pen = CanvasRenderingContext2D.prototype;
  const [clear, write] = [pen.clearRect, pen.fillText];
  pen.clearRect = function (...all) {
    if (this.canvas.classList.contains("overlay")) window.labels = [];
    return clear.apply(this, all);
  };
  pen.fillText = function (text, x, y) {
    const bold = this.font.includes("600");
    window.labels.push([text, bold, x, y, this.measureText(text).width]);
    return write.call(this, text, x, y);
  };
}"""


@pytest.mark.parametrize("word", ["cat", "gold", "Paris"])
def test_no_label_hides_another_and_the_chosen_word_has_one(tab, server, word):
    tab.add_init_script(f"({RECORD_LABELS})()")
    tab.goto(f"{server.url}#view=words&rows={WORDS.index(word)}")
    tab.wait_for_function(
        "word => window.labels.some(([text, bold]) => bold && text === word)", arg=word
    )
    tab.wait_for_timeout(300)
    labels = tab.evaluate("window.labels")
    assert sum(bold for _, bold, *_ in labels) > 3
    for (_, _, x, y, width), (_, _, other_x, other_y, other_width) in itertools.combinations(
        labels, 2
    ):
        beside = x + width <= other_x or other_x + other_width <= x
        assert beside or abs(y - other_y) >= 12


MILLION = 1_000_000
MAX_MEGABYTES = 1500


def test_a_million_words_are_searched_moved_and_listed(browser):
    matrix = np.random.default_rng(1).standard_normal((MILLION, 8), dtype=np.float32)
    vectors = KeyedVectors([f"w{row}" for row in range(MILLION)], matrix)
    with serve_in_background(Explorer(Model(vectors, "million"))) as server:
        tab = browser.new_page()
        tab.goto(server.url)
        tab.wait_for_selector(".map[data-drawn]", timeout=2 * PATIENCE)
        search(tab, f"w{MILLION - 1}")
        nearest = vectors.most_similar(f"w{MILLION - 1}", topn=5)
        assert listed(tab)[:5] == [word for word, _ in nearest]
        tab.focus(".frame")
        for key in ("+", "ArrowLeft", "-", "Enter"):
            tab.keyboard.press(key)
            tab.wait_for_timeout(250)
        tab.wait_for_selector("text=Save as CSV")
        assert tab.locator("#panel .list a").count() > 10
        processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        assert sum(map(megabytes, processes["processInfo"])) < MAX_MEGABYTES
        tab.close()


def megabytes(process):
    """The memory of a process that shows pages or draws."""
    if process["type"] not in ("renderer", "GPU"):
        return 0
    status = Path(f"/proc/{process['id']}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def test_hostile_words_are_text(page):
    for word in HOSTILE:
        page.evaluate("row => location.hash = `#view=words&rows=${row}`", WORDS.index(word))
        page.wait_for_function(
            "word => document.querySelector('#panel h2')?.textContent.startsWith(word)",
            arg=word[:1] if word[0] not in "\ud800" else "",
        )
        title = page.locator("#panel h2")
        assert title.locator("bdi *").count() == 0
        assert len(title.inner_text()) < 120
        assert not set(title.inner_text()) & set("\u202e\u200f\x00\x1b\n")
    assert page.locator("#panel img, #panel b").count() == 0


def test_the_study_trains_again_when_a_slider_moves(page):
    open_view(page, "Why below zero", "study")
    page.wait_for_selector("text=Trained in")
    before = page.locator("#panel [role=status]").inner_text()
    page.focus("#study-k")
    page.keyboard.press("ArrowRight")
    after = page.locator("#panel [role=status]").inner_text()
    assert before != after
    for objective in ("nce", "zero", "softmax"):
        page.select_option("#panel select", objective)
        assert "Mean u·v" in page.locator("#panel [role=status]").inner_text()


def test_the_file_works_with_the_network_off(tab, tmp_path, model):
    path = tmp_path / "page.html"
    export_page(path, model, projection.pca(model))
    tab.context.set_offline(True)
    tab.goto(path.as_uri())
    tab.wait_for_selector(".map[data-drawn]")
    search(tab, "cat")
    assert listed(tab)[:3] == names(model, 0, 3)
    tab.select_option(".tools select", "cluster")
    tab.wait_for_function("document.querySelector('.map').dataset.drawn > 1")
    tab.goto(path.as_uri() + "#view=compare&rows=0,6")
    tab.wait_for_selector(".matrix")
    tab.goto(path.as_uri() + f"#view=words&rows={WORDS.index(HOSTILE[1])}")
    tab.wait_for_selector("#panel h2")


def test_a_notebook_shows_it(tab, vectors, model):
    tab.set_content(vectors.explore()._repr_html_())
    frame = tab.frame_locator("iframe")
    frame.locator(".map[data-drawn]").wait_for()
    frame.locator("#panel input").fill("cat")
    frame.locator("[aria-selected=true]").wait_for()
    frame.locator("#panel input").press("Enter")
    frame.locator(".bars li bdi").first.wait_for()
    assert frame.locator(".bars li bdi").all_inner_texts()[:3] == names(model, 0, 3)


def test_a_run_is_shown_while_it_goes_on(tab):
    vectors = topic_vectors()
    model = Model(vectors, "training")
    run = Run(model)
    fields = {"loss": 2.5, "lr": 0.02, "rate": 1e6, "epoch": 1, "epochs": 2, "total_tokens": 100}
    with serve_in_background(Explorer(model, run=run)) as server:
        run.tell({**fields, "seconds": 1.0, "tokens": 20})
        tab.goto(server.url)
        tab.wait_for_selector("text=epoch 1 of 2, 20.0 %")
        search(tab, "gold")
        tab.wait_for_selector("#panel section h3:has-text('gold')")
        run.tell({**fields, "seconds": 2.0, "tokens": 60, "loss": 2.25})
        tab.wait_for_selector("text=2.2500")
        run.close()
        tab.wait_for_selector("text=: ended")
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_page_fits_its_window(browser, server, width, scheme):
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab.goto(server.url + "#view=compare&rows=0,1,6")
    tab.wait_for_selector(".matrix")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.filter(one => ['serious', 'critical'].includes(one.impact))
    .map(one => [one.id, one.nodes.map(node => node.html.slice(0, 100))]);
}"""


AXE_VIEWS = (
    "words",
    "words&rows=0",
    "analogy",
    "analogy&rows=0,1,6",
    "compare",
    "compare&rows=0,1",
    "models",
    "models&rows=1",
    "corpus",
    "corpus&rows=0",
    "selection",
    "study",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, server, model, scheme, request):
    axe = request.config.rootpath / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.exists():
        pytest.skip("axe-core is not installed: make web")
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    tab = context.new_page()

    def check(tab, view):
        tab.add_script_tag(path=str(axe))
        assert tab.evaluate(AXE) == [], view

    for view in AXE_VIEWS:
        tab.goto("about:blank")
        tab.goto(f"{server.url}#view={view}")
        tab.wait_for_selector(".map[data-drawn]")
        tab.wait_for_selector("#panel h2, #panel table, #panel input, #panel p")
        check(tab, view)
    tab.focus(".frame")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("text=Save as CSV")
    check(tab, "words of the selection")
    tab.goto(server.url)
    tab.fill("#panel input", "a")
    tab.wait_for_selector("#panel [aria-selected=true]")
    check(tab, "hits of a search")
    run = Run(model)
    with serve_in_background(Explorer(model, run=run)) as training:
        for seconds in range(1, 4):
            run.tell(
                {"seconds": seconds, "tokens": seconds, "total_tokens": 9, "loss": 2 / seconds}
                | {"lr": 0.02, "rate": 1e6, "epoch": 1, "epochs": 1}
            )
        tab.goto(training.url)
        tab.wait_for_selector("text=epoch 1 of 1")
        search(tab, "gold")
        tab.wait_for_selector("#panel section h3:has-text('gold')")
        check(tab, "run")
        run.close()
    context.close()

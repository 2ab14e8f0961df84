// The page: views in a panel beside the map, each with its address.
import { WordMap } from "./map";
import { Offline } from "./offline";
import { Server, type Progress, type Source } from "./source";
import { el, failure, go, href, painted, parseState, type Context, type State } from "./ui";
import { analogy } from "./views/analogy";
import { compare } from "./views/compare";
import { corpus } from "./views/corpus";
import { models } from "./views/models";
import { run, runStage } from "./views/run";
import { selection } from "./views/selection";
import { study } from "./views/study";
import { words } from "./views/words";
import { shown, type Words } from "./words";

const panel = document.getElementById("panel")!;
const stage = document.getElementById("stage")!;
const nav = document.getElementById("nav")!;

type View = (rows: number[]) => Promise<Node[]> | Node[];

function viewsOf(context: Context, map: WordMap | null, draw: (progress: Progress) => void): Record<string, View> {
  return {
    run: () => run(context, draw),
    words: (rows) => words(context, rows),
    analogy: (rows) => analogy(context, rows),
    compare: (rows) => compare(context, rows),
    models: (rows) => models(context, rows),
    corpus: (rows) => corpus(context, rows),
    selection: () => selection(context, async (rows) => map?.saveCsv(rows)),
    study,
  };
}

/** Marks the link of the view that is shown, the first one's if there is none; the others take its word along. */
function markView(state: State, rows: number[]): string {
  const links = [...nav.querySelectorAll("a")];
  const view = (link: HTMLAnchorElement) => parseState(link.hash).view;
  const current = links.find((link) => view(link) === state.view) ?? links[0];
  for (const link of links) {
    const carries = link !== current && ["words", "compare", "models", "corpus"].includes(view(link)) && state.view !== "analogy";
    link.href = href(view(link), carries ? rows.slice(0, 1) : []);
    if (link === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (current !== links[0]) current.scrollIntoView({ block: "nearest", inline: "nearest" });
  return view(current);
}

/** Fills the panel; a node that is there already stays in its place, and with it the focus. */
function fill(nodes: Node[]): void {
  for (const old of [...panel.childNodes]) if (!nodes.includes(old)) old.remove();
  panel.append(...nodes.filter((node) => node.parentNode !== panel));
}

let shownLast = 0;

async function show(state: State, views: Record<string, View>, vocabulary: Words): Promise<void> {
  const number = ++shownLast;
  const rows = state.rows.filter((row) => row < vocabulary.length);
  const view = markView(state, rows);
  try {
    if (rows.length) {
      if (number === 1) fill([el("p", { className: "quiet" }, "Reading the words …")]);
      await vocabulary.loaded;
    }
    const nodes = await views[view](rows);
    if (number !== shownLast) return;
    const hadFocus = panel.contains(document.activeElement);
    fill(nodes);
    panel.dataset.view = view;
    if (number > 1) panel.scrollTop = 0; // which lays the page out
    if (hadFocus) panel.querySelector<HTMLElement>("h2")?.setAttribute("tabindex", "-1");
    if (hadFocus) panel.querySelector<HTMLElement>("h2")?.focus();
  } catch (error) {
    if (number === shownLast) fill([failure(error)]);
  }
}

/** What the page holds: all data, or what the server tells beforehand, so that nothing is asked before the first paint. */
function openSource(): Source {
  const data = JSON.parse(document.getElementById("data")!.textContent!);
  return "vectors" in data ? new Offline(data) : new Server(new URLSearchParams(location.search).get("token") ?? "", data);
}

async function start(): Promise<void> {
  const source = openSource();
  const { info } = source;
  const vocabulary = source.words(0);
  const counts = source.counts();
  const names = info.models.map((model) => shown(model.name));
  document.title = document.getElementById("name")!.textContent = names.join(" · ");
  let others: Words | undefined;
  const context: Context = {
    source,
    words: vocabulary,
    others: () => (others ??= source.words(1)),
    counts,
    names,
    map: null,
    selection: [],
  };
  let draw = (_: Progress): void => {};
  let map: WordMap | null = null;
  if (info.run) {
    stage.classList.add("charts");
    draw = runStage(stage);
  } else {
    const select = (rows: number[]): void => {
      if (rows.length === 1) return go("words", rows);
      context.selection = rows.sort((a, b) => a - b);
      if (parseState(location.hash).view === "selection") dispatchEvent(new Event("hashchange"));
      else go("selection");
    };
    map = new WordMap(source, vocabulary, counts, info.columns, select);
    context.map = map;
    if (info.note) stage.append(el("p", { className: "status" }, info.note));
  }
  const views = viewsOf(context, map, draw);
  const render = () => show(parseState(location.hash), views, vocabulary);
  addEventListener("hashchange", () => void render());
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || (event.target as Element).matches("input, select")) return;
    event.preventDefault();
    panel.querySelector<HTMLElement>("input[type=search]")?.focus();
  });
  await Promise.all([render(), vocabulary.loaded, counts, map?.start()]);
}

for (const element of document.querySelectorAll<HTMLElement>("[data-needs]"))
  if (!document.body.classList.contains(element.dataset.needs!)) element.remove();
// Without a word in the address the page is what its HTML says, and is painted before the script goes on.
const { view, rows } = parseState(location.hash);
const isPlain = document.body.classList.contains("map") && ["", "words"].includes(view) && !rows.length;
Promise.resolve(isPlain && painted)
  .then(start)
  .catch((error) => fill([failure(error)]));

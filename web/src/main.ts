// The page: views in a panel beside the map, each with its address.
import { WordMap } from "./map";
import { Offline } from "./offline";
import { Server, type Progress, type Source } from "./source";
import { el, failure, go, href, parseState, type Context, type State } from "./ui";
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

function viewsOf(context: Context, map: WordMap | null, draw: (progress: Progress) => void): Map<string, [string, View]> {
  const { info } = context.source;
  const views = new Map<string, [string, View]>();
  if (info.run) views.set("run", ["Training", () => run(context, draw)]);
  views.set("words", ["Neighbors", (rows) => words(context, rows)]);
  views.set("analogy", ["Analogy", (rows) => analogy(context, rows)]);
  views.set("compare", ["Compare", (rows) => compare(context, rows)]);
  if (info.models.length > 1) views.set("models", ["Two models", (rows) => models(context, rows)]);
  if (info.corpus) views.set("corpus", ["In the text", (rows) => corpus(context, rows)]);
  if (map) views.set("selection", ["Selection", () => selection(context, (rows) => map.saveCsv(rows))]);
  views.set("study", ["Why below zero", study]);
  return views;
}

let shownLast = 0;

async function show(state: State, views: Map<string, [string, View]>, vocabulary: Words): Promise<void> {
  const number = ++shownLast;
  const view = views.has(state.view) ? state.view : [...views.keys()][0];
  const rows = state.rows.filter((row) => row < vocabulary.length);
  const walked = nav.contains(document.activeElement);
  nav.replaceChildren(
    ...[...views].map(([name, [title]]) => {
      const carried = ["words", "compare", "models", "corpus"].includes(name) && state.view !== "analogy" ? rows.slice(0, 1) : [];
      return el("a", { href: name === view ? href(name) : href(name, carried), "aria-current": name === view ? "page" : null }, title);
    }),
  );
  const current = nav.querySelector<HTMLElement>("[aria-current]")!;
  if (walked) current.focus();
  else if (view !== views.keys().next().value) current.scrollIntoView({ block: "nearest", inline: "nearest" });
  try {
    if (rows.length) {
      if (!panel.hasChildNodes()) panel.append(el("p", { className: "quiet" }, "Reading the words …"));
      await vocabulary.loaded;
    }
    const nodes = await views.get(view)![1](rows);
    if (number !== shownLast) return;
    const hadFocus = panel.contains(document.activeElement);
    panel.replaceChildren(...nodes);
    panel.dataset.view = view;
    if (number > 1) panel.scrollTop = 0; // which lays the page out
    if (hadFocus) panel.querySelector<HTMLElement>("h2")?.setAttribute("tabindex", "-1");
    if (hadFocus) panel.querySelector<HTMLElement>("h2")?.focus();
  } catch (error) {
    if (number === shownLast) panel.replaceChildren(failure(error));
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
    stage.append(map.element);
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

start().catch((error) => panel.replaceChildren(failure(error)));

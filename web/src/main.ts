// The page: views in a panel beside the map, each with its address.
import { WordMap } from "./map";
import { Offline } from "./offline";
import { Server, type Info, type Progress, type Source } from "./source";
import { el, failure, go, href, parseState, type Context, type State } from "./ui";
import { analogy } from "./views/analogy";
import { compare } from "./views/compare";
import { corpus } from "./views/corpus";
import { models } from "./views/models";
import { run, runStage } from "./views/run";
import { selection } from "./views/selection";
import { study } from "./views/study";
import { words } from "./views/words";
import type { Words } from "./words";
import { shown } from "./words";

const panel = document.getElementById("panel")!;
const stage = document.getElementById("stage")!;
const nav = document.getElementById("nav")!;

type View = (rows: number[]) => Promise<Node[]> | Node[];

function viewsOf(info: Info, context: Context, map: WordMap | null, draw: (progress: Progress) => void): Map<string, [string, View]> {
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

async function show(state: State, views: Map<string, [string, View]>, count: number): Promise<void> {
  const number = ++shownLast;
  const view = views.has(state.view) ? state.view : [...views.keys()][0];
  const rows = state.rows.filter((row) => row < count);
  nav.replaceChildren(
    ...[...views].map(([name, [title]]) => {
      const carried = ["words", "compare", "models", "corpus"].includes(name) && state.view !== "analogy" ? rows.slice(0, 1) : [];
      return el("a", { href: name === view ? href(name) : href(name, carried), "aria-current": name === view ? "page" : null }, title);
    }),
  );
  try {
    const nodes = await views.get(view)![1](rows);
    if (number !== shownLast) return;
    const hadFocus = panel.contains(document.activeElement);
    panel.replaceChildren(...nodes);
    panel.dataset.view = view;
    panel.scrollTop = 0;
    if (hadFocus) panel.querySelector<HTMLElement>("h2")?.setAttribute("tabindex", "-1");
    if (hadFocus) panel.querySelector<HTMLElement>("h2")?.focus();
  } catch (error) {
    if (number === shownLast) panel.replaceChildren(failure(error));
  }
}

function openSource(): Source {
  const data = document.getElementById("data")?.textContent;
  return data ? new Offline(JSON.parse(data)) : new Server(new URLSearchParams(location.search).get("token") ?? "");
}

async function start(): Promise<void> {
  const source = openSource();
  const info = await source.info();
  const name = document.getElementById("name")!;
  document.title = name.textContent = info.models.map((model) => shown(model.name)).join(" · ");
  const vocabulary = await source.words(0);
  const counts = info.models[0].counts ? await source.counts() : null;
  let others: Promise<Words> | undefined;
  const context: Context = {
    source,
    words: vocabulary,
    others: () => (others ??= source.words(1)),
    counts,
    names: info.models.map((model) => shown(model.name)),
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
  const views = viewsOf(info, context, map, draw);
  const render = () => show(parseState(location.hash), views, vocabulary.length);
  addEventListener("hashchange", () => void render());
  await render();
  await map?.start();
}

start().catch((error) => panel.replaceChildren(failure(error)));

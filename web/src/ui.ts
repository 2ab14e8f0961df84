// Elements of the page. Words enter it as text only.
import type { Source } from "./source";
import { shown, type Words } from "./words";

type Child = Node | string | null | undefined;
type Properties = Record<string, unknown>;

/** An element; properties that are no fields of it become attributes. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.includes("-")) (element as unknown as Properties)[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child != null));
  return element;
}

/** The first element of the page that a selector means. */
export function find<E extends HTMLElement = HTMLElement>(selector: string): E {
  return document.querySelector<E>(selector)!;
}

export interface State {
  view: string;
  rows: number[];
}

export function parseState(hash: string): State {
  const values = new URLSearchParams(hash.slice(1));
  const rows = (values.get("rows") ?? "").split(",").filter((part) => /^\d{1,9}$/.test(part));
  return { view: values.get("view") ?? "", rows: rows.map(Number) };
}

export function href(view: string, rows: number[] = []): string {
  return rows.length ? `#view=${view}&rows=${rows.join()}` : `#view=${view}`;
}

export function go(view: string, rows: number[] = []): void {
  location.hash = href(view, rows);
}

/** What every view gets. */
export interface Context {
  source: Source;
  words: Words;
  others: () => Words;
  counts: Promise<Float64Array | null>;
  names: string[];
  map: { color: (values: Float32Array, low: string, high: string) => void; mark: (rows: number[]) => void } | null;
  selection: number[];
}

export function wordOf(words: Words, row: number, limit?: number): HTMLElement {
  return el("bdi", {}, shown(words.get(row), limit));
}

export function wordLink(words: Words, row: number, view = "words"): HTMLAnchorElement {
  return el("a", { href: href(view, [row]), className: "word" }, wordOf(words, row));
}

export function number(value: number | null, digits = 3): string {
  return value === null || value !== value ? "–" : value.toFixed(digits).replace("-", "−");
}

/** A list of words with their cosines as bars. */
export function bars(words: Words, rows: number[], cosines: (number | null)[], kind?: (row: number) => string): HTMLElement {
  return el(
    "ol",
    { className: "bars" },
    ...rows.map((row, i) => {
      const bar = el("span", { className: "bar", "aria-hidden": "true" });
      bar.style.setProperty("--share", String(Math.max(cosines[i] ?? 0, 0)));
      return el("li", { className: kind?.(row) ?? "" }, bar, wordLink(words, row), el("span", { className: "cosine" }, number(cosines[i])));
    }),
  );
}

export function failure(error: unknown): HTMLElement {
  return el("p", { className: "error", role: "alert" }, error instanceof Error ? error.message : String(error));
}

const MAX_CUT = 4; // characters that are left off an unknown word to find others like it

/** Rows of words with `text` in them, or if there are none, with its beginning; and the part that was found. */
async function searchWords({ source, words }: Context, text: string): Promise<[number[], string]> {
  await words.loaded;
  for (let part = text; text.length - part.length <= MAX_CUT && (part === text || part.length > 1); part = part.slice(0, -1)) {
    const rows = await source.search(part, part === text ? 20 : 8);
    if (rows.length || part === "") return [rows, part];
  }
  return [[], ""];
}

const firstBox = find("#panel .box"); // is there before the script
firstBox.removeAttribute("data-needs");
const emptyBox = firstBox.cloneNode(true);
let boxes = 0;

/** A field that finds words as one types. */
export function wordBox(context: Context, label: string, chosen: number | null, choose: (row: number) => void): HTMLElement {
  const id = `box${boxes}`;
  const box = boxes++ ? (emptyBox.cloneNode(true) as HTMLElement) : firstBox;
  const [title, input, list] = [box.querySelector("label")!, box.querySelector("input")!, box.querySelector("ul")!];
  title.textContent = label;
  list.setAttribute("aria-label", `Words for: ${label}`);
  title.htmlFor = input.id = id;
  list.id = `${id}-list`;
  input.setAttribute("aria-controls", list.id);
  if (chosen !== null) input.value = shown(context.words.get(chosen));
  let rows: number[] = [];
  let active = -1;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const activate = (next: number) => {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = next;
    const option = list.children[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
  };
  const pick = (row: number) => {
    input.value = shown(context.words.get(row));
    close();
    choose(row);
  };
  const seek = async () => {
    const number = ++asked;
    const text = input.value.trim();
    let note = "";
    let found: [number[], string] = [[], text];
    try {
      found = await searchWords(context, text);
      if (found[1] !== text) note = found[1] ? `no such word; these have “${found[1]}”` : "no such word";
    } catch (error) {
      note = (error as Error).message;
    }
    if (number !== asked) return;
    rows = found[0];
    list.replaceChildren(
      ...rows.map((row, i) => {
        const option = el("li", { id: `${id}-${i}`, role: "option", "aria-selected": "false" }, wordOf(context.words, row));
        option.addEventListener("pointerdown", (event) => event.preventDefault());
        option.addEventListener("click", () => pick(row));
        return option;
      }),
    );
    if (note) list.append(el("li", { className: "quiet", role: "option", "aria-disabled": "true" }, note));
    list.hidden = !list.children.length || document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
    active = -1;
    if (rows.length && !note) activate(0);
  };
  input.addEventListener("input", () => void seek());
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && rows[active] !== undefined && !list.hidden) pick(rows[active]);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) void seek();
      else activate((active + (event.key === "ArrowDown" ? 1 : rows.length - 1)) % rows.length);
    } else return;
    event.preventDefault();
  });
  if (chosen === null && input.value) void seek(); // typed before the script was there
  return box;
}

export function button(label: string, act: () => void, properties: Properties = {}): HTMLButtonElement {
  const element = el("button", { type: "button", ...properties }, label);
  element.addEventListener("click", act);
  return element;
}

export function select(label: string, options: [string, string][], choose: (value: string) => void): HTMLLabelElement {
  const element = el("select", {}, ...options.map(([value, text]) => el("option", { value }, text)));
  element.addEventListener("change", () => choose(element.value));
  return el("label", { className: "choice" }, label, element);
}

export function download(name: string, data: Blob): void {
  const url = URL.createObjectURL(data);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const PATIENCE = 1000; // ms; a page in the background is not painted

/** Until the page is on the screen: what makes work for the machine waits for it. */
export const painted = Promise.race([
  new Promise((resolve) => new PerformanceObserver(resolve).observe({ type: "paint", buffered: true })),
  new Promise((resolve) => setTimeout(resolve, PATIENCE)),
]);

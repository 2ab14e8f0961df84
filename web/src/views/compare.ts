// Several words: cosines of all pairs, neighbors they share, and all words along the axis between two of them.
import { bars, button, el, go, number, wordBox, wordLink, wordOf, type Context } from "../ui";

const MAX_COMPARED = 8;
const NEIGHBORS = 40;

export async function compare(context: Context, rows: number[]): Promise<Node[]> {
  const add = wordBox(context, "Add a word", null, (row) => go("compare", [...new Set([...rows, row])].slice(-MAX_COMPARED)));
  const chips = el(
    "ul",
    { className: "chips" },
    ...rows.map((row) => {
      const remove = button("×", () => go("compare", rows.filter((other) => other !== row)));
      remove.setAttribute("aria-label", `Remove ${context.words.get(row).slice(0, 60)}`);
      return el("li", {}, wordLink(context.words, row), remove);
    }),
  );
  if (rows.length < 2) return [add, chips, el("p", { className: "quiet" }, "Two words or more can be compared.")];
  context.map?.mark(rows);
  const [cosines, ...nearest] = await Promise.all([
    context.source.cosines(rows),
    ...rows.map((row) => context.source.neighbors(row, NEIGHBORS)),
  ]);
  return [add, chips, matrix(context, rows, cosines), ...shared(context, rows, nearest), await axis(context, rows[0], rows[1])];
}

function matrix(context: Context, rows: number[], cosines: (number | null)[][]): HTMLElement {
  const head = el("tr", {}, el("td"), ...rows.map((row) => el("th", { scope: "col" }, wordOf(context.words, row, 12))));
  const lines = rows.map((row, i) => {
    const cells = cosines[i].map((cosine) => {
      const cell = el("td", {}, number(cosine, 2));
      cell.style.setProperty("--share", String(Math.max(cosine ?? 0, 0)));
      return cell;
    });
    return el("tr", {}, el("th", { scope: "row" }, wordOf(context.words, row, 16)), ...cells);
  });
  return el("div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": "Cosines" }, el("table", { className: "matrix" }, el("caption", {}, "Cosines"), head, ...lines));
}

function shared(context: Context, rows: number[], nearest: { rows: number[] }[]): Node[] {
  const times = new Map<number, number>();
  for (const list of nearest) for (const row of list.rows) times.set(row, (times.get(row) ?? 0) + 1);
  const common = [...times.keys()].filter((row) => times.get(row) === rows.length);
  const list = (title: Node, found: number[]) =>
    el("div", {}, el("h3", {}, title), found.length ? el("p", { className: "list" }, ...found.flatMap((row) => [wordLink(context.words, row), " "])) : el("p", { className: "quiet" }, "none"));
  return [
    el("h2", {}, "Neighbors"),
    el("p", { className: "quiet" }, `Among the ${NEIGHBORS} nearest of each.`),
    list(el("span", {}, "of all"), common),
    ...rows.map((row, i) => list(el("span", {}, "only of ", wordOf(context.words, row, 24)), nearest[i].rows.filter((one) => times.get(one) === 1 && !rows.includes(one)).slice(0, 15))),
  ];
}

/** The semantic differential: every word by its cosine to the direction from a to b. */
async function axis(context: Context, a: number, b: number): Promise<HTMLElement> {
  const values = await context.source.axis(a, b);
  const [low, high] = ends(values, 15);
  const word = (row: number) => wordOf(context.words, row, 24);
  const side = (row: number, found: number[], sign: number) =>
    el("div", {}, el("h3", {}, "towards ", word(row)), bars(context.words, found, found.map((one) => sign * values[one])));
  const names = [a, b].map((row) => context.words.get(row).slice(0, 24)) as [string, string];
  return el(
    "section",
    {},
    el("h2", {}, "Between ", word(a), " and ", word(b)),
    context.map ? button("Color the map by it", () => context.map?.color(values, ...names)) : null,
    el("div", { className: "pair" }, side(a, low, -1), side(b, high, 1)),
  );
}

/** Rows of the `count` lowest and highest values among the 50,000 most frequent words, outermost first. */
function ends(values: Float32Array, count: number): [number[], number[]] {
  const rows = Uint32Array.from({ length: Math.min(values.length, 50_000) }, (_, row) => row);
  rows.sort((x, y) => values[x] - values[y]);
  return [[...rows.slice(0, count)], [...rows.slice(-count).reverse()]];
}

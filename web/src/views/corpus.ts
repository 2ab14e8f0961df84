// A word in the text.
import { el, go, wordBox, type Context } from "../ui";
import { shown } from "../words";

export async function corpus(context: Context, rows: number[]): Promise<Node[]> {
  const [row] = rows;
  const box = wordBox(context, "Find a word", row ?? null, (chosen) => go("corpus", [chosen]));
  if (row === undefined) return [box];
  const { lines, complete } = await context.source.contexts(row, 100);
  context.map?.mark([row]);
  const found = lines.map(([left, word, right]) =>
    el("tr", {}, el("td", {}, el("bdi", {}, shown(left, 200))), el("th", { scope: "row" }, el("bdi", {}, shown(word))), el("td", {}, el("bdi", {}, shown(right, 200)))),
  );
  const note = complete ? `${lines.length} places` : `${lines.length} places; the search was ended after a second`;
  return [box, el("div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": "Contexts" }, el("table", { className: "contexts" }, el("caption", {}, note), ...found))];
}

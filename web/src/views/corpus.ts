// A word in the text.
import { el, go, wordBox, type Context } from "../ui";
import { shown } from "../words";

const MAX_PLACES = 100;

export async function corpus(context: Context, rows: number[]): Promise<Node[]> {
  const [row] = rows;
  const box = wordBox(context, "Find a word", row ?? null, (chosen) => go("corpus", [chosen]));
  if (row === undefined) return [box];
  const { lines, complete } = await context.source.contexts(row, MAX_PLACES);
  context.map?.mark([row]);
  const side = (text: string) => el("td", {}, el("bdi", {}, text && shown(text, 200)));
  const found = lines.map(([left, word, right]) => el("tr", {}, side(left), el("th", { scope: "row" }, el("bdi", {}, shown(word))), side(right)));
  const places = lines.length === MAX_PLACES ? `the first ${MAX_PLACES} places` : `${lines.length} places`;
  const note = complete ? places : `${places}; the search was ended after a second`;
  return [box, el("div", { className: "scroll", tabIndex: 0, role: "group", "aria-label": "Contexts" }, el("table", { className: "contexts" }, el("caption", {}, note), ...found))];
}

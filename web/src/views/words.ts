// A word and its neighbors.
import { bars, el, go, href, wordBox, wordOf, type Context } from "../ui";

export async function words(context: Context, rows: number[]): Promise<Node[]> {
  const [row] = rows;
  const box = wordBox(context, "Find a word", row ?? null, (chosen) => go("words", [chosen]));
  if (row === undefined) {
    const total = context.words.length.toLocaleString("en");
    return [box, el("p", { className: "quiet" }, `Type a part of a word, or choose a point of the map. ${total} words.`)];
  }
  const nearest = await context.source.neighbors(row, 30);
  context.map?.mark([row, ...nearest.rows.slice(0, 10)]);
  const facts = [`row ${(row + 1).toLocaleString("en")}`];
  if (context.counts) facts.push(`${context.counts[row].toLocaleString("en")} times`);
  return [
    box,
    el("h2", {}, wordOf(context.words, row)),
    el("p", { className: "quiet" }, facts.join(", ")),
    el("p", {}, el("a", { href: href("compare", [row, ...nearest.rows.slice(0, 2)]) }, "Compare with its neighbors")),
    bars(context.words, nearest.rows, nearest.cosines),
  ];
}

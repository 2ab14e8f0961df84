// A word and its neighbors.
import { bars, el, go, href, wordBox, wordOf, type Context } from "../ui";
import { grouped } from "../words";

export async function words(context: Context, rows: number[]): Promise<Node[]> {
  const [row] = rows;
  const box = wordBox(context, "Find a word", row ?? null, (chosen) => go("words", [chosen]));
  if (row === undefined) {
    const total = grouped(context.words.length);
    return [box, el("p", { className: "quiet" }, `Type a part of a word, or choose a point of the map. ${total} words.`)];
  }
  const [nearest, counts] = await Promise.all([context.source.neighbors(row, 30), context.counts]);
  context.map?.mark([row, ...nearest.rows.slice(0, 10)]);
  const facts = [`row ${grouped(row + 1)}`];
  if (counts) facts.push(`${grouped(counts[row])} times`);
  return [
    box,
    el("h2", {}, wordOf(context.words, row)),
    el("p", { className: "quiet" }, facts.join(", ")),
    el("p", {}, el("a", { href: href("compare", [row, ...nearest.rows.slice(0, 2)]) }, "Compare with its neighbors")),
    bars(context.words, nearest.rows, nearest.cosines),
  ];
}

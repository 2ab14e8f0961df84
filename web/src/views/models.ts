// Two models side by side: the neighbors of a word in both, and the words that moved most.
import { bars, el, go, number, select, wordBox, wordOf, type Context } from "../ui";
import { grouped } from "../words";

const NEIGHBORS = 25;
const AMONG = 10_000;

export async function models(context: Context, rows: number[]): Promise<Node[]> {
  const [row] = rows;
  const box = wordBox(context, "Find a word", row ?? null, (chosen) => go("models", [chosen]));
  if (row !== undefined) return [box, ...(await sideBySide(context, row))];
  const list = el("div");
  const fill = async (among: number) => {
    const [moved] = await Promise.all([context.source.moved(among, 60), context.words.loaded]);
    const summary = `${grouped(moved.common)} words are in both; mean cosine of a word to itself after the rotation: ${number(moved.mean)}`;
    const table = bars(context.words, moved.rows, moved.cosines);
    for (const link of table.querySelectorAll("a")) link.href = link.href.replace("view=words", "view=models");
    list.replaceChildren(el("p", { className: "quiet" }, summary), table);
    context.map?.mark(moved.rows.slice(0, 20));
  };
  await fill(AMONG);
  const choice = select("Among the most frequent", [["10000", "10,000"], ["1000", "1,000"], ["50000", "50,000"]], (value) => void fill(Number(value)));
  return [box, el("h2", {}, "Moved most"), choice, list];
}

async function sideBySide(context: Context, row: number): Promise<Node[]> {
  const others = context.others();
  const [{ row: other, cosine }, before] = await Promise.all([
    context.source.counterpart(row),
    context.source.neighbors(row, NEIGHBORS),
    others.loaded,
  ]);
  context.map?.mark([row]);
  const title = el("h2", {}, wordOf(context.words, row));
  if (other === null) return [title, el("p", {}, "The second model has no such word.")];
  const after = await context.source.neighbors(other, NEIGHBORS, 1);
  const first = new Set(before.rows.map((one) => context.words.get(one)));
  const second = new Set(after.rows.map((one) => others.get(one)));
  const kept = [...first].filter((word) => second.has(word)).length;
  const left = bars(context.words, before.rows, before.cosines, (one) => (second.has(context.words.get(one)) ? "kept" : "lost"));
  const right = bars(others, after.rows, after.cosines, (one) => (first.has(others.get(one)) ? "kept" : "gained"));
  for (const link of left.querySelectorAll("a")) link.href = link.href.replace("view=words", "view=models");
  for (const link of right.querySelectorAll("a")) link.replaceWith(...link.childNodes); // rows of the other model
  return [
    title,
    el("p", { className: "quiet" }, `${kept} of ${NEIGHBORS} neighbors kept, cosine to itself ${number(cosine)}. Those that only one model has are marked.`),
    el("div", { className: "pair" }, el("div", {}, el("h3", {}, context.names[0]), left), el("div", {}, el("h3", {}, context.names[1]), right)),
  ];
}

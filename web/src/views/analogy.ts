// A is to B as C is to what?
import { bars, el, go, wordBox, wordOf, type Context } from "../ui";

const NAMES = ["A", "B", "C"];

export async function analogy(context: Context, rows: number[]): Promise<Node[]> {
  const chosen = NAMES.map((_, i) => rows[i]);
  const boxes = NAMES.map((name, i) =>
    wordBox(context, name, chosen[i] ?? null, (row) => {
      chosen[i] = row;
      const known = chosen.filter((one) => one !== undefined);
      if (known.length === NAMES.length) go("analogy", known);
      else document.querySelectorAll<HTMLInputElement>("#panel input")[chosen.indexOf(undefined as never)]?.focus();
    }),
  );
  const question = el("p", { className: "quiet" }, "A is to B as C is to …");
  if (rows.length < NAMES.length) return [question, ...boxes];
  const [a, b, c] = rows;
  const answer = await context.source.analogy([a, b, c], 20);
  context.map?.mark([a, b, c, ...answer.rows.slice(0, 1)]);
  const word = (row: number) => wordOf(context.words, row, 24);
  return [
    question,
    ...boxes,
    el("h2", {}, word(a), " : ", word(b), " = ", word(c), " : ?"),
    bars(context.words, answer.rows, answer.cosines),
  ];
}

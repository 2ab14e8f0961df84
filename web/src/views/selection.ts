// Words that were chosen on the map.
import { button, el, wordLink, type Context } from "../ui";
import { grouped } from "../words";

const MAX_LISTED = 500;

export function selection(context: Context, save: (rows: number[]) => Promise<void>): Node[] {
  const rows = context.selection;
  if (!rows.length) return [el("p", { className: "quiet" }, "Draw a lasso on the map, or press Enter on it to list the words in view.")];
  const more = rows.length > MAX_LISTED ? `, the first ${MAX_LISTED} are listed` : "";
  return [
    el("h2", {}, `${grouped(rows.length)} words${more}`),
    button("Save as CSV", () => void save(rows)),
    el("p", { className: "list" }, ...rows.slice(0, MAX_LISTED).flatMap((row) => [wordLink(context.words, row), " "])),
  ];
}

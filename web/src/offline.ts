// Answers from the page itself: unit vectors in 8 bits, [count, dimensions].
import type { Info, Job, Nearest, Source } from "./source";
import { grouped, Words } from "./words";

export interface PageData {
  name: string;
  words: string[];
  count: number;
  of: number;
  counts: number[] | null;
  places: string;
  clusters: string | null;
  vectors: string;
  dimensions: number;
  variance: number;
}

function bytesOf(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}

const missing = (what: string) => () => Promise.reject(new Error(`${what} needs the server: w2v-fast explore`));

export class Offline implements Source {
  readonly online = false;
  readonly info: Info;
  private readonly vectors: Int8Array;
  private readonly norms: Float32Array;
  private readonly folded: string[];

  constructor(private readonly data: PageData) {
    const { name, count, of, counts, dimensions, variance } = data;
    const note =
      `${grouped(count)} of ${grouped(of)} words, vectors in 8 bits, ` +
      `${dimensions} dimensions with ${(100 * variance).toFixed(1)} % of the squared lengths`;
    this.info = { models: [{ name, words: count, dimensions, counts: counts !== null }], columns: [], corpus: false, run: false, note };
    this.vectors = new Int8Array(bytesOf(data.vectors));
    this.norms = Float32Array.from({ length: data.count }, (_, row) => Math.sqrt(this.dot(this.unscaled(row), row)) || NaN);
    this.folded = data.words.map((word) => word.toLowerCase().normalize("NFC"));
  }

  private unscaled(row: number): Float32Array {
    const size = this.data.dimensions;
    return Float32Array.from(this.vectors.subarray(row * size, (row + 1) * size));
  }

  private unit(row: number): Float32Array {
    return this.unscaled(row).map((value) => value / this.norms[row]);
  }

  private dot(query: Float32Array, row: number): number {
    const { vectors } = this;
    let sum = 0;
    for (let i = 0, at = row * query.length; i < query.length; i++, at++) sum += query[i] * vectors[at];
    return sum;
  }

  private cosinesTo(query: Float32Array): Float32Array {
    const norm = Math.hypot(...query);
    return Float32Array.from({ length: this.data.count }, (_, row) => this.dot(query, row) / (this.norms[row] * norm));
  }

  private best(query: Float32Array, count: number, without: number[]): Nearest {
    const cosines = this.cosinesTo(query);
    const rows = [...cosines.keys()].filter((row) => cosines[row] === cosines[row] && !without.includes(row));
    rows.sort((a, b) => cosines[b] - cosines[a]).length = Math.min(count, rows.length);
    return { rows, cosines: rows.map((row) => cosines[row]) };
  }

  words = () => new Words(this.data.count, Promise.resolve(Words.pack(this.data.words)));
  counts = async () => this.data.counts && Float64Array.from(this.data.counts);
  search = async (text: string, count: number) => {
    const wanted = text.toLowerCase().normalize("NFC");
    const found = new Set<number>();
    if (wanted === "") return [];
    const tests = [(word: string) => word === wanted, (word: string) => word.startsWith(wanted), (word: string) => word.includes(wanted)];
    for (const test of tests)
      for (let row = 0; row < this.folded.length && found.size < count; row++) if (test(this.folded[row])) found.add(row);
    return [...found];
  };
  map = async () => new Float32Array(bytesOf(this.data.places));
  clusters = async () => {
    if (this.data.clusters === null) throw new Error("the page was written without clusters");
    return new Uint8Array(bytesOf(this.data.clusters));
  };
  neighbors = async (row: number, count: number) => this.best(this.unit(row), count, [row]);
  analogy = async ([a, b, c]: number[], count: number) => {
    const [u, v, w] = [a, b, c].map((row) => this.unit(row));
    return this.best(v.map((value, i) => value - u[i] + w[i]), count, [a, b, c]);
  };
  cosines = async (rows: number[]) => {
    return rows.map((a) => {
      const unit = this.unit(a);
      return rows.map((b) => this.dot(unit, b) / this.norms[b]);
    });
  };
  axis = async (a: number, b: number) => {
    const [u, v] = [this.unit(a), this.unit(b)];
    return this.cosinesTo(v.map((value, i) => value - u[i]));
  };
  projection = async (): Promise<Job> => ({ state: "failed", share: 0, stage: "" });
  startProjection = missing("t-SNE");
  column = missing("a column");
  moved = missing("a second model");
  counterpart = missing("a second model");
  contexts = missing("the text");
  progress = missing("training");
  watch = missing("training");
}

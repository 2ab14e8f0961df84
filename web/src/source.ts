// Where answers come from: the server, or what a self-contained page holds (offline.ts).
import { painted } from "./ui";
import { Words } from "./words";

export interface Info {
  models: { name: string; words: number; dimensions: number; counts: boolean }[];
  columns: string[];
  corpus: boolean;
  run: boolean;
  note?: string;
}
export interface Nearest {
  rows: number[];
  cosines: (number | null)[];
}
export interface Column {
  name: string;
  categories: string[] | null;
  values: Float32Array;
}
export interface Job {
  state: "idle" | "running" | "done" | "failed";
  share: number;
  stage: string;
}
export interface Point {
  seconds: number;
  tokens: number;
  loss: number | null;
  lr: number;
  rate: number;
  share: number;
}
export interface Progress {
  points: Point[];
  now: Partial<Point> & { epoch?: number; epochs?: number };
  neighbors: (Nearest & { row: number })[];
  ended: boolean;
}

export interface Source {
  readonly online: boolean;
  readonly info: Info;
  words(model: number): Words;
  counts(): Promise<Float64Array | null>;
  search(text: string, count: number, model?: number): Promise<number[]>;
  map(method: string): Promise<Float32Array>;
  clusters(): Promise<Uint8Array>;
  neighbors(row: number, count: number, model?: number): Promise<Nearest>;
  analogy(rows: number[], count: number): Promise<Nearest>;
  cosines(rows: number[]): Promise<(number | null)[][]>;
  axis(a: number, b: number): Promise<Float32Array>;
  projection(method: string): Promise<Job>;
  startProjection(method: string): Promise<Job>;
  column(number: number): Promise<Column>;
  moved(among: number, count: number): Promise<Nearest & { common: number; mean: number | null }>;
  counterpart(row: number): Promise<{ row: number | null; cosine: number | null }>;
  contexts(row: number, count: number): Promise<{ lines: [string, string, string][]; complete: boolean }>;
  progress(): Promise<Progress>;
  watch(rows: number[]): Promise<Progress>;
}

type Values = Record<string, string | number>;

export class Gone extends Error {
  constructor() {
    super("The program that serves this page has ended. Start it again, and open the address that it prints.");
  }
}

export class Server implements Source {
  readonly online = true;

  constructor(
    private readonly token: string,
    readonly info: Info,
  ) {}

  private async ask(question: string, values: Values, method = "GET"): Promise<Response> {
    const query = new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)]));
    const request = fetch(`/api/${question}?${query}`, { method, headers: { Authorization: `Bearer ${this.token}` } });
    const response = await request.catch(() => {
      throw new Gone();
    });
    if (!response.ok) throw new Error((await response.json().catch(() => ({ error: response.statusText }))).error);
    return response;
  }

  private async json<T>(question: string, values: Values = {}, method = "GET"): Promise<T> {
    return (await this.ask(question, values, method)).json();
  }

  private async bytes(question: string, values: Values = {}): Promise<ArrayBuffer> {
    return (await this.ask(question, values)).arrayBuffer();
  }

  words = (model: number) => new Words(this.info.models[model].words, painted.then(() => this.bytes("words", { model })).then(Words.unpack));
  counts = () => painted.then(async () => (this.info.models[0].counts ? new Float64Array(await this.bytes("counts")) : null));
  search = async (text: string, count: number, model = 0) =>
    (await this.json<{ rows: number[] }>("search", { text, count, model })).rows;
  map = async (method: string) => new Float32Array(await this.bytes("map", { method }));
  clusters = async () => new Uint8Array(await this.bytes("clusters"));
  neighbors = (row: number, count: number, model = 0) => this.json<Nearest>("neighbors", { rows: row, count, model });
  analogy = (rows: number[], count: number) => this.json<Nearest>("analogy", { rows: rows.join(), count });
  cosines = async (rows: number[]) =>
    (await this.json<{ cosines: (number | null)[][] }>("cosines", { rows: rows.join() })).cosines;
  axis = async (a: number, b: number) => new Float32Array(await this.bytes("axis", { rows: `${a},${b}` }));
  projection = (method: string) => this.json<Job>("projection", { method });
  startProjection = (method: string) => this.json<Job>("projection", { method }, "POST");
  column = async (column: number) => ({
    ...(await this.json<Column>("column", { column })),
    values: new Float32Array(await this.bytes("column", { column, part: "values" })),
  });
  moved = (among: number, count: number) =>
    this.json<Nearest & { common: number; mean: number | null }>("moved", { among, count });
  counterpart = (row: number) => this.json<{ row: number | null; cosine: number | null }>("counterpart", { rows: row });
  contexts = (row: number, count: number) =>
    this.json<{ lines: [string, string, string][]; complete: boolean }>("contexts", { rows: row, count });
  progress = () => this.json<Progress>("progress");
  watch = (rows: number[]) => this.json<Progress>("watch", { rows: rows.join() }, "POST");
}

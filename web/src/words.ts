// All words in one buffer of UTF-8; one becomes a string only when it is shown.

interface Packed {
  offsets: Uint32Array; // [V + 1]
  bytes: Uint8Array;
}

export class Words {
  /** Before it, their number is known and nothing else. */
  readonly loaded: Promise<void>;
  private readonly decoder = new TextDecoder();
  private offsets: Uint32Array = new Uint32Array();
  private bytes: Uint8Array = new Uint8Array();

  constructor(
    readonly length: number,
    packed: Promise<Packed>,
  ) {
    this.loaded = packed.then(({ offsets, bytes }) => {
      this.offsets = offsets;
      this.bytes = bytes;
    });
  }

  static unpack(buffer: ArrayBuffer): Packed {
    const count = new Uint32Array(buffer, 0, 1)[0];
    return { offsets: new Uint32Array(buffer, 4, count + 1), bytes: new Uint8Array(buffer, 4 * (count + 2)) };
  }

  static pack(words: string[]): Packed {
    const parts = words.map((word) => new TextEncoder().encode(word));
    const offsets = new Uint32Array(parts.length + 1);
    parts.forEach((part, i) => (offsets[i + 1] = offsets[i] + part.length));
    const bytes = new Uint8Array(offsets[parts.length]);
    parts.forEach((part, i) => bytes.set(part, offsets[i]));
    return { offsets, bytes };
  }

  get(row: number): string {
    return this.decoder.decode(this.bytes.subarray(this.offsets[row], this.offsets[row + 1]));
  }
}

/** A whole number with commas; the first toLocaleString of a page takes 20 ms. */
export const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

const MAX_SHOWN = 60;
// Control characters, those that turn the direction of text, and others that nobody sees.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A word as it can be shown anywhere: nothing invisible, of bounded length. */
export function shown(word: string, limit = MAX_SHOWN): string {
  const characters = word.length > limit ? `${word.slice(0, limit)}… (${grouped(word.length)} characters)` : word;
  const text = characters.replace(UNSEEN, (one) => `⟨U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
  return text.trim() === "" ? `“${text}”` : text;
}

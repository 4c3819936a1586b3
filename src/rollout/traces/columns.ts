/** Numbers in a row that grows: 100,000s of episodes are a few arrays, not as many objects. */
export class Column {
  private values: Float64Array | Uint32Array;
  private count = 0;

  constructor(kind: 'float' | 'uint32') {
    this.values = kind === 'float' ? new Float64Array(256) : new Uint32Array(256);
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const more = this.values instanceof Float64Array ? Float64Array : Uint32Array;
      const grown = new more(this.count * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.count++] = value;
  }

  get size(): number {
    return this.count;
  }

  at(row: number): number {
    return this.values[row] ?? Number.NaN;
  }

  truncate(count: number): void {
    this.count = count;
  }
}

/** Texts that come again and again, as numbers from 0 in the order in which they came. */
export class Names {
  readonly list: string[] = [];
  private readonly ids = new Map<string, number>();

  idOf(name: string): number {
    let id = this.ids.get(name);
    if (id === undefined) {
      id = this.list.length;
      this.list.push(name);
      this.ids.set(name, id);
    }
    return id;
  }

  /** Undefined for a text that never came. */
  find(name: string): number | undefined {
    return this.ids.get(name);
  }
}

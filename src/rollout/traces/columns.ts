/** A growing column of numbers, so that hundreds of thousands of episodes take a few arrays instead of as many objects. */
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

/** Gives repeated texts ids, from 0 in the order of their first occurrence. */
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

  /** The id of a text; undefined if it has none. */
  find(name: string): number | undefined {
    return this.ids.get(name);
  }
}

/** The thing that the person clicked in the world. */
export type Pick = { readonly kind: 'email' | 'meeting' | 'task' | 'contact'; readonly id: string };
export type OnPick = (pick: Pick) => void;

export function isPicked(picked: Pick | undefined, kind: Pick['kind'], id: string): boolean {
  return picked?.kind === kind && picked.id === id;
}

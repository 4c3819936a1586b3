/** Small, hand-made worlds: a field that a test does not set has a value without effect. */
import type { RawContact, RawEmail, RawMeeting, RawTask, Scenario } from '../reference/world.ts';

export const NINE = '2026-06-22T09:00:00';

export function scenario(parts: Partial<Scenario> = {}): Scenario {
  return { simulation_time: NINE, ...parts };
}

export function email(id: string, parts: Partial<RawEmail> = {}): RawEmail {
  return {
    id,
    sender: 'Ana Lumme',
    subject: `Subject of ${id}`,
    body: `Body of ${id}`,
    priority: 'normal',
    sender_relationship: 'professional',
    ...parts,
  };
}

export function meeting(id: string, start: string, parts: Partial<RawMeeting> = {}): RawMeeting {
  return { id, title: `Title of ${id}`, start, duration_minutes: 30, ...parts };
}

export function contact(name: string, parts: Partial<RawContact> = {}): RawContact {
  return { name, relationship_type: 'client', communication_preference: 'email', importance: 3, ...parts };
}

export function task(id: string, deadline: string, parts: Partial<RawTask> = {}): RawTask {
  return { id, description: `Description of ${id}`, deadline, owner: 'Ana Lumme', ...parts };
}

/** `list(3, (n) => ...)` calls the function with 0, 1, 2. */
export function list<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}

import { readFixture } from '../support/fixture.ts';

export interface ImageCase {
  readonly what: string;
  readonly base64: string;
  readonly tolerance: number;
  readonly shape: readonly [number, number, number];
  readonly pixels: string;
}

export const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

export const { cases } = readFixture<ImageCase>('images');

export const fileOf = (what: string) => bytesOf(cases.find((image) => image.what === what)!.base64);

/**
 * The manifest of a record folder: from which settings its records were made, and what each shard must contain.
 */
import { createHash } from 'node:crypto';
import { either as E, function as F } from 'fp-ts';
import * as t from 'io-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { jsonValue } from '../data/json-text.ts';

const ShardCodec = t.readonly(
  t.strict({ file: t.string, count: t.number, bytes: t.number, sha256: t.string }, 'Shard'),
);

const ManifestCodec = t.readonly(
  t.strict(
    {
      format: t.literal(1),
      settingsHash: t.string,
      settings: t.unknown,
      count: t.number,
      shardSize: t.number,
      shards: t.readonlyArray(ShardCodec),
    },
    'Manifest',
  ),
);

/** What the manifest says of one shard. */
export type RecordShard = t.TypeOf<typeof ShardCodec>;

/** What `manifest.json` of a record folder says. */
export type RecordManifest = t.TypeOf<typeof ManifestCodec>;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}

/** SHA-256 in hexadecimal. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/**
 * A hash of settings that does not depend on the order of keys.
 *
 * @param settings JSON data.
 * @returns SHA-256 in hexadecimal.
 */
export function settingsHash(settings: unknown): string {
  return sha256(JSON.stringify(sorted(settings)) ?? 'undefined');
}

/** The manifest in the bytes of a file, or what is wrong with it. */
export function decodeManifest(path: string, bytes: Uint8Array): E.Either<DataError, RecordManifest> {
  const error = (found: string): DataError => ({
    where: path,
    expected: 'the manifest of a record folder, format 1',
    found,
    cure: 'make the record folder again',
  });
  return F.pipe(
    E.tryCatch(
      () => jsonValue(new TextDecoder().decode(bytes)),
      (cause) => error(cause instanceof Error ? cause.message : String(cause)),
    ),
    E.chain((json) =>
      F.pipe(
        ManifestCodec.decode(json),
        E.mapLeft(([first]) => {
          const field = first?.context.map(({ key }) => key).filter((key) => key !== '');
          return error(`${field?.join('.') || 'the whole'} ${JSON.stringify(first?.value) ?? 'missing'}`);
        }),
      ),
    ),
  );
}

/** The manifest again if its records were made from these settings, or from any if they are undefined. */
export function checkSettings(
  path: string,
  manifest: RecordManifest,
  settings: unknown,
): E.Either<DataError, RecordManifest> {
  return settings === undefined || settingsHash(settings) === manifest.settingsHash
    ? E.right(manifest)
    : refuse(
        path,
        `records made from the settings ${JSON.stringify(settings)}`,
        JSON.stringify(manifest.settings),
        'make the record folder again with these settings',
      );
}

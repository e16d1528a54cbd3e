/** The listing of a data set as a digest that binds a run, and as a file that says later what has changed. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import type { DataListing } from '../data/data-listing.ts';
import { parseJson } from '../system/text-file.ts';
import { expandedBound, expandGzip } from './expand-gzip.ts';
import { sha256 } from './record-manifest.ts';

/** What a run is bound to. */
export interface DataFingerprint {
  /** SHA-256 in hexadecimal over all that the listing has but the names of images. */
  readonly digest: string;
  readonly listing: DataListing;
  /** The folder that the names of its images are relative to, where they are files. */
  readonly root?: string;
}

/** The fingerprint of a listing; names of images are no part of the digest. */
export function fingerprintOf(listing: DataListing): DataFingerprint {
  const { classes, subgroups, images, trainingCounts = {} } = listing;
  const head = JSON.stringify([classes, subgroups, Object.entries(trainingCounts)]);
  const lines = images.map(
    ({ split, label, subgroup, group = '', content }) => `${split} ${label} ${subgroup} ${group} ${content}`,
  );
  return { digest: sha256(`${head}\n${lines.join('\n')}`), listing };
}

/** Format 1, of earlier versions, had neither groups nor their training images. */
const FORMAT = 2;

const ListingCodec = t.type({
  format: t.literal(FORMAT),
  classes: t.array(t.string),
  subgroups: t.array(t.string),
  splits: t.array(t.string),
  labels: t.array(t.number),
  subgroupsOf: t.array(t.number),
  groupsOf: t.array(t.union([t.string, t.null])),
  trainingCounts: t.union([t.record(t.string, t.number), t.null]),
  contents: t.array(t.string),
  names: t.array(t.string),
});

const isOfFormatOne = t.type({ format: t.literal(1) }).is;

/** A listing as a compressed file, a list for each property. */
export function encodeListing(listing: DataListing): Promise<Uint8Array> {
  const { classes, subgroups, images, trainingCounts = null } = listing;
  const columns = {
    format: FORMAT,
    classes,
    subgroups,
    splits: images.map(({ split }) => split),
    labels: images.map(({ label }) => label),
    subgroupsOf: images.map(({ subgroup }) => subgroup),
    groupsOf: images.map(({ group = null }) => group),
    trainingCounts,
    contents: images.map(({ content }) => content),
    names: images.map(({ name }) => name),
  };
  return promisify(gzip)(JSON.stringify(columns), { level: 3 });
}

/** Names of images repeat their folders, so that a listing is packed well, but not a thousand times. */
const MOST_TIMES = 16;

/** A listing from its file, or what is wrong with that. */
export async function decodeListing(
  bytes: Uint8Array,
  path: string,
): Promise<E.Either<DataError, DataListing>> {
  const text = await expandGzip(bytes, expandedBound(bytes.length, MOST_TIMES)).catch(() => null);
  const columns = text === null ? undefined : parseJson(new TextDecoder().decode(text));
  if (!ListingCodec.is(columns)) {
    const found = isOfFormatOne(columns)
      ? 'one of format 1, which an earlier version wrote'
      : 'another or a damaged file';
    return refuse(path, `the listing of a data set, format ${FORMAT}`, found, 'begin the run anew');
  }
  const { classes, subgroups, splits, labels, subgroupsOf, groupsOf, trainingCounts, contents, names } =
    columns;
  const images = splits.map((split, i) => ({
    split,
    label: labels[i]!,
    subgroup: subgroupsOf[i]!,
    ...(groupsOf[i] != null && { group: groupsOf[i]! }),
    content: contents[i]!,
    name: names[i]!,
  }));
  return E.right({ classes, subgroups, images, ...(trainingCounts !== null && { trainingCounts }) });
}

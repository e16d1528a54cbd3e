/**
 * TensorBoard's event files: records of TFRecord framing, each a message `Event`. The first one names the version of the
 * format. A value carries its plugin and its class of data, without which TensorBoard shows nothing and says nothing:
 * `scalars` with a float, `images` with a list of width, height and PNG files, `text` with a string.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { either as E } from 'fp-ts';
import { stringify } from 'yaml';
import { refuse, type DataError } from '../data/data-error.ts';
import { readImageHeader } from '../data/image-header.ts';
import { encodePng } from '../data/png.ts';
import { decodeTfRecords } from '../data/tfrecord.ts';
import type { LogEntry, LoggedImage } from './run-logger.ts';
import {
  DataClass,
  DataType,
  EventSchema,
  SessionLog_SessionStatus,
  Summary_ValueSchema,
  type Event,
  type Summary_Value,
  type TensorProto,
} from './proto/event_pb.ts';

const VERSION = 'brain.Event:2';
/** By which a file of ours is known. */
const WRITER = 'model-patching';
/** What the settings are called among the texts. */
const SETTINGS = 'configuration';

/**
 * The name of an event file, by which TensorBoard finds it.
 *
 * @param seconds When it was begun, since 1970.
 * @param host Of the machine.
 * @returns `events.out.tfevents.<seconds>.<host>`.
 * @example
 * ```ts
 * import { eventFileName } from 'model-patching/logs';
 * if (eventFileName(1700000000.7, 'desk') !== 'events.out.tfevents.1700000000.desk') throw new Error('whole seconds');
 * ```
 */
export const eventFileName = (seconds: number, host: string): string =>
  `events.out.tfevents.${Math.floor(seconds)}.${host.replace(/[^\w.-]/g, '-') || 'host'}`;

/**
 * The message that an event file begins with.
 *
 * @param wallTime Seconds since 1970.
 * @returns The bytes of the message, without their framing.
 * @example
 * ```ts
 * import { decodeEvents, encodeVersion } from 'model-patching/logs';
 * import { encodeTfRecords } from 'model-patching/data';
 * const decoded = decodeEvents(encodeTfRecords([encodeVersion(1700000000)]));
 * if (decoded._tag === 'Left' || decoded.right[0]?.fileVersion !== 'brain.Event:2') throw new Error('the version');
 * ```
 */
export const encodeVersion = (wallTime: number): Uint8Array =>
  toBinary(
    EventSchema,
    create(EventSchema, {
      wallTime,
      what: { case: 'fileVersion', value: VERSION },
      sourceMetadata: { writer: WRITER },
    }),
  );

/**
 * The message by which TensorBoard forgets what it was shown of a run before this file.
 *
 * @internal
 * @param wallTime Seconds since 1970.
 */
export const encodeStart = (wallTime: number): Uint8Array =>
  toBinary(
    EventSchema,
    create(EventSchema, {
      wallTime,
      what: { case: 'sessionLog', value: { status: SessionLog_SessionStatus.START } },
    }),
  );

const utf8 = (text: string): Uint8Array => getTextEncoding().encodeUtf8(text);
const textOf = (bytes: Uint8Array): string => getTextEncoding().decodeUtf8(bytes);

const valueOf = (
  tag: string,
  plugin: string,
  dataClass: DataClass,
  tensor: Pick<Partial<TensorProto>, 'dtype' | 'floatVal' | 'stringVal'>,
  dimensions: readonly number[] = [],
): Summary_Value =>
  create(Summary_ValueSchema, {
    tag,
    value: {
      case: 'tensor',
      value: {
        ...tensor,
        tensorShape: { dim: dimensions.map((size) => ({ size: BigInt(size) })) },
      },
    },
    metadata: { pluginData: { pluginName: plugin }, dataClass },
  });

const scalar = (tag: string, value: number): Summary_Value =>
  valueOf(tag, 'scalars', DataClass.SCALAR, { dtype: DataType.DT_FLOAT, floatVal: [Math.fround(value)] });

const text = (tag: string, markdown: string): Summary_Value =>
  valueOf(tag, 'text', DataClass.TENSOR, { dtype: DataType.DT_STRING, stringVal: [utf8(markdown)] });

function pngOf(image: LoggedImage): { readonly png: Uint8Array; readonly size: readonly [number, number] } {
  if (!(image instanceof Uint8Array)) return { png: encodePng(image), size: [image.width, image.height] };
  const header = readImageHeader(image);
  if (E.isLeft(header)) throw new RangeError(`images: expected the bytes of a PNG file, received others`);
  return { png: image, size: [header.right.width, header.right.height] };
}

function pictures(tag: string, images: readonly LoggedImage[]): Summary_Value {
  if (images.length === 0) throw new RangeError('images: expected at least one, received none');
  const files = images.map(pngOf);
  const size = files[0]!.size.map((side) => utf8(String(side)));
  const stringVal = [...size, ...files.map(({ png }) => png)];
  return valueOf(tag, 'images', DataClass.BLOB_SEQUENCE, { dtype: DataType.DT_STRING, stringVal }, [
    stringVal.length,
  ]);
}

/** Settings as they stand in a file of settings, so that a reader may copy them. */
const settingsText = (settings: unknown): string =>
  `\`\`\`yaml\n${stringify(JSON.parse(JSON.stringify(settings ?? null)), { lineWidth: 0 }).trimEnd()}\n\`\`\``;

function valuesOf(entry: LogEntry): readonly Summary_Value[] {
  switch (entry.kind) {
    case 'scalars':
      return Object.entries(entry.values).map(([tag, value]) => scalar(tag, value));
    case 'images':
      return [pictures(entry.name, entry.images)];
    case 'text':
      return [text(entry.name, entry.markdown)];
    case 'settings':
      return [text(SETTINGS, settingsText(entry.settings))];
  }
}

/**
 * Encodes an entry as one event. Numbers are rounded to single precision, as TensorBoard keeps them; NaN and infinities
 * stay what they are.
 *
 * @param entry What is logged. Settings become the text `configuration` of step 0.
 * @param wallTime Seconds since 1970.
 * @returns The bytes of the message, without their framing; as long whatever the time.
 * @throws RangeError if a step is no integer, or an image none.
 * @example
 * ```ts
 * import { decodeEvents, encodeEvent, encodeVersion } from 'model-patching/logs';
 * import { encodeTfRecords } from 'model-patching/data';
 * const event = encodeEvent({ kind: 'scalars', step: 20, values: { 'train/loss': 0.5 } }, 1700000000.25);
 * const decoded = decodeEvents(encodeTfRecords([encodeVersion(1700000000), event]));
 * if (decoded._tag === 'Left') throw new Error(decoded.left.found);
 * const { step, wallTime, values } = decoded.right[1]!;
 * if (step !== 20 || wallTime !== 1700000000.25) throw new Error('step and time');
 * if (values[0]?.kind !== 'scalar' || values[0].value !== 0.5) throw new Error('the loss');
 * ```
 */
export function encodeEvent(entry: LogEntry, wallTime: number): Uint8Array {
  const step = entry.kind === 'settings' ? 0 : entry.step;
  if (!Number.isSafeInteger(step)) throw new RangeError(`step: expected an integer, received ${step}`);
  return toBinary(
    EventSchema,
    create(EventSchema, {
      wallTime,
      step: BigInt(step),
      what: { case: 'summary', value: { value: [...valuesOf(entry)] } },
    }),
  );
}

/** A value of an event. */
export type EventValue =
  | { readonly kind: 'scalar'; readonly tag: string; readonly value: number }
  | {
      readonly kind: 'images';
      readonly tag: string;
      readonly width: number;
      readonly height: number;
      /** The bytes of image files. */
      readonly images: readonly Uint8Array[];
    }
  | { readonly kind: 'text'; readonly tag: string; readonly texts: readonly string[] }
  | { readonly kind: 'other'; readonly tag: string; readonly plugin: string };

/** A record of an event file. */
export interface LoggedEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** What the first record says. */
  readonly fileVersion?: string;
  readonly values: readonly EventValue[];
}

/** What a tensor of a plugin holds; null if that is something else. */
function pluginValue(tag: string, plugin: string, { floatVal, stringVal }: TensorProto): EventValue | null {
  const strings = (): readonly string[] => stringVal.map(textOf);
  if (plugin === 'scalars' && floatVal.length === 1) return { kind: 'scalar', tag, value: floatVal[0]! };
  if (plugin === 'text') return { kind: 'text', tag, texts: strings() };
  if (plugin !== 'images' || stringVal.length < 2) return null;
  const [width, height] = stringVal.slice(0, 2).map((bytes) => Number(textOf(bytes)));
  return { kind: 'images', tag, width: width!, height: height!, images: stringVal.slice(2) };
}

function decodedValue({ tag, value, metadata }: Summary_Value): EventValue {
  if (value.case === 'simpleValue') return { kind: 'scalar', tag, value: value.value };
  const plugin = metadata?.pluginData?.pluginName ?? '';
  const known = value.case === 'tensor' ? pluginValue(tag, plugin, value.value) : null;
  return known ?? { kind: 'other', tag, plugin };
}

const decodedEvent = ({ wallTime, step, what }: Event): LoggedEvent => ({
  wallTime,
  step: Number(step),
  ...(what.case === 'fileVersion' && { fileVersion: what.value }),
  values: what.case === 'summary' ? what.value.value.map(decodedValue) : [],
});

/**
 * Decodes an event file, of ours or of others.
 *
 * @param bytes The whole file.
 * @param name What to call it in an error.
 * @returns Its records in order; or what is damaged. Values of other plugins have their names alone.
 * @example
 * ```ts
 * import { decodeEvents } from 'model-patching/logs';
 * const decoded = decodeEvents(Uint8Array.of(1, 2, 3), 'events.out.tfevents.1.desk');
 * if (decoded._tag === 'Right' || !decoded.left.where.startsWith('events.out')) throw new Error('no record');
 * ```
 */
export function decodeEvents(
  bytes: Uint8Array,
  name = 'event file',
): E.Either<DataError, readonly LoggedEvent[]> {
  return E.Monad.chain(decodeTfRecords(bytes, { name }), (records) => {
    const events: LoggedEvent[] = [];
    for (const [index, record] of records.entries()) {
      const event = E.tryCatch(() => decodedEvent(fromBinary(EventSchema, record)), String);
      if (E.isLeft(event))
        return refuse(
          `${name}, record ${index}`,
          'an event',
          `${record.length} bytes that are none (${event.left})`,
          'check that this is an event file of TensorBoard',
        );
      events.push(event.right);
    }
    return E.right(events);
  });
}

/** The step of an event, from the bytes of its message; infinite if they are none. */
export function eventStep(record: Uint8Array): number {
  const event = E.tryCatch(() => fromBinary(EventSchema, record), String);
  return E.isLeft(event) ? Infinity : Number(event.right.step);
}

/** The tag of the field `wall_time`, with which every event begins, and its length in bytes. */
const TIME_TAG = 0x09;
const TIME_LENGTH = 9;

/**
 * Whether two messages are equal but for their times.
 *
 * @param one Bytes of an event whose time is not 0.
 * @param other Likewise.
 */
export const sameButTime = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length &&
  one[0] === TIME_TAG &&
  other[0] === TIME_TAG &&
  one.subarray(TIME_LENGTH).every((byte, i) => byte === other[TIME_LENGTH + i]);

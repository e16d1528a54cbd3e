/**
 * Logs of a training for the tools that people watch it in: one interface, TensorBoard's event files and CSV tables as
 * bytes. Files are written by `tensorBoardLogger` and `csvLogger` of `model-patching/node`.
 *
 * @module
 */
export { loggerOf, loggers, type LogEntry, type LoggedImage, type RunLogger } from './run-logger.ts';
export {
  decodeEvents,
  encodeEvent,
  encodeVersion,
  eventFileName,
  type EventValue,
  type LoggedEvent,
} from './event-file.ts';
export {
  groupCsvRows,
  type CsvSplit,
  type GroupCsvOptions,
  type GroupCsvRow,
  type GroupsBySplit,
} from './group-csv.ts';

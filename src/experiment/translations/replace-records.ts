/** Record folders whose records are made while they are written, which a stop may end. */
import { orExit } from '../../system/program.ts';
import { writeRecordShards, type WriteRecordShardsOptions } from '../../streams/record-files.ts';

/**
 * Writes a record folder, in place of one that is there.
 *
 * @param folder Where the record folder goes.
 * @param name Of the record folder.
 * @param records Of which one after the other is made.
 * @param options What they are made from, and how many go in a shard.
 * @throws What ends the making of the records, as it is; ProgramError (exit code 2) for a fault of the folder.
 */
export async function replaceRecords(
  folder: string,
  name: string,
  records: AsyncIterable<Uint8Array>,
  options: Pick<WriteRecordShardsOptions, 'settings' | 'shardSize'>,
): Promise<void> {
  let ended: unknown;
  const watched = async function* () {
    try {
      yield* records;
    } catch (error) {
      ended = error;
      throw error;
    }
  };
  const written = await writeRecordShards(folder, name, watched(), { ...options, replace: true });
  if (ended !== undefined) throw ended;
  orExit(written);
}

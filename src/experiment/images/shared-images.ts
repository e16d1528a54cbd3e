/** Data that several runs read one after the other: they are opened once, and closed when other data are asked for. */
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { openExperimentImages } from './open-images.ts';
import type { ExperimentImages } from './experiment-images.ts';

/** Opens the data of an experiment; the caller closes what it gets. */
export type OpenImages = (data: DataSettings) => Promise<ExperimentImages>;

/** See {@link sharedImages}. */
export interface SharedImages {
  /** What it gives stays open when it is closed. Only one data set is held at a time, as each may fill the memory. */
  readonly open: OpenImages;
  /** Closes the data; the next asking opens them anew. */
  close(): Promise<void>;
}

/**
 * Opens data for one run after the other.
 *
 * @param open How data are opened that are not held.
 */
export function sharedImages(open: OpenImages = openExperimentImages): SharedImages {
  let held: { readonly key: string; readonly images: ExperimentImages } | null = null;
  const close = async (): Promise<void> => {
    const last = held;
    held = null;
    await last?.images.close();
  };
  return {
    open: async (data) => {
      const key = JSON.stringify(data);
      if (held?.key !== key) {
        await close();
        held = { key, images: await open(data) };
      }
      return { ...held.images, close: () => Promise.resolve() };
    },
    close,
  };
}

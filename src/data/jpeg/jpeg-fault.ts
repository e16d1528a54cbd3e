/** What is wrong with a JPEG file, thrown inside the decoder alone: `decodeJpeg` returns it as a value. */
export class JpegFault extends Error {
  /**
   * Keeps what a reader of the fault needs.
   *
   * @param at The byte of the file.
   * @param expected What should be there.
   * @param found What is there.
   */
  constructor(
    readonly at: number,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`byte ${at}: expected ${expected}, found ${found}`);
  }
}

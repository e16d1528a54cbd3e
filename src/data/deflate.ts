/** A deflate stream (RFC 1951) never expands by more: 258 bytes for two bits. */
export const MOST_EXPANSION = 1032;

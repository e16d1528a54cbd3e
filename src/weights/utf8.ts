/** Text and its bytes. Every runtime has these classes, and the language's own library does not declare them. */

declare const TextDecoder: new () => { decode(bytes: Uint8Array): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Text of bytes in UTF-8; what is none becomes U+FFFD. */
export const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Bytes of a text in UTF-8. */
export const encodeUtf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

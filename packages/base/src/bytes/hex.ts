import { failure, success, type Result } from "../result/result.ts";

const digits = "0123456789abcdef";

/** Lower-case hexadecimal, two digits a byte. */
export function formatHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += digits.charAt(byte >> 4) + digits.charAt(byte & 15);
  return text;
}

/** Reads an even number of hexadecimal digits in either case; white space between bytes is passed over. */
export function parseHex(text: string): Result<Uint8Array, "not-hex" | "odd-length"> {
  const packed = text.replace(/\s+/g, "");
  if (!/^[0-9a-fA-F]*$/.test(packed)) return failure("not-hex");
  if (packed.length % 2 !== 0) return failure("odd-length");
  const bytes = new Uint8Array(packed.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(packed.slice(2 * i, 2 * i + 2), 16);
  return success(bytes);
}

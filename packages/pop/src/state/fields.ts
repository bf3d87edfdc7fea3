import {
  failure,
  parseIpv4,
  parseIpv6,
  parsePrefix,
  success,
  type Ipv4Address,
  type Ipv6Address,
  type Ipv6Prefix,
  type Result,
} from "@tombolo/base";

/** What is wrong with one field of a JSON object that came from outside. */
export interface FieldFault {
  readonly reason: "field-missing" | "field-malformed";
  readonly field: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads typed fields off an untrusted JSON object. The first wrong field is kept and every read gives a harmless value after it,
 * so a decoder reads all its fields and asks `fault` once (the way ByteReader does it for bytes).
 */
export class FieldReader {
  readonly #object: JsonObject;
  #fault: FieldFault | undefined;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  get fault(): FieldFault | undefined {
    return this.#fault;
  }

  /** The whole value, or the first fault met while reading its parts. */
  result<T>(value: T): Result<T, FieldFault> {
    return this.#fault === undefined ? success(value) : failure(this.#fault);
  }

  /** A whole number in [low, high]. */
  integer(field: string, low: number, high: number): number {
    const value = this.#object[field];
    if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return value;
    this.#fail(field);
    return low;
  }

  boolean(field: string): boolean {
    const value = this.#object[field];
    if (typeof value === "boolean") return value;
    this.#fail(field);
    return false;
  }

  /** Text that `pattern` accepts as a whole; the pattern bounds its length. */
  text(field: string, pattern: RegExp): string {
    const value = this.#object[field];
    if (typeof value === "string" && pattern.test(value)) return value;
    this.#fail(field);
    return "";
  }

  oneOf<const T extends string>(field: string, allowed: readonly T[], otherwise: NoInfer<T>): T {
    const value = this.#object[field];
    const found = allowed.find((item) => item === value);
    if (found !== undefined) return found;
    this.#fail(field);
    return otherwise;
  }

  ipv4(field: string): Ipv4Address {
    const parsed = parseIpv4(this.#short(field));
    if (parsed.ok) return parsed.value;
    this.#fail(field);
    return { family: 4, value: 0 };
  }

  /** Undefined when the field is absent or null. */
  optionalIpv4(field: string): Ipv4Address | undefined {
    const value = this.#object[field];
    return value === undefined || value === null ? undefined : this.ipv4(field);
  }

  ipv6(field: string): Ipv6Address {
    const parsed = parseIpv6(this.#short(field));
    if (parsed.ok) return parsed.value;
    this.#fail(field);
    return { family: 6, value: 0n };
  }

  prefix(field: string): Ipv6Prefix {
    const parsed = parsePrefix(this.#short(field));
    if (parsed.ok) return parsed.value;
    this.#fail(field);
    return { address: { family: 6, value: 0n }, lengthBits: 128 };
  }

  /** At most `most` prefixes. */
  prefixes(field: string, most: number): readonly Ipv6Prefix[] {
    const value = this.#object[field];
    if (!Array.isArray(value) || value.length > most) {
      this.#fail(field);
      return [];
    }
    const prefixes: Ipv6Prefix[] = [];
    for (const item of value as readonly unknown[]) {
      const parsed = parsePrefix(typeof item === "string" ? item.slice(0, 64) : "");
      if (!parsed.ok) {
        this.#fail(field);
        return [];
      }
      prefixes.push(parsed.value);
    }
    return prefixes;
  }

  /** A nested object read by `read`; undefined when the field is absent or null. */
  optional<T>(field: string, read: (reader: FieldReader) => T): T | undefined {
    const value = this.#object[field];
    if (value === undefined || value === null) return undefined;
    return this.object(field, read);
  }

  object<T>(field: string, read: (reader: FieldReader) => T): T | undefined {
    const value = this.#object[field];
    if (!isJsonObject(value)) {
      this.#fail(field);
      return undefined;
    }
    const inner = new FieldReader(value);
    const result = read(inner);
    if (inner.fault !== undefined) this.#fault ??= { reason: inner.fault.reason, field: `${field}.${inner.fault.field}` };
    return result;
  }

  #short(field: string): string {
    const value = this.#object[field];
    return typeof value === "string" && value.length <= 64 ? value : "";
  }

  #fail(field: string): void {
    this.#fault ??= { reason: this.#object[field] === undefined ? "field-missing" : "field-malformed", field };
  }
}

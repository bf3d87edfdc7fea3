import { parseIpv4, parseIpv6, parsePrefix, type Ipv4Address, type Ipv6Address, type Ipv6Prefix } from "@tombolo/base";
import { isDeviceName } from "@tombolo/pop";
import { z } from "zod";

export type RawValue = string | number | boolean | readonly string[];

/** One key of `tombolo.toml`. */
export interface Row<T> {
  /** Its one error message is the fix. */
  readonly schema: z.ZodType<T>;
  readonly byDefault: RawValue;
  readonly about: string;
  /** Never shown. */
  readonly secret: boolean;
}

export function row<T>(schema: z.ZodType<T>, byDefault: RawValue, about: string): Row<T> {
  return { schema, byDefault, about, secret: false };
}

export function secretRow<T>(schema: z.ZodType<T>, byDefault: RawValue, about: string): Row<T> {
  return { schema, byDefault, about, secret: true };
}

export function integer(low: number, high: number): z.ZodType<number> {
  const fix = `give a whole number from ${low} to ${high}`;
  return z.int({ error: fix }).min(low, fix).max(high, fix);
}

export const yesNo: z.ZodType<boolean> = z.boolean({ error: "give true or false" });

export function oneOf<const T extends readonly [string, ...string[]]>(...allowed: T): z.ZodType<T[number]> {
  return z.enum(allowed, { error: `give one of ${allowed.map((item) => JSON.stringify(item)).join(", ")}` });
}

export function text(pattern: RegExp, fix: string): z.ZodType<string> {
  return z.string({ error: fix }).regex(pattern, fix);
}

export const path: z.ZodType<string> = z.string({ error: "give a path" }).min(1, "give a path").max(4096, "give a shorter path");

export const ipv4: z.ZodType<Ipv4Address> = parsed(parseIpv4, 'give an IPv4 address such as "192.0.2.1"');
export const ipv6: z.ZodType<Ipv6Address> = parsed(parseIpv6, 'give an IPv6 address such as "2001:db8::1"');
export const prefix: z.ZodType<Ipv6Prefix> = parsed(
  parsePrefix,
  'give an IPv6 prefix with no bits set past its length, such as "2001:db8:1::/48"',
);
export const deviceName: z.ZodType<string> = z
  .string({ error: "give a device name of at most 15 letters, digits, dots, dashes or underscores" })
  .refine(isDeviceName, "give a device name of at most 15 letters, digits, dots, dashes or underscores");

/** `""` means not set. */
export function orNone<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return z.union([z.literal("").transform(() => undefined), schema]);
}

export function listOf<T>(schema: z.ZodType<T>, fix: string): z.ZodType<readonly T[]> {
  return z.array(schema, { error: fix }).max(64, "give at most 64");
}

function parsed<T>(parse: (text: string) => { readonly ok: true; readonly value: T } | { readonly ok: false }, fix: string): z.ZodType<T> {
  return z.string({ error: fix }).transform((value, context) => {
    const result = parse(value);
    if (result.ok) return result.value;
    context.addIssue({ code: "custom", message: fix });
    return z.NEVER;
  });
}

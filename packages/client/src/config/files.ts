import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { failure, success, type Result } from "@tombolo/base";
import { errorCode, errorMessage } from "../failure/errors.ts";
import type { Failure } from "../failure/failure.ts";
import { parseConfFile, type ConfEntry } from "./conf-file.ts";
import { parseKey } from "./fields.ts";
import { describeOrigin, type Settings } from "./settings.ts";

export const defaultConfPath = "/etc/tombolo/tombolo.conf";
const keyFileBytes = 4096;

/** `mustExist`: the path was asked for. A file that holds a key must not be everybody's to read. */
export function readConfFile(
  path: string,
  mustExist: boolean,
): Result<{ path: string; entries: readonly ConfEntry[] } | undefined, Failure> {
  const read = readBounded(path, 65_537);
  if (!read.ok) {
    if (read.reason.code === "ENOENT" && !mustExist) return success(undefined);
    return refuse(path, "the file", `it cannot be read (${read.reason.message})`);
  }
  const parsed = parseConfFile(read.value.bytes);
  if (!parsed.ok) return refuse(`${path} line ${parsed.reason.line}`, parsed.reason.field, parsed.reason.fix);
  const key = parsed.value.find((entry) => entry.name === "key");
  if (key !== undefined && read.value.shared)
    return refuse(`${path} line ${key.line}`, "key", `everybody can read this file; run "chmod 600 ${path}"`);
  return success({ path, entries: parsed.value });
}

/** The access key, from wherever the settings say; `where` for messages. */
export function readAccessKey(settings: Settings): Result<string, Failure> {
  const { key, "key-file": path } = settings.values;
  if (key !== undefined) return success(key);
  if (path === undefined)
    return refuse(
      "settings",
      "key-file",
      "no access key is given; use --key-file FILE, the variable TOMBOLO_KEY, or key-file in the configuration",
    );
  const origin = settings.origins.get("key-file");
  const where = origin === undefined ? "key-file" : describeOrigin(origin);
  const shown = path === "-" ? "standard input" : path;
  const read = readBounded(path === "-" ? 0 : path, keyFileBytes);
  if (!read.ok) return refuse(where, "key-file", `${shown} cannot be read (${read.reason.message})`);
  if (read.value.shared) return refuse(where, "key-file", `everybody can read ${shown}; run "chmod 600 ${shown}"`);
  const parsed = parseKey(new TextDecoder("latin1").decode(read.value.bytes).trim());
  return parsed.ok ? parsed : refuse(where, "key-file", `${shown} does not hold a key: ${parsed.reason}`);
}

/** A file of at most 64 KiB, one character a byte; undefined when it cannot be read. `shared`: everybody may read it. */
export function readText(path: string): { readonly text: string; readonly shared: boolean } | undefined {
  const read = readBounded(path, 65_537);
  return read.ok ? { text: new TextDecoder("latin1").decode(read.value.bytes), shared: read.value.shared } : undefined;
}

interface BoundedRead {
  readonly bytes: Uint8Array;
  /**
   * A regular file that everybody may use. The group is left alone: a credential that systemd hands to a service has an access list,
   * which shows in the group's bits.
   */
  readonly shared: boolean;
}

function readBounded(target: string | 0, limitBytes: number): Result<BoundedRead, { code: string | undefined; message: string }> {
  let fd: number | undefined;
  try {
    fd = target === 0 ? 0 : openSync(target, "r");
    const stat = fstatSync(fd);
    const bytes = new Uint8Array(limitBytes);
    let length = 0;
    for (;;) {
      const got = readSync(fd, bytes, length, limitBytes - length, null);
      length += got;
      if (got === 0 || length === limitBytes) break;
    }
    return success({ bytes: bytes.slice(0, length), shared: target !== 0 && stat.isFile() && (stat.mode & 0o007) !== 0 });
  } catch (error) {
    return failure({ code: errorCode(error), message: errorMessage(error) });
  } finally {
    if (fd !== undefined && fd !== 0) closeSync(fd);
  }
}

function refuse(where: string, field: string, fix: string): Result<never, Failure> {
  return failure({ code: "bad-configuration", where, field, value: undefined, fix });
}

import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Random } from "@tombolo/base";
import { codeOf, StartupError } from "../run/startup-error.ts";
import { requireOwnerOnly } from "./owner-only.ts";
import { masterKeyBytes } from "./sealer.ts";

/** Makes a key when there is no file; never overwrites one. */
export async function ensureMasterKey(path: string, random: Random): Promise<{ key: Uint8Array; made: boolean }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(`${Buffer.from(random(masterKeyBytes)).toString("hex")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code !== "EEXIST")
      throw new StartupError("permission", `cannot make the master key ${path} (${code}): choose a place with broker.master-key`);
    return { key: await readMasterKey(path), made: false };
  }
  return { key: await readMasterKey(path), made: true };
}

/** The key in `path`: 64 hexadecimal digits, in a file that only its owner can read. */
async function readMasterKey(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY).catch((error: unknown) => {
    throw new StartupError("config", `cannot open the master key ${path} (${codeOf(error)}): restore it from your backup`);
  });
  try {
    await requireOwnerOnly(file, `the master key ${path}`, path);
    const text = (await file.readFile("ascii")).trim();
    if (!/^[0-9a-f]{64}$/.test(text)) throw new StartupError("config", `the master key ${path} is not 64 hexadecimal digits`);
    return Buffer.from(text, "hex");
  } finally {
    await file.close();
  }
}

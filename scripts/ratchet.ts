import { readFileSync, writeFileSync } from "node:fs";
import { readProject } from "../tests/house/code/tree.ts";
import { measure, readRatchets, tighten } from "../tests/house/ratchets.ts";

// `npm run ratchet`: lowers tests/house/ratchets.json to what the tree needs today. It never raises or adds.
const file = new URL("../tests/house/ratchets.json", import.meta.url);
const text = `${JSON.stringify(tighten(readRatchets(), measure(readProject())), undefined, 2)}\n`;
const changed = text !== readFileSync(file, "utf8");
if (changed) writeFileSync(file, text);
process.stdout.write(changed ? "ratchets.json is tightened\n" : "ratchets.json fits already\n");

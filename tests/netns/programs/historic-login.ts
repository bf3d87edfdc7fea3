// A program for sixxs-family.test.ts: logs in to SERVER as HANDLE with KEY by the very bytes that aiccu 2007.01.15 sends, asks for TUNNEL,
// leaves, and prints what it was told as a JSON object.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const [, , server = "", handle = "", key = "", tunnel = ""] = process.argv;
const md5 = (text: string): string => createHash("md5").update(text, "latin1").digest("hex");
const socket = connect(3874, server);
const lines = createInterface({ input: socket, crlfDelay: 0 })[Symbol.asyncIterator]();
const read = async (): Promise<string> => String((await lines.next()).value);
const say = async (line: string): Promise<string> => {
  socket.write(`${line}\n`);
  return read();
};

await once(socket, "connect");
await read();
await say("client TIC/draft-00 AICCU/2007.01.15-console-linux Linux/2.6.18");
await say("get unixtime");
await say(`username ${handle}`);
const challenge = (await say("challenge md5")).slice("200 ".length).trim();
// aiccu hashes the password first, and the challenge with that as text behind it.
const login = await say(`authenticate md5 ${md5(`${challenge}${md5(key)}`)}`);
const told: Record<string, string> = { login };
told["show"] = await say(`tunnel show ${tunnel}`);
for (let line = await read(); !line.startsWith("202"); line = await read()) {
  const at = line.indexOf(": ");
  told[line.slice(0, at)] = line.slice(at + 2).trim();
}
await say("QUIT Thank you for the fish");
socket.end();
process.stdout.write(`${JSON.stringify(told)}\n`);

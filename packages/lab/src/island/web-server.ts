// A program: the web server of the island, reachable by IPv6 only. `/` tells the visitor where it came from (and the turtle
// swims only for those who came by IPv6); `/bytes/N` gives N bytes, for transfers. Arguments: address, port.
import { createServer, type ServerResponse } from "node:http";
import { isIPv6 } from "node:net";

const mostBytes = 1_000_000_000;
const chunk = Buffer.alloc(65_536, "tombolo ");

const [, , address, port] = process.argv;
if (address === undefined || port === undefined) {
  process.stderr.write("usage: web-server ADDRESS PORT\n");
  process.exitCode = 2;
} else {
  const server = createServer((request, response) => {
    const wanted = /^\/bytes\/(\d{1,10})$/.exec(request.url ?? "")?.[1];
    if (wanted === undefined) greet(request.socket.remoteAddress ?? "", response);
    else void sendBytes(Math.min(Number(wanted), mostBytes), response);
  });
  server.listen({ host: address, port: Number(port), ipv6Only: true }, () => process.stdout.write("listening\n"));
}

const turtle = ["        _____     ____", "       /      \\  |  o |", "      |        |/ ___\\|", "      |_________/", "      |_|_| |_|_|"];

function greet(from: string, response: ServerResponse): void {
  const lines = [`Hello ${from}, you came by IPv${isIPv6(from) ? "6" : "4"}.`, ...(isIPv6(from) ? turtle : [])];
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${lines.join("\n")}\n`);
}

async function sendBytes(count: number, response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": String(count) });
  let left = count;
  while (left > 0 && !response.destroyed) {
    const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    if (!response.write(part)) {
      await new Promise<void>((resolve) => {
        response.once("drain", resolve).once("close", resolve);
      });
    }
  }
  response.end();
}

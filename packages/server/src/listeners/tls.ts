import { constants } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Random, WallClock } from "@tombolo/base";
import { messageOf, type Log } from "@tombolo/pop";
import type { Settings } from "../config/settings.ts";
import { makeCertificate, type CertificatePair } from "../platform/certificate.ts";
import { codeOf, StartupError } from "../run/startup-error.ts";

/**
 * What STARTTLS is spoken with. Nothing newer than 1.2: after a handshake in TLS 1.3 aiccu takes the ticket that follows for an error and
 * gives up. Down to 1.0, with ciphers of that time, because builds of 2007 know nothing newer and a handshake that fails ends their
 * session, where a refusal would have made them go on in clear. No client of that time checks who it talks to, either.
 */
export function makeTlsContext({ certificatePem, keyPem }: CertificatePair): SecureContext {
  return createSecureContext({
    cert: certificatePem,
    key: keyPem,
    minVersion: "TLSv1",
    maxVersion: "TLSv1.2",
    ciphers: "DEFAULT:!aNULL:!eNULL:!RC4:!3DES:@SECLEVEL=0",
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
  });
}

export interface TlsNeeds {
  readonly settings: Settings["tic"];
  /** Where a certificate that we make is kept: the folder of the master key. */
  readonly folder: string;
  readonly wall: WallClock;
  readonly random: Random;
  readonly log: Log;
}

/** The configured certificate, or one of our own, which is made at the first start. Undefined when `tic.tls` is off. */
export async function openTls(needs: TlsNeeds): Promise<SecureContext | undefined> {
  const { tls, tlsCertificate, tlsKey, showNeedsTls } = needs.settings;
  if (!tls) {
    if (showNeedsTls) throw new StartupError("config", "tic.show-needs-tls is true, but tic.tls is false: nobody could see a tunnel");
    return undefined;
  }
  if ((tlsCertificate === undefined) !== (tlsKey === undefined)) {
    throw new StartupError("config", "tic.tls-certificate and tic.tls-key belong together: give both, or neither");
  }
  const paths = {
    certificate: tlsCertificate ?? join(needs.folder, "tic-certificate.pem"),
    key: tlsKey ?? join(needs.folder, "tic-key.pem"),
  };
  const pair = tlsCertificate === undefined ? await ensurePair(paths, needs) : await readPair(paths);
  try {
    return makeTlsContext(pair);
  } catch (error) {
    throw new StartupError("config", `${paths.certificate} and ${paths.key} are no certificate and its key in PEM (${messageOf(error)})`);
  }
}

interface PairPaths {
  readonly certificate: string;
  readonly key: string;
}

/** A half of a pair is of no use, so both are made when either is missing. */
async function ensurePair(paths: PairPaths, { settings, wall, random, log }: TlsNeeds): Promise<CertificatePair> {
  const [certificatePem, keyPem] = await Promise.all([findText(paths.certificate), findText(paths.key)]);
  if (certificatePem !== undefined && keyPem !== undefined) return { certificatePem, keyPem };
  const pair = await makeCertificate(settings.name, wall.nowSec(), random);
  try {
    await mkdir(dirname(paths.key), { recursive: true, mode: 0o700 });
    await writeFile(paths.key, pair.keyPem, { mode: 0o600 });
    await writeFile(paths.certificate, pair.certificatePem, { mode: 0o644 });
  } catch (error) {
    const why = `cannot make ${paths.certificate} (${codeOf(error)})`;
    throw new StartupError("permission", `${why}: set tic.tls-certificate and tic.tls-key, or tic.tls = false`);
  }
  log({ level: "info", event: "tic.certificate.made", path: paths.certificate });
  return pair;
}

async function readPair(paths: PairPaths): Promise<CertificatePair> {
  const read = async (path: string): Promise<string> => {
    const text = await findText(path);
    if (text === undefined) throw new StartupError("config", `${path}: there is no such file (tic.tls-certificate, tic.tls-key)`);
    return text;
  };
  return { certificatePem: await read(paths.certificate), keyPem: await read(paths.key) };
}

async function findText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return undefined;
    throw new StartupError(code === "EACCES" ? "permission" : "config", `${path}: cannot be read (${code})`);
  }
}

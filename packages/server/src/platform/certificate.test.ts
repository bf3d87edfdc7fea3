import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import test from "node:test";
import { wallSec } from "@tombolo/base";
import { makeCertificate } from "./certificate.ts";
import { systemRandom } from "./crypto.ts";

test("a certificate made here reads back as what was asked for, signed by its own key", async () => {
  const { certificatePem, keyPem } = await makeCertificate("tic.example.net", wallSec(1_800_000_000), systemRandom);
  const certificate = new X509Certificate(certificatePem);
  assert.equal(certificate.subject, "CN=tic.example.net");
  assert.equal(certificate.issuer, certificate.subject);
  assert.equal(certificate.subjectAltName, "DNS:tic.example.net");
  assert.equal(certificate.checkHost("tic.example.net"), "tic.example.net");
  assert.equal(certificate.validFromDate.getTime(), (1_800_000_000 - 86_400) * 1000);
  assert.equal(certificate.validToDate.getUTCFullYear(), 2047);
  assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true);
  assert.equal(certificate.verify(certificate.publicKey), true);
  assert.match(certificate.serialNumber, /^[4-7][0-9A-F]{31}$/);
});

test("years from 2050 on are written with their century", async () => {
  const { certificatePem } = await makeCertificate("a", wallSec(2_500_000_000), systemRandom);
  assert.equal(new X509Certificate(certificatePem).validFromDate.getUTCFullYear(), 2049);
  assert.equal(new X509Certificate(certificatePem).validToDate.getUTCFullYear(), 2069);
});

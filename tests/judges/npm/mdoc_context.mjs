// What @owf/mdoc leaves to whoever uses it, over node:crypto: digests, keys, signatures, MACs and certificates.
import {
  createECDH,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  X509Certificate,
} from "node:crypto";

import * as ecdsa from "./ecdsa.mjs";
import { mdoc } from "./packages.mjs";

const { CoseKey } = mdoc;
const DIGESTS = { "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
const RAW_PRIVATE_BYTES = 32;
const RAW_PUBLIC_BYTES = 65;
const DIGEST_ID_BYTES = 4;

// The library hands over raw keys when it verifies and encoded ones when it makes a MAC.
const rawPrivate = (key) => (key.length === RAW_PRIVATE_BYTES ? key : CoseKey.decode(key).privateKey);
const rawPublic = (key) => (key.length === RAW_PUBLIC_BYTES ? key : CoseKey.decode(key).publicKey);

function calculateEphemeralMacKey({ privateKey, publicKey, sessionTranscriptBytes, info }) {
  const own = createECDH("prime256v1");
  own.setPrivateKey(rawPrivate(privateKey));
  const shared = own.computeSecret(rawPublic(publicKey));
  const salt = createHash("sha256").update(sessionTranscriptBytes).digest();
  return CoseKey.create({ keyType: 4, k: new Uint8Array(hkdfSync("sha256", shared, salt, Buffer.from(info), 32)) });
}

const mac = (key, message) => createHmac("sha256", key.privateKey).update(message).digest();

function verifyCertificateChain({ trustedCertificates, x5chain, now = new Date() }) {
  const roots = trustedCertificates.map((der) => new X509Certificate(der));
  const chain = x5chain.map((der) => new X509Certificate(der));
  for (const [place, certificate] of chain.entries()) {
    const issuers = place + 1 < chain.length ? [chain[place + 1]] : roots;
    if (now < certificate.validFromDate || now > certificate.validToDate) {
      throw new Error(`certificate ${place} is not valid at this time`);
    }
    if (!issuers.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) {
      throw new Error(`certificate ${place} is not issued by the next one, or by a root`);
    }
  }
}

function getIssuerNameField({ certificate, field }) {
  const lines = new X509Certificate(certificate).issuer.split("\n").map((line) => line.split("="));
  return lines.filter(([name]) => name === field).map(([, ...value]) => value.join("="));
}

function getCertificateData({ certificate }) {
  const read = new X509Certificate(certificate);
  return {
    issuerName: read.issuer,
    subjectName: read.subject,
    serialNumber: read.serialNumber,
    thumbprint: read.fingerprint256,
    notBefore: read.validFromDate,
    notAfter: read.validToDate,
    pem: read.toString(),
  };
}

// Four bytes become a digestID, which the standard keeps below 2^31 and the library does not.
function random(length) {
  const bytes = new Uint8Array(randomBytes(length));
  if (length === DIGEST_ID_BYTES) {
    bytes[0] &= 0x7f;
  }
  return bytes;
}

export const CONTEXT = {
  crypto: {
    random,
    digest: ({ digestAlgorithm, bytes }) => new Uint8Array(createHash(DIGESTS[digestAlgorithm]).update(bytes).digest()),
    calculateEphemeralMacKey,
  },
  cose: {
    sign1: {
      sign: ({ key, toBeSigned }) => new Uint8Array(ecdsa.sign(key.jwk, toBeSigned)),
      verify: ({ key, sign1 }) => ecdsa.verify(key.jwk, sign1.toBeSigned, sign1.signature),
    },
    mac0: {
      sign: ({ key, toBeAuthenticated }) => new Uint8Array(mac(key, toBeAuthenticated)),
      verify: ({ key, mac0 }) => timingSafeEqual(mac(key, mac0.toBeAuthenticated), mac0.tag),
    },
  },
  x509: {
    getIssuerNameField,
    getPublicKey: ({ certificate }) =>
      CoseKey.fromJwk(new X509Certificate(certificate).publicKey.export({ format: "jwk" })),
    verifyCertificateChain,
    getCertificateData,
  },
};

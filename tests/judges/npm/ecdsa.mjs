// ES256 over node:crypto: raw r || s, keys as JWK. A key is loaded once, however often it is used.
import { createPrivateKey, createPublicKey, sign as signWith, verify as verifyWith } from "node:crypto";

const ENCODING = "ieee-p1363";
const loaded = new Map();

function load(jwk, make) {
  const name = `${jwk.d ?? ""} ${jwk.x}`;
  if (!loaded.has(name)) {
    loaded.set(name, make({ key: { kty: "EC", crv: "P-256", x: jwk.x, y: jwk.y, d: jwk.d }, format: "jwk" }));
  }
  return loaded.get(name);
}

export function sign(jwk, message) {
  return signWith("sha256", message, { key: load(jwk, createPrivateKey), dsaEncoding: ENCODING });
}

export function verify(jwk, message, signature) {
  const { kty, crv, x, y } = jwk;
  return verifyWith("sha256", message, { key: load({ kty, crv, x, y }, createPublicKey), dsaEncoding: ENCODING }, signature);
}

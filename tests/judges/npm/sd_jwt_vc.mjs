// SD-JWT VC as verified, issued and shown by @sd-jwt/sd-jwt-vc.
import { createHash, randomBytes } from "node:crypto";

import * as ecdsa from "./ecdsa.mjs";
import { sdJwtUtils, sdJwtVc, statusList as statusLists } from "./packages.mjs";
import { Refusal } from "./verdicts.mjs";

// SyntaxError: what a corrupted part no longer is, JSON.
export const REFUSALS = [sdJwtUtils.SDJWTException, statusLists.SLException, SyntaxError];

const COMMON = {
  hasher: (data) => createHash("sha256").update(data).digest(),
  hashAlg: "sha-256",
  saltGenerator: (length) => randomBytes(length).toString("base64url"),
};

const signer = (jwk) => (data) => ecdsa.sign(jwk, Buffer.from(data)).toString("base64url");
const verifier = (jwk) => (data, signature) => ecdsa.verify(jwk, Buffer.from(data), Buffer.from(signature, "base64url"));

// issuer: public key; statusList: the token to take for the credential's status list; now: seconds.
// withoutStatus: the status is not looked at, for comparison with others that do not.
function verifying({ token, issuer, nonce, now, statusList, withoutStatus, required }) {
  const instance = new sdJwtVc.SDJwtVcInstance({
    ...COMMON,
    verifier: verifier(issuer),
    kbVerifier: (data, signature, payload) => verifier(payload.cnf.jwk)(data, signature),
    statusListFetcher: async () => statusList,
  });
  if (withoutStatus) {
    instance.verifyStatus = async () => {};
  }
  const options = { currentDate: now, keyBindingNonce: nonce, requiredClaimKeys: required };
  return () => instance.verify(token, options);
}

async function verify(parameters) {
  const { payload, header, kb } = await verifying(parameters)();
  return { payload, header, binding: kb?.payload };
}

function issuing({ claims, hidden, issuer, header, decoys }) {
  const instance = new sdJwtVc.SDJwtVcInstance({ ...COMMON, signer: signer(issuer), signAlg: "ES256" });
  return () => instance.issue(claims, { ...hidden, _sd_decoy: decoys }, { header });
}

async function present({ token, shown, holder, nonce, audience, now }) {
  const instance = new sdJwtVc.SDJwtVcInstance({ ...COMMON, kbSigner: signer(holder), kbSignAlg: "ES256" });
  return instance.present(token, shown, { kb: { payload: { iat: now, aud: audience, nonce } } });
}

// The document under a type's name, as the library takes it when it fetches one.
function readTypeMetadata({ document }) {
  const read = sdJwtVc.TypeMetadataFormatSchema.safeParse(JSON.parse(document));
  if (!read.success) {
    throw new Refusal(read.error.issues.map(({ path, message }) => `${path.join("/")}: ${message}`).join("; "));
  }
  return read.data;
}

export const VERBS = {
  sd_jwt_vc_type_metadata: readTypeMetadata,
  sd_jwt_vc_verify: verify,
  sd_jwt_vc_issue: (parameters) => issuing(parameters)(),
  sd_jwt_vc_present: present,
};
export const PREPARED = { sd_jwt_vc_verify: verifying, sd_jwt_vc_issue: issuing };

// ISO mdocs as verified, issued and shown by @owf/mdoc.
import { CONTEXT } from "./mdoc_context.mjs";
import { mdoc } from "./packages.mjs";
import { Refusal } from "./verdicts.mjs";

const { CoseKey, DataItem, DeviceKey, Header, IssuerAuth, SignatureAlgorithm } = mdoc;
const { DeviceRequest, DocRequest, Holder, Issuer, IssuerSigned, ItemsRequest, SessionTranscript, Verifier } = mdoc;
const { DeviceAuth, DeviceAuthentication, DeviceMac, DeviceResponse, DeviceSigned, Document } = mdoc;

export const REFUSALS = [mdoc.MdlError, mdoc.CoseInvalidSignatureError];

const HMAC_256 = 5;

const octets = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const instant = (seconds) => new Date(seconds * 1000);
const ownKey = (jwk) => CoseKey.fromJwk({ ...jwk, alg: "ES256" });

// Collects what the library checks; a check that failed refuses the whole.
class Checks {
  constructor() {
    this.all = [];
    this.note = (check) => this.all.push(check);
  }

  demand() {
    const failed = this.all.filter(({ status }) => status === "FAILED");
    if (failed.length > 0) {
      throw new Refusal(failed.map(({ check }) => check).join("; "));
    }
    return this.all.filter(({ status }) => status === "PASSED").length;
  }
}

function spelled(value) {
  if (value instanceof Uint8Array) {
    return { hex: hex(value) };
  }
  if (value instanceof Map) {
    return [...value].map(([key, inner]) => [key, spelled(inner)]);
  }
  return Array.isArray(value) ? value.map(spelled) : value;
}

function elementsOf(issuerSigned) {
  const namespaces = [...issuerSigned.issuerNamespaces.issuerNamespaces.keys()];
  const values = (namespace) => Object.entries(issuerSigned.getPrettyClaims(namespace));
  return Object.fromEntries(
    namespaces.map((namespace) => [
      namespace,
      Object.fromEntries(values(namespace).map(([element, value]) => [element, spelled(value)])),
    ]),
  );
}

async function verifyIssuerSigned({ issuerSigned, root, now }) {
  const checks = new Checks();
  const read = IssuerSigned.decode(octets(issuerSigned));
  await Holder.verifyIssuerSigned(
    { issuerSigned: read, trustedCertificates: [octets(root)], now: instant(now), verificationCallback: checks.note },
    CONTEXT,
  );
  return { checks: checks.demand(), elements: elementsOf(read) };
}

// transcript: the encoded SessionTranscript.
function verifyingResponse({ response, transcript, root, now }) {
  const options = {
    sessionTranscript: SessionTranscript.decode(octets(transcript)),
    trustedCertificates: [octets(root)],
    now: instant(now),
  };
  return async () => {
    const checks = new Checks();
    const deviceResponse = DeviceResponse.decode(octets(response));
    await Verifier.verifyDeviceResponse({ ...options, deviceResponse, onCheck: checks.note }, CONTEXT);
    return { checks: checks.demand(), elements: deviceResponse.documents.map((shown) => elementsOf(shown.issuerSigned)) };
  };
}

// The library issues no status: its MSO gets this one, and is signed again by the library.
async function withStatus(issued, status, signer) {
  const { payload, protectedHeaders, unprotectedHeaders } = issued.issuerAuth;
  const mso = mdoc.cborDecode(payload, { unwrapTopLevelDataItem: false }).data;
  mso.set("status", new Map([["status_list", new Map(Object.entries(status))]]));
  const issuerAuth = await IssuerAuth.create(
    {
      payload: mdoc.cborEncode(DataItem.fromData(mso)),
      protectedHeaders,
      unprotectedHeaders,
      signingKey: ownKey(signer),
      algorithm: SignatureAlgorithm.ES256,
    },
    CONTEXT,
  );
  return IssuerSigned.create({ issuerNamespaces: issued.issuerNamespaces, issuerAuth });
}

// elements: an encoded CBOR map of element names to values.
function issuing({ elements, doctype, signer, chain, device, signed, validUntil, status }) {
  const values = mdoc.cborDecode(octets(elements));
  const deviceKey = DeviceKey.fromJwk(device);
  return async () => {
    const issuer = new Issuer(doctype, CONTEXT).addIssuerNamespace(doctype, values);
    const issued = await issuer.sign({
      signingKey: ownKey(signer),
      algorithm: SignatureAlgorithm.ES256,
      digestAlgorithm: "SHA-256",
      validityInfo: { signed: instant(signed), validFrom: instant(signed), validUntil: instant(validUntil) },
      deviceKeyInfo: { deviceKey },
      certificates: chain.map(octets),
    });
    return (status ? await withStatus(issued, status, signer) : issued).encode();
  };
}

function authenticationOf(document, sessionTranscript) {
  const { deviceNamespaces } = document.deviceSigned;
  const authentication = DeviceAuthentication.create({ sessionTranscript, docType: document.docType, deviceNamespaces });
  return authentication.encode({ asDataItem: true });
}

// The device MAC alone, with the reader's private key. Version 0.6.0 refuses every MAC when it verifies a whole response
// (it compares the algorithm's name with its number), and leaves the empty external_aad out of the MAC_structure.
async function verifyDeviceMac({ response, transcript, reader }) {
  const [document] = DeviceResponse.decode(octets(response)).documents;
  const { deviceMac } = document.deviceSigned.deviceAuth;
  const sessionTranscript = SessionTranscript.decode(octets(transcript));
  deviceMac.externalAad = new Uint8Array();
  deviceMac.detachedPayload = authenticationOf(document, sessionTranscript);
  const publicKey = document.issuerSigned.issuerAuth.mobileSecurityObject.deviceKeyInfo.deviceKey;
  const keys = { publicKey, privateKey: CoseKey.fromJwk(reader) };
  if (!(await deviceMac.verify({ ...keys, sessionTranscript, info: "EMacKey" }, CONTEXT))) {
    throw new Refusal("Device MAC must be valid");
  }
  return true;
}

const asked = (doctype, elements) => {
  const namespaces = { [doctype]: Object.fromEntries(elements.map((element) => [element, false])) };
  const itemsRequest = ItemsRequest.create({ docType: doctype, namespaces });
  return DeviceRequest.create({ docRequests: [DocRequest.create({ itemsRequest })] });
};

async function presented({ issuerSigned, doctype, elements, transcript, holder }) {
  return DeviceResponse.createWithDeviceRequest(
    {
      deviceRequest: asked(doctype, elements),
      sessionTranscript: SessionTranscript.decode(octets(transcript)),
      issuerSigned: [IssuerSigned.decode(octets(issuerSigned))],
      signature: { signingKey: ownKey(holder) },
    },
    CONTEXT,
  );
}

// A device MAC for the reader's public key. Put together here: the library's own way leaves external_aad out.
async function presentedWithMac(parameters) {
  const [shown] = (await presented(parameters)).documents;
  const sessionTranscript = SessionTranscript.decode(octets(parameters.transcript));
  const deviceMac = await DeviceMac.create(
    {
      protectedHeaders: new Map([[Header.Algorithm, HMAC_256]]),
      unprotectedHeaders: new Map(),
      externalAad: new Uint8Array(),
      detachedPayload: authenticationOf(shown, sessionTranscript),
      privateKey: CoseKey.fromJwk(parameters.holder),
      ephemeralKey: CoseKey.fromJwk(parameters.reader),
      sessionTranscript,
    },
    CONTEXT,
  );
  const { deviceNamespaces } = shown.deviceSigned;
  const deviceSigned = DeviceSigned.create({ deviceNamespaces, deviceAuth: DeviceAuth.create({ deviceMac }) });
  const { docType, issuerSigned } = shown;
  return DeviceResponse.createSimple({ documents: [Document.create({ docType, issuerSigned, deviceSigned })] });
}

async function transcript({ clientId, nonce, responseUri, origin, thumbprint }) {
  const jwkThumbprint = thumbprint ? octets(thumbprint) : undefined;
  const made = origin
    ? await SessionTranscript.forOid4VpDcApi({ origin, nonce, jwkThumbprint }, CONTEXT)
    : await SessionTranscript.forOid4Vp({ clientId, nonce, responseUri, jwkThumbprint }, CONTEXT);
  return hex(made.encode());
}

export const VERBS = {
  mdoc_verify_issuer_signed: verifyIssuerSigned,
  mdoc_verify_response: (parameters) => verifyingResponse(parameters)(),
  mdoc_verify_device_mac: verifyDeviceMac,
  mdoc_issue: async (parameters) => hex(await issuing(parameters)()),
  mdoc_present: async (parameters) => hex((await presented(parameters)).encode()),
  mdoc_present_with_mac: async (parameters) => hex((await presentedWithMac(parameters)).encode()),
  mdoc_transcript: transcript,
};
export const PREPARED = { mdoc_verify_response: verifyingResponse, mdoc_issue: issuing };

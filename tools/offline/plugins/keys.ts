import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

const generate = promisify(generateKeyPair);

/** Curves by the name the plugin "tls" gives them, with the name of OpenSSL. */
export const CURVES: Record<string, string> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

export const ALGORITHMS = ["RSA", "ECDSA", "ED25519"];

/** A new private key. */
export async function makeKey(algorithm: string, rsaBits: number, curve: string): Promise<KeyObject> {
  if (algorithm === "RSA") return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
  if (algorithm === "ECDSA") return (await generate("ec", { namedCurve: CURVES[curve]! })).privateKey;
  return (await generate("ed25519")).privateKey;
}

/** Reads a private key in PEM format. */
export function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(
      "the private key cannot be read; expected one in PEM format (PKCS#1, SEC 1 or PKCS#8), not encrypted",
    );
  }
}

/** The name of a key's algorithm as the plugin "tls" writes it. */
export function algorithmOf(key: KeyObject): string {
  return { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" }[key.asymmetricKeyType as string] ?? "unknown";
}

/** A key in every format that a PrivateKey resource has. */
export function formatsOf(key: KeyObject) {
  const type = ({ RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const)[algorithmOf(key) as "RSA"];
  const publicKey = createPublicKey(key);
  const ssh = sshFormats(key);
  return {
    privateKeyPem: key.export({ type, format: "pem" }) as string,
    privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }) as string,
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }) as string,
    privateKeyOpenssh: ssh?.privateKey ?? "",
    publicKeyOpenssh: ssh ? `${ssh.name} ${ssh.publicKey.toString("base64")}\n` : "",
    publicKeyFingerprintMd5: ssh
      ? createHash("md5")
          .update(ssh.publicKey)
          .digest("hex")
          .replace(/..(?!$)/g, "$&:")
      : "",
    publicKeyFingerprintSha256: ssh
      ? `SHA256:${createHash("sha256").update(ssh.publicKey).digest("base64").replace(/=+$/, "")}`
      : "",
  };
}

const SSH_CURVES: Record<string, string> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };

/** OpenSSH's formats (PROTOCOL.key of its sources); it has none for P224. */
function sshFormats(key: KeyObject) {
  if (key.asymmetricKeyDetails?.namedCurve === CURVES.P224) return undefined;
  const jwk = Object.fromEntries(
    Object.entries(key.export({ format: "jwk" })).map(([name, value]) => [
      name,
      Buffer.from(String(value), "base64url"),
    ]),
  );
  const { n, e, d, p, q, qi, x, y } = jwk as Record<string, Buffer>;
  let name: string;
  let publicFields: Buffer[];
  let privateFields: Buffer[];
  if (key.asymmetricKeyType === "rsa") {
    name = "ssh-rsa";
    publicFields = [number(e!), number(n!)];
    privateFields = [number(n!), number(e!), number(d!), number(qi!), number(p!), number(q!)];
  } else if (key.asymmetricKeyType === "ec") {
    const curve = SSH_CURVES[key.export({ format: "jwk" }).crv!]!;
    name = `ecdsa-sha2-${curve}`;
    publicFields = [text(curve), text(Buffer.concat([Buffer.of(4), x!, y!]))];
    privateFields = [...publicFields, number(d!)];
  } else {
    name = "ssh-ed25519";
    publicFields = [text(x!)];
    privateFields = [text(x!), text(Buffer.concat([d!, x!]))];
  }
  const publicKey = Buffer.concat([text(name), ...publicFields]);
  return { name, publicKey, privateKey: sshPrivateKey(name, publicKey, privateFields) };
}

function sshPrivateKey(name: string, publicKey: Buffer, fields: Buffer[]): string {
  const check = createHash("sha256").update(publicKey).digest().subarray(0, 4);
  const body = Buffer.concat([check, check, text(name), ...fields, text("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (body.length % 8)) % 8 }, (_, i) => i + 1));
  const none = text("none");
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    none,
    none,
    text(""),
    Buffer.of(0, 0, 0, 1),
    text(publicKey),
    text(Buffer.concat([body, padding])),
  ]);
  const lines = file
    .toString("base64")
    .match(/.{1,70}/g)!
    .join("\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A whole number above zero: no zeroes in front, except one that keeps the sign bit clear. */
function number(value: Buffer): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  const digits = value.subarray(first);
  return text(digits[0]! & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

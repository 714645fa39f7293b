import { ReadableStream } from "node:stream/web";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";

/**
 * Encryption in the format of age (https://age-encryption.org/v1): the one who writes needs the recipient only, which
 * is public; the one who reads needs the identity. The age program reads these files too.
 */

/** Data that only the holders of one of the recipients' identities can read. */
export async function seal(
  recipients: readonly string[],
  data: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return (await encrypter.encrypt(streamOf(data))) as ReadableStream<Uint8Array>;
}

/** What was sealed. @throws where none of the identities can read it, or it was changed */
export async function unseal(
  identities: readonly string[],
  data: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  return (await decrypter.decrypt(streamOf(data))) as ReadableStream<Uint8Array>;
}

type WebStream = Parameters<Decrypter["decrypt"]>[0] & globalThis.ReadableStream<Uint8Array>;

const streamOf = (data: AsyncIterable<Uint8Array>) => ReadableStream.from(data) as WebStream;

/** A new key: `identity` is the secret, `recipient` what encrypts for it. */
export async function newKey(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** Identities of a key file: its lines without comments, as age-keygen writes them. */
export const identitiesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));

/** Why a text is not a recipient; undefined where it is one. */
export function recipientProblem(text: string): string | undefined {
  try {
    new Encrypter().addRecipient(text);
    return undefined;
  } catch {
    return `${text}: expected the recipient of a key, age1...`;
  }
}

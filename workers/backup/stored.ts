import { createHash } from "node:crypto";
import type { StoredFile } from "./manifest";
import { seal, unseal } from "./seal";
import type { Store } from "./store/store";

/** Ending of encrypted files, as the age program has it. */
const sealedEnding = ".age";

/** Writes data, encrypted for the recipients if there are any; returns what was stored. */
export async function storeFile(
  store: Store,
  name: string,
  data: AsyncIterable<Uint8Array>,
  recipients: readonly string[],
): Promise<StoredFile> {
  const isSealed = recipients.length > 0;
  const stored = isSealed ? `${name}${sealedEnding}` : name;
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await store.write(stored, counted(isSealed ? await seal(recipients, data) : data));
  return { name: stored, bytes, sha256: hash.digest("hex"), isSealed };
}

/**
 * Reads what was stored, decrypted. Ends with an error where it is not what was stored, before its last chunk: what
 * reads it to its end has read the whole.
 * @throws where it is encrypted and none of the identities can read it
 */
export async function loadFile(
  store: Store,
  { name, bytes, sha256, isSealed }: StoredFile,
  identities: readonly string[],
): Promise<AsyncIterable<Uint8Array>> {
  if (isSealed && identities.length === 0)
    throw new Error(`${store.place}/${name} is encrypted: name the file with the key`);
  const raw = await store.read(name);
  const checked = (async function* () {
    const hash = createHash("sha256");
    let seen = 0;
    let last: Uint8Array | undefined;
    for await (const chunk of raw) {
      hash.update(chunk);
      seen += chunk.length;
      if (last) yield last;
      last = chunk;
    }
    if (seen !== bytes || hash.digest("hex") !== sha256)
      throw new Error(`${store.place}/${name} is not what was stored: ${seen} of ${bytes} bytes, or other contents`);
    if (last) yield last;
  })();
  if (!isSealed) return checked;
  return unseal(identities, checked).catch((error: Error) => {
    throw new Error(`${store.place}/${name} could not be decrypted: ${error.message}; is it the right key?`);
  });
}

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
  return {
    ...(await write(store, isSealed ? `${name}${sealedEnding}` : name, isSealed ? await seal(recipients, data) : data)),
    isSealed,
  };
}

/** Copies an encrypted file under another name, as it is. @throws where it is not what was stored */
export async function copyFile(store: Store, file: StoredFile, name: string): Promise<StoredFile> {
  const copy = await write(store, `${name}${sealedEnding}`, await asStored(store, file));
  return { ...copy, isSealed: true };
}

async function write(
  store: Store,
  name: string,
  data: AsyncIterable<Uint8Array>,
): Promise<Omit<StoredFile, "isSealed">> {
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = async function* () {
    for await (const chunk of data) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await store.write(name, counted());
  return { name, bytes, sha256: hash.digest("hex") };
}

/**
 * Reads what was stored, decrypted. Ends with an error where it is not what was stored, before its last chunk: what
 * reads it to its end has read the whole.
 * @throws where it is encrypted and none of the identities can read it
 */
export async function loadFile(
  store: Store,
  file: StoredFile,
  identities: readonly string[],
): Promise<AsyncIterable<Uint8Array>> {
  const { name, isSealed } = file;
  if (isSealed && identities.length === 0)
    throw new Error(`${store.place}/${name} is encrypted: name the file with the key`);
  const checked = await asStored(store, file);
  if (!isSealed) return checked;
  return unseal(identities, checked).catch((error: Error) => {
    throw new Error(`${store.place}/${name} could not be decrypted: ${error.message}; is it the right key?`);
  });
}

/** As it lies there. Ends with an error where it is not what was stored, before its last chunk. */
async function asStored(
  store: Store,
  { name, bytes, sha256 }: StoredFile,
): Promise<AsyncGenerator<Uint8Array, void, void>> {
  const raw = await store.read(name);
  return (async function* () {
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
}

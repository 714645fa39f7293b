/** The little of DER (X.690) that reading a certificate's extensions takes. Pure. */

export interface Element {
  tag: number;
  value: Buffer;
}

/** Elements one after another, as the contents of a SEQUENCE have them. Throws RangeError where the text is cut off. */
export function elementsOf(der: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length;) {
    const tag = der.readUInt8(at++);
    let length = der.readUInt8(at++);
    if (length & 0x80) {
      const bytes = length & 0x7f;
      length = der.readUIntBE(at, bytes);
      at += bytes;
    }
    found.push({ tag, value: der.subarray(at, at + length) });
    at += length;
  }
  return found;
}

const extensionsTag = 0xa3;
const octetStringTag = 0x04;

/** An extension of a certificate by its object identifier (hexadecimal, without tag and length), decoded once. */
export function extensionOf(certificate: Buffer, id: string): Element | undefined {
  const [body] = elementsOf(elementsOf(certificate)[0]!.value);
  const list = elementsOf(body!.value).find(({ tag }) => tag === extensionsTag);
  if (!list) return undefined;
  for (const { value } of elementsOf(elementsOf(list.value)[0]!.value)) {
    const parts = elementsOf(value);
    if (parts[0]!.value.toString("hex") !== id) continue;
    return elementsOf(parts.find(({ tag }) => tag === octetStringTag)!.value)[0];
  }
  return undefined;
}

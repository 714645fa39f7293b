import type { Credential } from "../../config/assets/region";

/**
 * How a context of the nats CLI logs in.
 *
 * @param name what its files are named by
 * @param pathOf where the CLI finds a file
 * @returns fields of the context, and the text of files that it names, which are secret
 */
export function contextLogin(
  name: string,
  known: Pick<Credential, "password" | "byNkey" | "byCallout" | "certificate" | "login">,
  pathOf: (file: string) => string,
): { fields: Record<string, string>; files: Record<string, string> } {
  if (known.byNkey) return { fields: { nkey: pathOf(`${name}.nk`) }, files: { [`${name}.nk`]: known.password } };
  if (known.byCallout === "token") return { fields: { token: known.password }, files: {} };
  if (known.byCallout === "certificate")
    return {
      fields: { cert: pathOf(`${name}.crt`), key: pathOf(`${name}.key`) },
      files: { [`${name}.crt`]: known.certificate!, [`${name}.key`]: known.password },
    };
  return { fields: { user: known.login ?? name, password: known.password }, files: {} };
}

import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { AuthoritySettings } from "../../config/schema/settings";
import type { CertificateNames } from "./certificate-names";
import type { SuppliedParts } from "./supplied-authority";

const key = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const days = (count: number) => count * 24;

/** What signs server certificates. PEM. */
export interface Authority {
  cert: pulumi.Input<string>;
  /** Secret. */
  key: pulumi.Input<string>;
  /** What is trusted, where it is more than its own certificate. */
  trusted?: string;
  /** Certificates that servers show after their own; may be empty. */
  intermediates?: string;
}

/** The generations of an authority that are in use. */
export interface Authorities {
  /** Signs what is issued. */
  signing: Authority;
  /** Certificates of all that are trusted, PEM, one after another. */
  trusted: pulumi.Output<string>;
}

/**
 * The generations that settings ask for; the first one has the plain name.
 *
 * @param protect whether the generation that signs is protected. One that no longer signs, or not yet, is not: it is
 *   removed by settings alone (docs/runbooks/rotate.md)
 * @param supplied generations that were not made here
 */
export function authorities(
  name: string,
  commonName: string,
  { trusted, signing }: AuthoritySettings,
  { protect, supplied = new Map() }: { protect: boolean; supplied?: Map<number, SuppliedParts> },
): Authorities {
  const of = (text: string, between: string, generation: number) =>
    generation === 1 ? text : `${text}${between}${generation}`;
  const made = new Map(
    trusted.map((generation): [number, Authority] => {
      const own = of(name, "-", generation);
      const parts = supplied.get(generation);
      if (parts) return [generation, new SuppliedAuthority(own, parts)];
      const args = { commonName: of(commonName, " ", generation), protect: protect && generation === signing };
      return [generation, new CertificateAuthority(own, args)];
    }),
  );
  return {
    signing: made.get(signing)!,
    trusted: pulumi.all([...made.values()].map(({ trusted: all, cert }) => all ?? cert)).apply((all) => all.join("")),
  };
}

/**
 * A certificate authority of an environment. Its key only signs and is never distributed.
 *
 * `protect` is of its key and certificate, not of the component: resources inherit a component's protection, and the
 * language host built from Go modules (docs/adr/0007) drops the `false` that would exempt one.
 */
export class CertificateAuthority extends pulumi.ComponentResource implements Authority {
  readonly cert: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;

  constructor(name: string, args: { commonName: string; protect: boolean }, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:security:CertificateAuthority", name, {}, opts);
    const own = { parent: this, ...(args.protect && { protect: true }) };
    const privateKey = new tls.PrivateKey(`${name}-key`, key, own);
    const cert = new tls.SelfSignedCert(
      `${name}-cert`,
      {
        privateKeyPem: privateKey.privateKeyPem,
        isCaCertificate: true,
        setSubjectKeyId: true,
        subject: { commonName: args.commonName },
        validityPeriodHours: days(3650),
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
      },
      own,
    );
    this.cert = cert.certPem;
    this.key = privateKey.privateKeyPem;
    this.registerOutputs({ cert: this.cert });
  }
}

/** An authority that was not made here. Nothing of it is a resource; it shows in the state as this component alone. */
class SuppliedAuthority extends pulumi.ComponentResource implements Authority {
  readonly cert: string;
  readonly key: pulumi.Output<string>;
  readonly trusted: string;
  readonly intermediates: string;

  constructor(name: string, parts: SuppliedParts, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:security:SuppliedAuthority", name, {}, opts);
    this.cert = parts.cert;
    this.key = pulumi.secret(parts.key);
    this.trusted = parts.trusted;
    this.intermediates = parts.intermediates;
    this.registerOutputs({ cert: this.cert });
  }
}

/**
 * A key and the certificate a server shows, for a year; any `up` within the last 120 days renews it. For routes and
 * gateways it must be good for dialling too, because both sides verify. None of it is protected: it is replaced when it
 * is renewed, when another authority signs, and when its names change.
 */
export class ServerCertificate extends pulumi.ComponentResource {
  readonly cert: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;

  constructor(
    name: string,
    args: { ca: Authority; commonName: string; names: CertificateNames; dials: boolean },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:security:ServerCertificate", name, {}, opts);
    const uses = ["server_auth", ...(args.dials ? ["client_auth"] : [])];
    ({ cert: this.cert, key: this.key } = issue(name, { ...args, uses }, this));
    this.registerOutputs({ cert: this.cert });
  }
}

/**
 * A key and the certificate by which a user logs in, for a year; renewed as those of servers. The one before stays good
 * until it expires: servers look at its subject, `CN=<login>`.
 */
export class ClientCertificate extends pulumi.ComponentResource {
  readonly cert: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;

  constructor(name: string, args: { ca: Authority; login: string }, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:security:ClientCertificate", name, {}, opts);
    const { ca, login: commonName } = args;
    // No server shows it: it has no names, and is good for dialling only.
    ({ cert: this.cert, key: this.key } = issue(name, { ca, commonName, names: {}, uses: ["client_auth"] }, this));
    this.registerOutputs({ cert: this.cert });
  }
}

interface Issued {
  ca: Authority;
  commonName: string;
  names: Partial<CertificateNames>;
  /** What it is good for, beside signing. */
  uses: string[];
}

function issue(
  name: string,
  { ca, commonName, names, uses }: Issued,
  parent: pulumi.Resource,
): { cert: pulumi.Output<string>; key: pulumi.Output<string> } {
  const own = { parent };
  const privateKey = new tls.PrivateKey(`${name}-key`, key, own);
  const request = new tls.CertRequest(
    `${name}-request`,
    { privateKeyPem: privateKey.privateKeyPem, subject: { commonName }, ...names },
    own,
  );
  const cert = new tls.LocallySignedCert(
    `${name}-cert`,
    {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: ca.key,
      caCertPem: ca.cert,
      setSubjectKeyId: true,
      validityPeriodHours: days(365),
      earlyRenewalHours: days(120),
      allowedUses: ["digital_signature", ...uses],
    },
    own,
  );
  // Those that know only the root need what is between.
  const { intermediates } = ca;
  return {
    cert: intermediates ? pulumi.interpolate`${cert.certPem}${intermediates}` : cert.certPem,
    key: privateKey.privateKeyPem,
  };
}

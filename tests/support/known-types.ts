/** What a provider adds to the inputs of each type that the program may register. Nothing else may be registered. */
export const knownTypes: Record<string, (name: string) => Record<string, unknown>> = {
  "tls:index/privateKey:PrivateKey": (name) => ({ privateKeyPem: `private key of ${name}`, publicKeyPem: `public key of ${name}` }),
  "tls:index/selfSignedCert:SelfSignedCert": (name) => ({ certPem: `certificate of ${name}` }),
  "tls:index/certRequest:CertRequest": (name) => ({ certRequestPem: `request of ${name}` }),
  "tls:index/locallySignedCert:LocallySignedCert": (name) => ({ certPem: `certificate of ${name}` }),
  "random:index/randomPassword:RandomPassword": (name) => ({ result: `password of ${name}` }),
  "pulumi:providers:pulumi-nodejs": () => ({}),
  "pulumi-nodejs:dynamic/nats:Stream": () => ({}),
  "pulumi-nodejs:dynamic/nats:Consumer": () => ({}),
  "pulumi-nodejs:dynamic/local:Server": () => ({ addresses: {}, version: "0.0.0" }),
};

/** Types that are no provider's: the program's own components and the stack itself. */
export const isComponent = (type: string): boolean => type.startsWith("supercluster:") || type === "pulumi:pulumi:Stack";

const suffixes: Record<string, number> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
  Ei: 1024 ** 6,
};

/** The number that a quantity stands for: `500m` is 0.5; undefined where the text is not a quantity. */
export function amountOf(quantity: string): number | undefined {
  const [, amount, suffix] = /^(\d+(?:\.\d+)?(?:[eE]\d+)?)([a-zA-Z]{0,2})$/.exec(quantity) ?? [];
  const unit = suffix === undefined ? undefined : suffixes[suffix];
  return amount && unit ? Number(amount) * unit : undefined;
}

/** Bytes of a quantity as Kubernetes writes it: `100Gi`, `107374182400`, `1e11`. */
export function bytesOf(quantity: string): number {
  const amount = amountOf(quantity);
  if (amount === undefined) throw new RangeError(`${JSON.stringify(quantity)} is not a quantity of bytes`);
  return Math.ceil(amount);
}

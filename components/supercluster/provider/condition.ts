import type { dynamic } from "@pulumi/pulumi";

/**
 * Create and update of a resource that is a condition of a cluster, not an object: both bring it about, from whatever
 * is there.
 */
export const conditionOf = <Inputs>(
  idOf: (inputs: Inputs) => string,
  bringAbout: (inputs: Inputs) => Promise<void>,
) => ({
  async create(inputs: Inputs): Promise<dynamic.CreateResult<Inputs>> {
    await bringAbout(inputs);
    return { id: idOf(inputs), outs: inputs };
  },

  async update(_id: string, _olds: unknown, inputs: Inputs): Promise<dynamic.UpdateResult<Inputs>> {
    await bringAbout(inputs);
    return { outs: inputs };
  },
});

/** What would explain that something is wrong: any of these losses. */
export type Explanation = readonly Loss[];

/** Something that is lost, or would be: a server, all servers of a region, or the way from one region to another. */
export type Loss = string & { readonly kind: "loss" };

export const lossOfServer = (name: string): Loss => `server ${name}` as Loss;
export const lossOfRegion = (name: string): Loss => `region ${name}` as Loss;
export const lossOfGateway = (from: string, to: string): Loss => `gateway ${from} ${to}` as Loss;

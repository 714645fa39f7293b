import type { Limit } from "./part";

/** What is asked for by default (config/schema/kubernetes.ts), and what others allow. */

export const memoryOf = (measure: string): Limit => ({
  measure,
  at: 1_073,
  why: "memory of a pod (2GiB by default) less a memory store of 1GiB",
});

export const idleOf = (measure: string): Limit => ({
  measure,
  at: 50,
  why: "kubernetes.resources.cpu, 500m by default",
});

export const scraped: Limit = {
  measure: "a scrape of them, s",
  at: 10,
  why: "scrape_timeout of Prometheus by default",
};

/** https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
export const objectOf = (measure: string): Limit => ({
  measure,
  at: 1_049,
  why: "data of a Secret or ConfigMap of Kubernetes, 1 MiB",
});

import type { Values } from "./servers";

export interface Image {
  name: string;
  /** Empty: the image has none. */
  tag: string;
  digest?: string;
}

/** Every image in a chart's values, whether written as one text or as repository and tag. */
export function imagesOf(values: Values): Image[] {
  const { container, reloader, promExporter, natsBox, podTemplate } = values;
  const inText = (podTemplate?.merge?.spec?.initContainers ?? []).map(({ image = "" }) => parseImage(image));
  const inParts = [container, reloader, promExporter, natsBox?.container].flatMap((part) =>
    part?.image ? [part.image] : [],
  );
  return [...inParts.map(({ repository = "", tag = "", digest }) => ({ name: repository, tag, digest })), ...inText];
}

/** `registry:5000/name:tag` or `registry:5000/name@digest`. */
export function parseImage(image: string): Image {
  const [named = "", digest] = image.split("@");
  const [, name = named, tag = ""] = /^(.*):([^/]*)$/.exec(named) ?? [];
  return { name, tag, ...(digest && { digest }) };
}

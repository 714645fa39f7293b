/** Takes the named executables out of an archive (.tar.gz or .zip) into `folder`, wherever in it they lie. */
export function unpack(archive: string, names: string[], folder: string): void;

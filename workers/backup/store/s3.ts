import { Readable } from "node:stream";
import { DeleteObjectsCommand, GetObjectCommand, NoSuchKey, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { NoSuchFile, type Store } from "./store";

/** Bytes of each part of an upload; one is sent while the next is filled. S3 takes 10,000: 160 GiB a stream. */
const partSize = 16 * 1024 ** 2;

/** Milliseconds without an answer, or without data, after which a request has failed. */
const connectMs = 10_000;
const silenceMs = 120_000;

/** S3 deletes at most as many at once. */
const mostDeleted = 1_000;

/**
 * Backups in a bucket of S3, or of what speaks its protocol. Credentials, region and endpoint are those of the AWS
 * SDK's environment: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3, a profile, or the role of a pod.
 */
export class S3Store implements Store {
  readonly place: string;
  private readonly client: S3Client;

  constructor(
    private readonly bucket: string,
    private readonly prefix: string,
  ) {
    this.place = `s3://${[bucket, prefix].filter(Boolean).join("/")}`;
    // Others than AWS have no name for each bucket.
    const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
    this.client = new S3Client({
      forcePathStyle: Boolean(AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL),
      maxAttempts: 5,
      requestHandler: { connectionTimeout: connectMs, socketTimeout: silenceMs },
    });
  }

  async write(name: string, data: AsyncIterable<Uint8Array>): Promise<void> {
    const upload = new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key: this.keyOf(name), Body: Readable.from(data, { objectMode: false }) },
      queueSize: 2,
      partSize,
    });
    await upload.done();
  }

  async read(name: string): Promise<AsyncIterable<Uint8Array>> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: this.keyOf(name) }));
      return Body as Readable;
    } catch (error) {
      throw error instanceof NoSuchKey ? new NoSuchFile(this.place, name) : error;
    }
  }

  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    const pages = paginateListObjectsV2({ client: this.client }, { Bucket: this.bucket, Prefix: this.keyOf(prefix) });
    try {
      for await (const { Contents = [] } of pages)
        names.push(...Contents.map(({ Key }) => Key!.slice(this.keyOf("").length)));
    } catch (error) {
      throw new Error(
        `${this.place} could not be listed: ${(error as Error).message}; check the bucket's name, AWS_REGION, ` +
          "AWS_ENDPOINT_URL_S3 and the login",
        { cause: error },
      );
    }
    return names.sort();
  }

  async remove(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += mostDeleted) {
      const Objects = names.slice(at, at + mostDeleted).map((name) => ({ Key: this.keyOf(name) }));
      const { Errors: errors = [] } = await this.client.send(
        new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = errors;
      if (first) throw new Error(`${this.place}: ${first.Key} could not be deleted: ${first.Message}`);
    }
  }

  private keyOf(name: string): string {
    return this.prefix ? `${this.prefix}/${name}` : name;
  }
}

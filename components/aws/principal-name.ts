/** Account and name of an IAM principal's ARN, as part of a resource's name: `123456789012-role-deploy`. */
export const principalName = (arn: string): string =>
  arn
    .split(":")
    .slice(4)
    .join("-")
    .replace(/[^\w]+/g, "-");

/** AMI type of an instance type: ARM where the family has a `g` after its number (m7g, c7gn, im4gn). */
export const amiType = (instanceType: string): string =>
  /^[a-z]+\d+g/.test(instanceType) ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";

// The refusal of a library that lists what failed.
export class Refusal extends Error {}

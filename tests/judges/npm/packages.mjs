// The judges' packages, from the folder that the set-up made; EID_JUDGES_PACKAGES names it.
import { createRequire } from "node:module";
import { join } from "node:path";

const fromSetUp = createRequire(join(process.env.EID_JUDGES_PACKAGES, "package.json"));

export const sdJwtVc = fromSetUp("@sd-jwt/sd-jwt-vc");
export const sdJwtUtils = fromSetUp("@sd-jwt/utils");
export const statusList = fromSetUp("@sd-jwt/jwt-status-list");
export const mdoc = fromSetUp("@owf/mdoc");

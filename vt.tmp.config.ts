import base from "/work/main/vitest.config.ts";
const c: any = base; c.root = "/work/main"; c.test.globalSetup = []; export default c;

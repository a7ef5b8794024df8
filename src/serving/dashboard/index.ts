export { type DashboardApp, dashboardApp } from "./app.ts";
export type { DashboardOptions } from "./dashboard.ts";
export { pageFolder } from "./page.ts";
export { openRunsFolder, type RunsFolder } from "./runs/find.ts";
export { linkWith, newToken } from "./session.ts";

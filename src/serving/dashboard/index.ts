export { type DashboardOptions, dashboardApp } from "./app.ts";
export { pageFolder } from "./page.ts";
export { openRunsFolder, type RunsFolder } from "./runs/find.ts";

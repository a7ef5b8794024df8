import { render } from "preact";
import { App } from "./app.tsx";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/tables.css";
import "./styles/pictures.css";
import "./styles/charts.css";

const root = document.getElementById("app");
if (root) render(<App />, root);

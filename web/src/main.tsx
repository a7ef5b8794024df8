import { render } from "preact";
import { App } from "./app.tsx";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/controls.css";
import "./styles/dialogs.css";
import "./styles/tables.css";
import "./styles/analysis.css";
import "./styles/pictures.css";
import "./styles/try.css";
import "./styles/forms.css";
import "./styles/charts.css";

const root = document.getElementById("app");
if (root) render(<App />, root);

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Start } from "./routes/Start";
import "./ui/base.css";

const place = document.getElementById("app");
if (!place) throw new Error("index.html has no #app");
createRoot(place).render(
  <StrictMode>
    <Start origin={window.location.origin} />
  </StrictMode>,
);

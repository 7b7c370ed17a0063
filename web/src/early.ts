import { askForMe } from "./app/me";
import { askForFirst } from "./traces/first";

/**
 * Imported before everything else: what the first page needs is asked for while the browser still reads the rest of the
 * app, and is there when the page is drawn.
 */
const { pathname, search } = window.location;
const [, place, project, page, item] = pathname.split("/");
const me = place === "p" || pathname === "/" ? askForMe() : undefined;
if (me && project && page === "traces" && !item && search === "") askForFirst(me, decodeURIComponent(project));

import { configure } from "arktype/config";

/** The executable forbids generating code from text; without this arktype tries it first. Imported before arktype, always. */
configure({ jitless: true });

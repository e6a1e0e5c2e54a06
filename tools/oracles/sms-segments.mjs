// Texts in, parts out, as npm sms-segments-calculator counts them. It never cuts a grapheme in
// two, which no network promises; byCharacter is its own packing with single characters.
import { readFileSync } from "node:fs";
import calculator from "sms-segments-calculator";

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => {
  const m = new calculator.SegmentedMessage(text);
  const characters = [...text];
  const encoded = m._encodeChars(characters);
  return {
    encoding: m.getEncodingName(),
    parts: m.segmentsCount,
    byCharacter: m._buildSegments(encoded).length,
    units: m._countCodeUnits(encoded),
    joined: m.graphemes.length !== characters.length,
  };
})));

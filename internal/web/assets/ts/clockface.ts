// Times as the page's language says them, in the clinic's zone.

export type Words = Record<string, string> & { periods: [number, string][] };

export function clockface(words: Words, zone: string) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return (at: number) => {
    const [hour, minute] = parts.format(at).split(":");
    const h = Number(hour);
    const pattern = words.periods.filter(p => h >= p[0]).at(-1)![1];
    return pattern.replace("{t}", `${h % 12 || 12}:${minute}`);
  };
}

export const fill = (text: string, values: Record<string, string>) => text.replace(/\{(\w+)\}/g, (all, k) => values[k] ?? all);

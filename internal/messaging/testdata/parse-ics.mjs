// Reads [{name, ics}] from standard input, parses each file with two independent readers and
// prints what they saw. A file that a reader refuses is reported, not thrown.
import ICAL from 'ical.js';
import ical from 'node-ical';
import { readFileSync } from 'node:fs';

function withIcalJs(ics) {
  const root = new ICAL.Component(ICAL.parse(ics));
  for (const zone of root.getAllSubcomponents('vtimezone')) {
    ICAL.TimezoneService.reset();
    ICAL.TimezoneService.register(new ICAL.Timezone(zone), zone.getFirstPropertyValue('tzid'));
  }
  const events = root.getAllSubcomponents('vevent');
  const event = events[0];
  const instant = (name) => event.getFirstPropertyValue(name).toUnixTime();
  const value = (name) => { const v = event.getFirstPropertyValue(name); return v === null ? '' : String(v); };
  const person = (name) => {
    const p = event.getFirstProperty(name);
    return p ? { name: p.getParameter('cn') ?? '', address: p.getFirstValue(), rsvp: p.getParameter('rsvp') ?? '' } : null;
  };
  const tzid = event.getFirstProperty('dtstart').getParameter('tzid') ?? '';
  const properties = (c) => c.getAllProperties().map((p) => p.name);
  return {
    events: events.length, components: root.getAllSubcomponents().map((c) => c.name),
    calendarProperties: properties(root), eventProperties: properties(event),
    method: root.getFirstPropertyValue('method'), uid: value('uid'), sequence: Number(value('sequence')), status: value('status'),
    start: instant('dtstart'), end: instant('dtend'), stamp: instant('dtstamp'), tzid,
    summary: value('summary'), location: value('location'), description: value('description'), url: value('url'),
    organizer: person('organizer'), attendee: person('attendee'), class: value('class'), transp: value('transp'),
  };
}

function withNodeIcal(ics) {
  const all = Object.values(ical.sync.parseICS(ics));
  const events = all.filter((c) => c.type === 'VEVENT');
  const e = events[0];
  const plain = (v) => (v && typeof v === 'object' && 'val' in v ? v.val : v ?? '');
  const person = (v) => (typeof v === 'string' ? { name: '', address: v, rsvp: '' } : v ? { name: v.params.CN ?? '', address: v.val, rsvp: String(v.params.RSVP ?? '') } : null);
  return {
    events: events.length, method: e.method ?? '', uid: e.uid, sequence: Number(e.sequence), status: e.status,
    start: e.start.getTime() / 1000, end: e.end.getTime() / 1000, stamp: e.dtstamp.getTime() / 1000, tzid: e.start.tz ?? '',
    summary: plain(e.summary), location: plain(e.location), description: plain(e.description), url: plain(e.url),
    organizer: person(e.organizer), attendee: person(e.attendee), class: e.class, transp: e.transparency,
  };
}

const out = JSON.parse(readFileSync(0, 'utf8')).map(({ name, ics }) => {
  const seen = { name };
  for (const [reader, parse] of [['icaljs', withIcalJs], ['nodeical', withNodeIcal]]) {
    try { seen[reader] = parse(ics); } catch (e) { seen[reader] = { error: String(e.stack ?? e) }; }
  }
  return seen;
});
process.stdout.write(JSON.stringify(out));

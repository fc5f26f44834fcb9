// What was heard, as lists and words. Pure.

import { short } from "./results.js";
import { duration, fixed } from "./words.js";

/** Events that are kept. */
const MOST = 500;
/** Something that began longer ago and never ended is not heard any more: its stage forgot it. */
const LONGEST_MS = 600000;
/** So long after an alert was raised somebody must look. */
const CALLS_MS = 300000;

/** Takes new events into the list, newest first; the end of an event takes the place of its beginning. */
export function merged(list, told) {
  const fresh = told.map(eventOf).filter(Boolean);
  const ids = new Set(fresh.map(({ key }) => key));
  return [...fresh, ...list.filter(({ key }) => !ids.has(key))].sort((a, b) => b.start - a.start).slice(0, MOST);
}

function eventOf({ stream, source, id, sound, score, start_at: start, end_at: end }) {
  const [from, to] = [Date.parse(start), end === undefined ? null : Date.parse(end)];
  if (!Number.isFinite(from) || (to !== null && !Number.isFinite(to))) return null;
  const of = { stream: `${stream}`, source: `${source}`, sound: short(sound, 40) };
  return { ...of, stage: of.stream.split("/")[0], key: `${stream} ${id}`, score: Number(score), start: from, end: to };
}

/** Whether it is heard now, at `now` in ms since 1970; one whose stage does not run is heard by nobody. */
export function isHeard({ end, start, stage }, now, status) {
  return end === null && now - start < LONGEST_MS && (status?.nodes[stage]?.state ?? "running") === "running";
}

/** `baby_cry 0.91, for 4 s` or `baby_cry 0.91, 12 s ago`. */
export function eventWords(event, now, status) {
  const isNow = isHeard(event, now, status);
  const since = duration(Math.max(0, now - (isNow ? event.start : (event.end ?? event.start))) / 1000);
  return `${event.sound} ${fixed(event.score, 2)}, ${isNow ? `for ${since}` : `${since} ago`}`;
}

/** Alerts that call somebody: raised a short while ago and not muted; newest first. */
export function calling(status, now) {
  const told = status?.alerts;
  const isMuted = (name) => told.alerts?.find((alert) => alert.name === name)?.muted_until !== undefined;
  const calls = (told?.recent ?? []).filter(({ alert, muted, raised_at: at }) => !muted && now - Date.parse(at) < CALLS_MS && !isMuted(alert));
  return calls.filter(({ alert, source }, index) => calls.findIndex((other) => other.alert === alert && other.source === source) === index);
}

/** What the top line says of sound: `{ text, tone, key }`, or null when there is nothing to say. */
export function hearing(status, events, now) {
  const more = (list) => (list.length > 1 ? `, and ${list.length - 1} more` : "");
  const calls = calling(status, now);
  if (calls.length > 0) {
    const [{ alert, message, raised_at: at }] = calls;
    const since = duration(Math.max(0, now - Date.parse(at)) / 1000);
    return { text: `${short(alert, 40)}: ${short(message, 120)}, ${since} ago${more(calls)}`, tone: "bad", key: `call ${calls.map(({ id }) => id)}` };
  }
  const heard = events.filter((event) => isHeard(event, now, status));
  if (heard.length === 0) return null;
  const [{ sound, source, start }] = heard;
  return { text: `${sound} heard at ${source} for ${duration(Math.max(0, now - start) / 1000)}${more(heard)}`, tone: "warn", key: `heard ${heard.map(({ key }) => key)}` };
}

// The view of the alerts: which there are, which were raised, how their deliveries went; mutes one for an hour.

import { h, setText } from "./dom.js";
import { short } from "./results.js";
import { duration } from "./words.js";

const HOUR_MS = 3600000;
const STATES = { delivered: "good", waiting: "busy", failed: "bad" };

export class Alerts {
  constructor(app, element) {
    [this.app, this.element] = [app, element];
    this.answer = h("p", { class: "error", role: "alert" });
    this.body = h("div");
    element.append(h("h1", {}, "Alerts"), this.answer, this.body);
  }

  update() {
    const { app } = this;
    if (this.element.hidden || !app.status) return;
    const told = app.status.alerts;
    const now = app.wall();
    // Ages change with the minute, everything else with what it says.
    const shown = JSON.stringify([told, Math.floor(now / 10000)]);
    if (shown === this.shown) return;
    this.shown = shown;
    const focused = document.activeElement?.dataset.key;
    this.body.replaceChildren(...(told ? this.#parts(told, now) : [empty()]));
    if (focused) this.body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #parts({ alerts, destinations, recent }, now) {
    const ago = (time) => `${duration(Math.max(0, now - Date.parse(time)) / 1000)} ago`;
    const rules = alerts.map((alert) => {
      const muted = alert.muted_until;
      const until = muted === "forever" ? "muted" : muted && `muted until ${new Date(muted).toLocaleTimeString([], { hour12: false, hour: "2-digit", minute: "2-digit" })}`;
      const mute = (ms) => () => this.#mute(alert.name, ms);
      const button = h("button", { type: "button", "data-key": alert.name, onclick: mute(muted ? 0 : HOUR_MS) }, muted ? "Unmute" : "Mute for an hour");
      return h("li", {}, h("div", {}, h("strong", {}, short(alert.name, 60)), " ", h("span", { class: "quiet" }, short(alert.when, 200)), h("p", { class: "quiet" }, [alert.raised_at ? `raised ${ago(alert.raised_at)}` : "not raised yet", until].filter(Boolean).join(", "))), button);
    });
    const places = destinations.filter(({ waiting, error }) => waiting > 0 || error).map(({ name, waiting, error }) =>
      h("li", {}, h("span", {}, h("i", { class: "shape", "data-tone": error ? "warn" : "busy" }), ` ${short(name, 80)}: ${waiting} waiting`, error ? h("span", { class: "error" }, `, ${short(error, 200)}`) : null)),
    );
    const raised = recent.map(({ message, alert, raised_at: at, muted, deliveries }) =>
      h("tr", {}, h("td", { title: new Date(at).toLocaleString() }, ago(at)), h("th", { scope: "row" }, short(message, 160), h("p", { class: "quiet" }, short(alert, 60), muted ? ", muted: sent nowhere" : "")), h("td", {}, ...deliveries.map(deliveryOf))),
    );
    const part = (title, ...content) => h("section", {}, h("h2", {}, title), ...content);
    return [
      h("ul", { class: "rules" }, ...rules),
      places.length > 0 ? part("Not delivered yet", h("ul", { class: "rules" }, ...places)) : "",
      part("Raised", raised.length > 0 ? h("table", { class: "raised" }, h("tbody", {}, ...raised)) : h("p", { class: "quiet" }, "Nothing was raised.")),
    ];
  }

  async #mute(name, ms) {
    const { error } = await this.app.act(`api/alerts/${encodeURIComponent(name)}/mute`, { for_ms: ms });
    setText(this.answer, error ?? "");
    if (!error) this.app.say(ms > 0 ? `${name} is muted for an hour.` : `${name} is not muted any more.`);
  }
}

function deliveryOf({ destination, state, attempts, error }) {
  const words = [`${short(destination, 80)}: ${state}`, attempts > 1 ? `attempt ${attempts}` : null].filter(Boolean).join(", ");
  return h("p", { class: "delivery", title: error ? short(error, 200) : null }, h("i", { class: "shape", "data-tone": STATES[state] ?? "idle" }), ` ${words}`);
}

function empty() {
  return h("div", {}, h("p", {}, "This pipeline raises none. Write one into its file and start it again:"), h("pre", {}, "alerts:\n  baby:\n    when: cry finds baby_cry\n    send: [ntfy:my-baby]\n"));
}

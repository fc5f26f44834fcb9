// One node in full, in a drawer: state, figures, last error, pipelines, settings in force, log, restart.

import { h, setAttribute, setText } from "./dom.js";
import { age, bits, bytes, changed, count, drops, duration, kindOf, percent, rate, stateOf, undrawn, yaml } from "./words.js";

const LOG_EVERY_MS = 2000;

export class NodeDrawer {
  constructor(app, element) {
    this.app = app;
    this.element = element;
    this.name = null;
    this.isAsking = false;
    this.isChoosing = false;
    this.title = h("h2");
    this.kind = h("span", { class: "quiet" });
    this.shape = h("i", { class: "shape" });
    this.state = h("span");
    this.error = h("p", { class: "error" });
    this.hint = h("p", { class: "hint" });
    this.trouble = h("section", { class: "trouble", hidden: true }, h("h3", {}, "Last error"), this.error, this.hint);
    this.restart = h("button", { type: "button", class: "main", onclick: () => this.#restart() }, "Restart");
    this.tune = h("a", { class: "tune-link", hidden: true }, "Tune");
    this.pipelines = h("select", { onchange: () => this.#choosePipeline() });
    this.pipeline = h("label", { class: "row pipelines", hidden: true }, "Pipeline", this.pipelines);
    this.answer = h("p", { class: "answer", role: "status" });
    this.facts = h("dl", { class: "facts" });
    this.wires = h("table", { class: "wire-table" });
    this.settings = h("pre");
    this.log = h("pre", { class: "log", tabindex: "0", "aria-label": "Log" });
    const close = h("button", { type: "button", class: "close", onclick: () => app.closeNode(), title: "Close (Esc)" }, "Close");
    element.append(
      h("header", {}, h("div", {}, this.title, this.kind), close),
      h("div", { class: "body" },
        h("div", { class: "row" }, h("p", { class: "state" }, this.shape, this.state), this.tune, this.restart),
        this.pipeline,
        this.answer,
        this.trouble,
        this.facts,
        h("section", {}, h("h3", {}, "Wires"), this.wires),
        h("section", {}, h("h3", {}, "Settings in force"), this.settings),
        h("section", {}, h("h3", {}, "Log"), this.log),
      ),
    );
    setInterval(() => this.#readLog(), LOG_EVERY_MS);
  }

  show(name) {
    if (name === this.name) return;
    this.name = name;
    this.element.hidden = !name;
    document.body.classList.toggle("with-drawer", Boolean(name));
    if (!name) return;
    for (const part of [this.answer, this.settings, this.log]) setText(part, "");
    this.update();
    this.#read();
    this.element.querySelector(".close").focus({ preventScroll: true });
  }

  async #read() {
    const settings = await this.app.get(`api/settings/${encodeURIComponent(this.name)}`);
    setText(this.settings, settings.error ? settings.error : yaml(settings.answer));
    await this.#readLog();
  }

  async #readLog() {
    const { name } = this;
    if (!name || document.hidden) return;
    const log = await this.app.get(`api/log/${encodeURIComponent(name)}`);
    if (name !== this.name) return;
    const text = log.error ?? (log.answer.lines.join("\n") || "Nothing yet.");
    if (this.log.shownText === text) return;
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    this.log.shownText = text;
    this.log.replaceChildren(...text.split("\n").map((line, index, lines) => logLine(line, lines[index - 1])));
    if (isAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  async #restart() {
    const { name } = this;
    this.isAsking = true;
    this.restart.disabled = true;
    setText(this.answer, "");
    const done = await this.app.act(`api/restart/${encodeURIComponent(name)}`);
    this.isAsking = false;
    if (name === this.name) setText(this.answer, done.error ?? `${name} starts again.`);
  }

  async #choosePipeline() {
    const { name } = this;
    const pipeline = this.pipelines.value;
    this.isChoosing = true;
    setText(this.answer, "");
    const done = await this.app.act(`api/pipeline/${encodeURIComponent(name)}`, { pipeline });
    this.isChoosing = false;
    if (name !== this.name) return;
    setText(this.answer, done.error ?? `${name} takes over ${pipeline}.`);
    await this.#read();
  }

  /** The settings that a stage can change to, and the one in force, unless somebody is choosing just now. */
  #showPipelines(pipelines, mayAct) {
    this.pipeline.hidden = !pipelines;
    if (!pipelines || this.isChoosing) return;
    const key = JSON.stringify([this.name, pipelines.names]);
    if (this.pipelines.shown !== key) {
      this.pipelines.shown = key;
      this.pipelines.replaceChildren(...pipelines.names.map((name, number) => h("option", { value: name }, `${number}  ${name}`)));
    }
    this.pipelines.value = pipelines.names[pipelines.active];
    this.pipelines.disabled = !mayAct;
  }

  update() {
    const { app, name } = this;
    if (!name || !app.status) return;
    const node = app.status.nodes[name];
    setText(this.title, name);
    this.tune.hidden = node?.kind !== "colored_target";
    setAttribute(this.tune, "href", `#/tune/${encodeURIComponent(name)}`);
    if (!node) {
      setText(this.state, "not in this pipeline");
      setAttribute(this.shape, "data-tone", "idle");
      return;
    }
    const mayAct = app.hello?.may_act !== false || app.hello.has_password;
    this.restart.disabled = this.isAsking || !mayAct;
    setAttribute(this.restart, "title", mayAct ? null : "From another machine one can only look: this page has no password.");
    this.#showPipelines(node.pipelines, mayAct);
    const { word, tone } = stateOf(node);
    setText(this.kind, `${kindOf(node, app.settingsOf(name))}, ${node.role}`);
    setText(this.state, `${word} for ${duration((node.state_seconds ?? 0) + app.statusAge())}`);
    setAttribute(this.shape, "data-tone", tone);
    setAttribute(this.element, "data-tone", tone);
    this.trouble.hidden = !node.error;
    setText(this.error, node.error ?? "");
    this.error.classList.toggle("lines", Boolean(node.error?.includes("\n")));
    this.hint.hidden = !node.hint;
    setText(this.hint, node.hint ?? "");
    facts(this.facts, [
      ["Restarts", `${node.restarts}`],
      ["CPU", percent(node.cpu).join(" ")],
      ["Memory", bytes(node.memory_bytes).join(" ")],
      ["Process", node.pid ? `${node.pid}` : "none"],
      ...(changed(node) ? [["Changed", changed(node)]] : []),
      ...this.#written(),
    ]);
    this.#showWires();
  }

  /** What a recorder writes, and what it missed. */
  #written() {
    const written = this.app.writtenBy(this.name);
    if (!written) return [];
    const wires = this.app.status.edges.filter(({ to }) => to === this.name);
    const missed = wires.flatMap(({ dropped }) => drops(dropped)).reduce((sum, { frames }) => sum + frames, 0);
    return [
      ["Writes", written.file ?? "nothing yet"],
      [written.files > 1 ? `Its ${written.files} files` : "Its size", bytes(written.bytes).join(" ")],
      ["All recordings here", bytes(written.all_bytes).join(" ")],
      ["Room left", bytes(written.free_bytes).join(" ")],
      ["Missed", count(missed, "frame")],
    ];
  }

  #showWires() {
    const { app, name } = this;
    const rows = [];
    for (const edge of app.status.edges.filter(({ to }) => to === name)) {
      const lost = drops(edge.dropped).map(({ frames, words }) => `${frames} ${words}`);
      rows.push(["reads", edge.from, rate(edge.fps), age(edge.age_ms?.p50), lost.join(", ")]);
    }
    for (const [stream, of] of Object.entries(app.status.streams)) {
      if (stream.split("/")[0] !== name) continue;
      const more = [undrawn(of.carries), of.shape, of.bits_per_second > 0 ? bits(of.bits_per_second).join(" ") : null, count(of.readers ?? 0, "reader")];
      rows.push(["makes", stream, rate(of.fps), age(of.age_ms?.p50), more.filter(Boolean).join(", ")]);
    }
    const key = JSON.stringify(rows);
    if (this.wires.shown === key) return;
    this.wires.shown = key;
    const cell = ([value, unit]) => h("td", { class: "number" }, value, h("span", { class: "unit" }, unit));
    this.wires.replaceChildren(
      ...rows.flatMap(([verb, stream, fps, old, more]) => [
        h("tr", {}, h("td", { class: "quiet" }, verb), h("th", { scope: "row" }, stream), cell(fps), cell(old)),
        more ? h("tr", { class: "more" }, h("td"), h("td", { class: "quiet", colspan: "3" }, more)) : null,
      ].filter(Boolean)),
    );
  }
}

/** When a line was written, and its level. */
const STAMP = /^(?:\d{4}-\d\d-\d\d[ T])?(\d\d:\d\d:\d\d\.\d+)\S*\s+[A-Z]+ /;

/** One line, without the day and the time zone: these show on hover. What was written with the line before, as the lines of a
 * traceback, has no time of its own. */
function logLine(line, before = "") {
  const level = /\b(ERROR|WARN)\b/.exec(line)?.[1];
  const stamp = STAMP.exec(line)?.[0];
  const isOneWithBefore = stamp !== undefined && STAMP.exec(before)?.[0] === stamp;
  const short = isOneWithBefore ? `    ${line.slice(stamp.length)}` : line.replace(/^\d{4}-\d\d-\d\d[ T](\d\d:\d\d:\d\d\.\d+)\S*/, "$1");
  return h("span", { class: level ? level.toLowerCase() : null, title: short === line ? null : line }, `${short}\n`);
}

function facts(list, pairs) {
  while (list.children.length > pairs.length) list.lastChild.remove();
  pairs.forEach(([name, value], index) => {
    if (!list.children[index]) list.append(h("div", {}, h("dt"), h("dd")));
    const [term, description] = list.children[index].children;
    setText(term, name);
    setText(description, value);
  });
}

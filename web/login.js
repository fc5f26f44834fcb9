// The password, for those who act from another machine: loaded when it is asked for.

import { h, setText } from "./dom.js";

/** Asks for the password until it is right or the person gives up; returns whether it was right. */
export function askPassword(app) {
  const dialog = document.getElementById("login");
  const field = h("input", { type: "password", autocomplete: "current-password", required: true, "aria-label": "Password" });
  const wrong = h("p", { class: "error", role: "alert" });
  return new Promise((resolve) => {
    let isRight = false;
    const form = h(
      "form",
      {},
      h("h2", {}, "Password"),
      h("p", { class: "quiet" }, "Everybody here may look. To act from another machine, give the password of this page."),
      field,
      wrong,
      h("div", { class: "actions" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), h("button", { class: "main" }, "Go on")),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = JSON.stringify({ password: field.value });
      const tried = await app.get("api/login", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      isRight = !tried.error;
      if (isRight) return dialog.close();
      setText(wrong, `${tried.error[0].toUpperCase()}${tried.error.slice(1)}.`);
      return field.select();
    });
    dialog.replaceChildren(form);
    dialog.onclose = () => resolve(isRight);
    dialog.showModal();
  });
}

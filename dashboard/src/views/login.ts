// Logging in; the session is a cookie that scripts cannot read.
import type { Context, View } from "../context";
import { h, hide, text } from "../dom";
import { words } from "../format";

/** `next`: where to go then, as an address within the page. */
export function login(context: Context, next: string): View {
  const user = h("input", { name: "user", autocomplete: "username", required: "", autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: "" });
  const fault = h("p", { class: "bad", role: "alert", hidden: "" });
  const button = h("button", { class: "main" }, words.signIn.go);
  const form = h("form", { class: "login" }, h("h2", {}, words.signIn.title),
    h("label", {}, words.signIn.user, user), h("label", {}, words.signIn.password, password), fault, button,
    h("p", { class: "note" }, words.signIn.first));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void enter();
  });

  async function enter(): Promise<void> {
    button.disabled = true;
    const why = await context.session.login(user.value, password.value);
    button.disabled = false;
    password.value = "";
    hide(fault, !why);
    if (why) {
      text(fault, words.signIn[why]);
      password.focus();
      return;
    }
    context.feed.connect();
    location.replace(next);
  }

  return { element: form, update: () => undefined };
}
